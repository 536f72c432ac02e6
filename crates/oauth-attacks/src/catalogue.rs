//! Every attack, in order: the table of contents.

use std::fmt::Write as _;

use crate::attack::{ClientAttack, Idea, ServerAttack};
use crate::on_clients as client;
use crate::on_servers as server;

/// The attacks on authorization servers.
pub const SERVER_ATTACKS: &[ServerAttack] = &[
    server::code_intercept_no_verifier::ATTACK,
    server::code_intercept_wrong_verifier::ATTACK,
    server::pkce_verifier_equals_challenge::ATTACK,
    server::pkce_token_method_override::ATTACK,
    server::pkce_plain_accepted::ATTACK,
    server::pkce_method_omitted::ATTACK,
    server::pkce_method_case::ATTACK,
    server::pkce_method_unknown::ATTACK,
    server::pkce_challenge_missing_public::ATTACK,
    server::pkce_challenge_empty::ATTACK,
    server::pkce_challenge_duplicate::ATTACK,
    server::pkce_downgrade_no_challenge::ATTACK,
    server::pkce_burn_then_omit::ATTACK,
    server::pkce_verifier_empty::ATTACK,
    server::pkce_verifier_short::ATTACK,
    server::pkce_verifier_nearmiss::ATTACK,
    server::pkce_verifier_in_query::ATTACK,
    server::pkce_cross_session::ATTACK,
    server::pkce_secret_not_substitute::ATTACK,
    server::pkce_path_parity::ATTACK,
    server::code_replay::ATTACK,
    server::code_replay_invalid_no_revoke::ATTACK,
    server::code_replay_race::ATTACK,
    server::code_race_mixed::ATTACK,
    server::code_other_client::ATTACK,
    server::code_redirect_mismatch::ATTACK,
    server::refresh_replay::ATTACK,
];

/// The attacks on clients.
pub const CLIENT_ATTACKS: &[ClientAttack] = &[
    client::pkce_missing::ATTACK,
    client::pkce_plain::ATTACK,
    client::pkce_method_omitted::ATTACK,
    client::pkce_challenge_malformed::ATTACK,
    client::pkce_verifier_missing::ATTACK,
    client::pkce_verifier_mismatch::ATTACK,
    client::pkce_verifier_abnf::ATTACK,
    client::pkce_verifier_weak::ATTACK,
    client::pkce_challenge_constant::ATTACK,
    client::pkce_fresh_after_error::ATTACK,
    client::pkce_verifier_reuses_state::ATTACK,
    client::pkce_verifier_leaked::ATTACK,
    client::error_pkce_downgrade::ATTACK,
    client::token_pkce_downgrade::ATTACK,
    client::state_mismatch::ATTACK,
    client::state_missing_response::ATTACK,
    client::state_other_browser::ATTACK,
    client::state_replay::ATTACK,
    client::iss_wrong::ATTACK,
    client::iss_missing::ATTACK,
    client::mixup_classic::ATTACK,
    client::code_injection_pkce::ATTACK,
    client::code_injection_nonce::ATTACK,
    client::token_redirect_307::ATTACK,
    client::idt_alg_none::ATTACK,
    client::idt_hs256_pubkey::ATTACK,
    client::idt_nonce_missing::ATTACK,
    client::idt_aud_wrong::ATTACK,
    client::idt_iss_wrong::ATTACK,
    client::idt_exp::ATTACK,
    client::idt_time_types::ATTACK,
];

/// The attack on servers with this id.
pub fn server_attack(id: &str) -> Option<&'static ServerAttack> {
    SERVER_ATTACKS.iter().find(|attack| attack.idea.id == id)
}

/// The attack on clients with this id.
pub fn client_attack(id: &str) -> Option<&'static ClientAttack> {
    CLIENT_ATTACKS.iter().find(|attack| attack.idea.id == id)
}

/// What every attack is about, in the order of the catalogue.
pub fn ideas() -> impl Iterator<Item = &'static Idea> {
    let servers = SERVER_ATTACKS.iter().map(|attack| &attack.idea);
    servers.chain(CLIENT_ATTACKS.iter().map(|attack| &attack.idea))
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
    chapter("On servers", &mut SERVER_ATTACKS.iter().map(|attack| &attack.idea));
    chapter("On clients", &mut CLIENT_ATTACKS.iter().map(|attack| &attack.idea));
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn ids_are_unique_and_name_their_side() {
        let ids: BTreeSet<_> = ideas().map(|idea| idea.id).collect();
        assert_eq!(ids.len(), ideas().count());
        assert!(SERVER_ATTACKS.iter().all(|attack| attack.idea.id.starts_with("as-")));
        assert!(CLIENT_ATTACKS.iter().all(|attack| attack.idea.id.starts_with("rp-")));
    }

    #[test]
    fn every_attack_is_told_whole() {
        for idea in ideas() {
            for text in [idea.story, idea.defence] {
                assert!(text.ends_with('.') && text.len() > 20, "{}: {text}", idea.id);
            }
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
