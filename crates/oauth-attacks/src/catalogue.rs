//! Every attack, in order: the table of contents.

use std::fmt::Write as _;

use crate::attack::{ClientAttack, Idea, ServerAttack};
use crate::{on_clients, on_servers};

/// The attacks on authorization servers, in order.
pub fn server_attacks() -> impl Iterator<Item = &'static ServerAttack> {
    on_servers::FAMILIES.iter().flat_map(|family| family.attacks)
}

/// The attacks on clients, in order.
pub fn client_attacks() -> impl Iterator<Item = &'static ClientAttack> {
    on_clients::FAMILIES.iter().flat_map(|family| family.attacks)
}

/// The attack on servers with this id.
pub fn server_attack(id: &str) -> Option<&'static ServerAttack> {
    server_attacks().find(|attack| attack.idea.id == id)
}

/// The attack on clients with this id.
pub fn client_attack(id: &str) -> Option<&'static ClientAttack> {
    client_attacks().find(|attack| attack.idea.id == id)
}

/// The title of the family that the attack with this id belongs to. Empty if there is no such attack.
pub fn family_of(id: &str) -> &'static str {
    let on_servers =
        on_servers::FAMILIES.iter().map(|family| (family.title, family.attacks.iter().any(|a| a.idea.id == id)));
    let on_clients =
        on_clients::FAMILIES.iter().map(|family| (family.title, family.attacks.iter().any(|a| a.idea.id == id)));
    on_servers.chain(on_clients).find(|(_, found)| *found).map_or("", |(title, _)| title)
}

/// What every attack is about, in the order of the catalogue.
pub fn ideas() -> impl Iterator<Item = &'static Idea> {
    server_attacks().map(|attack| &attack.idea).chain(client_attacks().map(|attack| &attack.idea))
}

/// The catalogue as a Markdown document.
pub fn markdown() -> String {
    let mut text = String::from("# The attacks\n");
    let mut chapter = |title: &str, ideas: &mut dyn Iterator<Item = &Idea>| {
        let _ = write!(text, "\n## {title}\n\n");
        text.push_str("| id | name | what it does | what stops it | cited | level | attacker |\n");
        text.push_str("|---|---|---|---|---|---|---|\n");
        for idea in ideas {
            let capabilities: Vec<_> = idea.capabilities.iter().map(ToString::to_string).collect();
            let cells = [
                &format!("`{}`", idea.id),
                idea.name,
                idea.story,
                idea.defence,
                idea.citation,
                &idea.level.to_string(),
                &capabilities.join(", "),
            ];
            let cells: Vec<_> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
            let _ = writeln!(text, "| {} |", cells.join(" | "));
        }
    };
    chapter("On servers", &mut server_attacks().map(|attack| &attack.idea));
    chapter("On clients", &mut client_attacks().map(|attack| &attack.idea));
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::left_out::LEFT_OUT;

    #[test]
    fn ids_are_unique_and_name_their_side() {
        let ids: BTreeSet<_> = ideas().map(|idea| idea.id).collect();
        assert_eq!(ids.len(), ideas().count());
        assert!(server_attacks().all(|attack| attack.idea.id.starts_with("as-")));
        assert!(client_attacks().all(|attack| attack.idea.id.starts_with("rp-")));
    }

    #[test]
    fn every_known_attack_is_here_or_left_out_for_a_reason() {
        let known: BTreeSet<_> = include_str!("../../../fixtures/attacks/ids.txt").lines().collect();
        let here: BTreeSet<_> = ideas().map(|idea| idea.id).collect();
        let out: BTreeSet<_> = LEFT_OUT.iter().map(|out| out.id).collect();
        assert!(LEFT_OUT.iter().all(|out| out.reason.ends_with('.') && out.reason.len() > 20));
        assert_eq!(here.intersection(&out).count(), 0);
        let missing: Vec<_> = known.iter().filter(|id| !here.contains(*id) && !out.contains(*id)).collect();
        assert!(missing.is_empty(), "{} are missing: {missing:?}", missing.len());
        let unknown: Vec<_> = here.union(&out).filter(|id| !known.contains(*id)).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }

    #[test]
    fn every_attack_is_told_whole() {
        for idea in ideas() {
            for text in [idea.story, idea.defence, idea.secure, idea.insecure].iter().chain(idea.steps) {
                assert!(text.ends_with('.') && text.len() > 12, "{}: {text}", idea.id);
            }
            assert!(!idea.steps.is_empty(), "{}", idea.id);
            assert!(idea.citation.contains("section"), "{}", idea.id);
            assert!(!idea.name.is_empty() && !idea.capabilities.is_empty(), "{}", idea.id);
        }
    }

    #[test]
    fn every_attack_has_a_line_of_the_document() {
        let text = markdown();
        for idea in ideas() {
            let line = text.lines().find(|line| line.starts_with(&format!("| `{}` |", idea.id)));
            let line = line.unwrap_or_else(|| panic!("{} has a line", idea.id));
            assert_eq!(line.matches(" | ").count(), 6, "{line}");
        }
    }
}
