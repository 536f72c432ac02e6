//! Every attack, in order: the table of contents.

use std::fmt::Write as _;

use crate::attack::{ClientAttack, Idea, ServerAttack};
use crate::left_out::LEFT_OUT;
use crate::on_clients::behind_tls::ABOUT_SIGNATURES;
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

/// Whether an attack finds out whether a client checks the signature of an ID token, and nothing else. Behind TLS that is
/// a SHOULD.
#[doc(hidden)]
pub fn is_about_signatures(id: &str) -> bool {
    ABOUT_SIGNATURES.contains(&id)
}

/// What is said of [`ABOUT_SIGNATURES`] once and for all.
const BEHIND_TLS: &str = "
OpenID Connect Core section 3.1.3.7, item 6, lets a client verify the certificate of the token endpoint in place of the
signature of an ID token that it has from there. An ID token that nothing is wrong with but its signature is therefore
judged by the way on which it came: what a client ought to reject that had it from the token endpoint, over https, from a
server whose certificate it verified, is a SHOULD, of RFC 8725 and of ours. Over plain http, from a server that anybody can
pretend to be, or through a browser it is a MUST, and so it is for responses, UserInfo and logout tokens that are signed.
The attacks concerned have \"SHOULD behind TLS\" with their level; what else they find keeps the level.
";

/// The catalogue as a Markdown document.
pub fn markdown() -> String {
    let mut text = String::from("# The attacks\n");
    // Writing into a string cannot fail.
    let _ = writeln!(
        text,
        "\n{} attacks on authorization servers and {} on clients. The attackers are those of RFC 9700 section 3: A1 runs\n\
         web sites, clients and servers of its own, A2 controls the network, A3 reads authorization responses, A4 reads\n\
         authorization requests, A5 has a token.",
        server_attacks().count(),
        client_attacks().count()
    );
    text.push_str("\n## On servers\n");
    for family in on_servers::FAMILIES {
        chapter(&mut text, (family.title, family.about), family.attacks.iter().map(|attack| &attack.idea));
        for attack in family.attacks {
            let needs: Vec<_> = attack.needs.iter().map(ToString::to_string).collect();
            told(&mut text, &attack.idea, &format!("{}{}", attack.on, listed(&needs)));
        }
    }
    text.push_str("\n## On clients\n");
    text.push_str(BEHIND_TLS);
    for family in on_clients::FAMILIES {
        chapter(&mut text, (family.title, family.about), family.attacks.iter().map(|attack| &attack.idea));
        for attack in family.attacks {
            let needs: Vec<_> = attack.needs.iter().map(|ability| format!("that can {ability}")).collect();
            told(&mut text, &attack.idea, &format!("client{}", listed(&needs)));
        }
    }
    left_out(&mut text);
    text
}

/// The title of a family and a table of its attacks.
fn chapter<'a>(text: &mut String, (title, about): (&str, &str), ideas: impl Iterator<Item = &'a Idea>) {
    let _ = write!(text, "\n### {title}\n\n{about}\n\n| id | attack | what stops it | level |\n|---|---|---|---|\n");
    for idea in ideas {
        let cells = [idea.name, idea.defence].map(|cell| cell.replace('|', "\\|"));
        let _ = writeln!(text, "| `{}` | {} | {} | {} |", idea.id, cells[0], cells[1], idea.level);
    }
}

/// Everything about one attack.
fn told(text: &mut String, idea: &Idea, needs: &str) {
    let _ = write!(text, "\n#### `{}`\n\n{}\n\n", idea.id, idea.story);
    for (number, step) in idea.steps.iter().enumerate() {
        let _ = writeln!(text, "{}. {step}", number + 1);
    }
    let _ = writeln!(text, "\n- Withstood: {}\n- Vulnerable: {}", idea.secure, idea.insecure);
    let levels = idea.levels.iter().map(|(profile, level)| format!("{level} under {profile}"));
    let behind_tls = is_about_signatures(idea.id).then(|| "SHOULD behind TLS".to_owned());
    let levels: Vec<_> = levels.chain(behind_tls).collect();
    let levels = if levels.is_empty() { String::new() } else { format!(" ({})", levels.join(", ")) };
    let attackers: Vec<_> = idea.capabilities.iter().map(ToString::to_string).collect();
    let attackers = if attackers.is_empty() { "nobody".to_owned() } else { attackers.join(", ") };
    let _ = writeln!(text, "- {}, {}{levels}. Attacker: {}. Needs: {needs}.", idea.citation, idea.level, attackers);
}

/// `, with a, b`
fn listed(needs: &[String]) -> String {
    if needs.is_empty() { String::new() } else { format!(", {}", needs.join(", ")) }
}

fn left_out(text: &mut String) {
    if LEFT_OUT.is_empty() {
        return;
    }
    text.push_str("\n## Left out\n\n| id | why |\n|---|---|\n");
    for out in LEFT_OUT {
        let _ = writeln!(text, "| `{}` | {} |", out.id, out.reason.replace('|', "\\|"));
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

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
                assert!(text.ends_with('.') && text.len() > 6, "{}: {text}", idea.id);
            }
            assert!(!idea.steps.is_empty(), "{}", idea.id);
            assert!(idea.citation.contains("section"), "{}", idea.id);
            assert!(!idea.name.is_empty(), "{}", idea.id);
            // What only shows that honest clients get through has no attacker.
            assert!(!idea.story.starts_with("No attack") || idea.capabilities.is_empty(), "{}", idea.id);
        }
    }

    #[test]
    fn every_attack_is_in_the_document() {
        let text = markdown();
        for idea in ideas() {
            let line = text.lines().find(|line| line.starts_with(&format!("| `{}` |", idea.id)));
            let line = line.unwrap_or_else(|| panic!("{} has a line", idea.id));
            assert_eq!(line.replace("\\|", "").matches(" | ").count(), 3, "{line}");
            assert!(text.contains(&format!("#### `{}`", idea.id)));
        }
    }
}
