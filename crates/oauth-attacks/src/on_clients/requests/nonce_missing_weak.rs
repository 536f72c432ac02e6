//! The client asks for an ID token without a nonce, or with one that can be foretold. An ID token of another login
//! then fits this one, and with it a code that an attacker has slipped in.

use sha2::{Digest as _, Sha256};

use super::guessable::{SAMPLE, guessable};
use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::challenge::s256;
use crate::judge::Finding;
use crate::observe;
use crate::stage::Stage;
use crate::verdict::{Level, Verdict};

/// `rp-nonce-missing-weak`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-nonce-missing-weak",
        name: "No nonce, or one that can be guessed",
        story: story!("nonce_missing_weak.rs"),
        capabilities: &[Capability::A1, Capability::A3],
        citation: "OpenID Connect Core sections 3.1.2.1 and 15.5.2, RFC 9700 section 4.5.3.2",
        steps: &[
            "The client begins 32 logins and asks for ID tokens.",
            "Their nonces are compared with each other and with the time.",
        ],
        secure: "Every request carries a nonce of its own that nobody can foretell.",
        insecure: "There is no nonce, or nonces repeat, hardly differ, or are hashes of the time.",
        defence: "Every request for an ID token carries a nonce of 128 random bits at least.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: true,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = observe::lenient(stage).await?;
    let first = observe::logins(stage, &idp, 1).await?;
    if first.iter().any(|login| !login.asked("scope").split(' ').any(|word| word == "openid")) {
        return Err(Inconclusive::new("the client does not ask for an ID token"));
    }
    if let Some(login) = first.iter().find(|login| login.asked("nonce").is_empty()) {
        let level = if login.challenge().is_ok() { Level::Should } else { Level::Must };
        let because = "an ID token is asked for without a nonce";
        stage.found(Finding::new(Verdict::Vulnerable, because).at(level));
        return Ok(());
    }
    let logins = observe::logins(stage, &idp, SAMPLE).await?;
    let nonces: Vec<_> = logins.iter().map(|login| login.asked("nonce")).collect();
    let weakness = guessable("nonce", &nonces).or_else(|| of_time(&nonces, idp.now()));
    observe::look(stage, &logins, "nothing can be seen that would help to guess nonces", |_| Ok(weakness.clone()))
}

/// How many seconds ago a nonce may have been made.
const RECENT: u64 = 300;

/// Whether the last nonce is a hash of the time in seconds.
fn of_time(nonces: &[&str], now: u64) -> Option<String> {
    let last = nonces.last()?;
    let hashed = |at: u64| {
        let digest = Sha256::digest(at.to_string());
        let hexadecimal: String = digest.iter().map(|octet| format!("{octet:02x}")).collect();
        hexadecimal.eq_ignore_ascii_case(last) || s256(at.to_string().as_str()) == *last
    };
    let recent = now.saturating_sub(RECENT)..=now.saturating_add(1);
    recent.rev().any(hashed).then(|| "the nonce is a hash of the time".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_of_the_time_is_recognised() {
        assert!(of_time(&["x", &s256("1700000000")], 1_700_000_010).is_some());
        assert!(of_time(&[&s256("1600000000")], 1_700_000_010).is_none());
        assert!(of_time(&[], 1_700_000_010).is_none());
    }
}
