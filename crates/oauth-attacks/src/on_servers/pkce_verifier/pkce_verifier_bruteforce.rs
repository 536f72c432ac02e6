//! A thief tries one verifier after the other on the same code. Nobody guesses a good one, but not every client makes
//! good ones, and each try that is not counted tells that nobody is looking.

use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::bench::Bench;
use crate::dice::fresh;
use crate::judge::{Finding, GRANT};
use crate::target::Registration;
use crate::verdict::{Level, Verdict};

/// `as-pkce-verifier-bruteforce`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-pkce-verifier-bruteforce",
        name: "Guessing without end",
        story: story!("pkce_verifier_bruteforce.rs"),
        capabilities: &[Capability::A3],
        citation: "RFC 6749 section 10.10, RFC 9700 section 2.1.1",
        steps: &["Redeem the same code with 25 verifiers drawn at random.", "Redeem it with its own verifier."],
        secure: "Before that many wrong verifiers the code is burnt, or guesses are slowed down.",
        insecure: "All guesses are answered alike, and the code still works.",
        defence: "Wrong verifiers are counted, and a code does not survive many of them.",
        level: Level::Should,
        levels: &[],
    },
    on: On::OneClient,
    needs: &[Need::Permission],
    run: |bench, client| Box::pin(run(bench, client)),
};

/// A server that counts with patience, so that a thief does not take the code from its owner, has an end before this.
const GUESSES: usize = 25;

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let grant = bench.grant(client).await?;
    for number in 1..=GUESSES {
        let guess = bench.redemption(client, &grant).verifier(&fresh());
        // The first one tells what the others look like.
        let answer = if number == 1 { guess.send().await? } else { guess.aside().send().await? };
        if answer.status == 429 {
            bench.found(Finding::new(Verdict::Stopped, "guesses are slowed down with 429"), None);
            return Ok(());
        }
        if answer.has_tokens() {
            bench.judge(&answer, GRANT, "a code with a guessed verifier");
            return Ok(());
        }
    }
    let answer = bench.redemption(client, &grant).send().await?;
    bench.judge(&answer, GRANT, &format!("a code after {GUESSES} wrong verifiers"));
    Ok(())
}
