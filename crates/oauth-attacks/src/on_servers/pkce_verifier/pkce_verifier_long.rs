//! The verifier is longer than 128 characters, or a mebibyte. A server that hashes whatever it is given lets everybody
//! choose how much work it does for them, and one that bounds it later than that breaks down.

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::dice::fresh;
use crate::judge::{Finding, VERIFIER};
use crate::target::Registration;
use crate::verdict::{Level, Verdict};

/// `as-pkce-verifier-long`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-pkce-verifier-long",
        name: "Verifier that is too long",
        story: story!("pkce_verifier_long.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 7636 section 4.1",
        steps: &[
            "Ask for codes with the challenges of verifiers of 129 characters, of 256, and of 1048576.",
            "Redeem each with its verifier.",
        ],
        secure: "The codes are refused, with `invalid_grant` or `invalid_request`, or the request as one that is too large.",
        insecure: "A code is redeemed, or the server breaks down.",
        defence: "Verifiers of more than 128 characters are refused before they are hashed.",
        level: Level::Should,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

/// A mebibyte: more than any token request needs.
const ENORMOUS: usize = 1024 * 1024;

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    for length in [129, 256, ENORMOUS] {
        let verifier: String = fresh().chars().cycle().take(length).collect();
        let grant = bench.authorization(client).verifier(&verifier).grant().await?;
        let answer = bench.redemption(client, &grant).send().await?;
        let what = format!("a verifier of length {length}");
        if answer.status == 413 && !answer.has_tokens() {
            bench.found(Finding::new(Verdict::Stopped, format!("{what} is refused with 413")), Some(&answer));
        } else {
            bench.judge(&answer, VERIFIER, &what);
        }
    }
    Ok(())
}
