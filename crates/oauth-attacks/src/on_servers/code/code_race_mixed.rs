//! While the owner redeems a code, a thief sends it without a verifier and with a wrong one, all at the same moment.
//! Where the outcome of one request's check is stored with the code and read by another, the thief passes on the
//! owner's verifier.

use crate::answer::Answer;
use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::dice::fresh;
use crate::judge::{Finding, VERIFIER, token_refusal};
use crate::race::{Lanes, ROUNDS};
use crate::target::Registration;
use crate::verdict::{Level, Verdict};

/// `as-code-race-mixed`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-code-race-mixed",
        name: "Thief and owner at once",
        story: story!("code_race_mixed.rs"),
        capabilities: &[Capability::A3],
        citation: "RFC 7636 section 4.6, RFC 6749 section 4.1.2",
        steps: &[
            "The attacker opens thirty connections to the token endpoint.",
            "The owner's redemption, one without a verifier and one with a wrong verifier are sent ten times each, all at once.",
        ],
        secure: "One of the owner's requests gets tokens, and nobody else does.",
        insecure: "A request without the right verifier gets tokens.",
        defence: "Each request is checked against its own verifier, and what it passed counts for itself only.",
        level: Level::Must,
        levels: &[],
    },
    on: On::OneClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let lanes = Lanes::open(bench, 3 * OF_EACH).await?;
    for _ in 0..ROUNDS {
        let grant = bench.grant(client).await?;
        let trio = [
            bench.redemption(client, &grant),
            bench.redemption(client, &grant).without_verifier(),
            bench.redemption(client, &grant).verifier(&fresh()),
        ];
        let requests: Vec<_> = trio.iter().cycle().take(3 * OF_EACH).cloned().collect();
        let answers = lanes.race(bench, &requests).await?;
        bench.found(judge(&answers), None);
    }
    Ok(())
}

/// How many requests of each kind arrive at once.
const OF_EACH: usize = 10;

/// Every third answer is the owner's.
fn judge(answers: &[Answer]) -> Finding {
    let (owner, thief): (Vec<_>, Vec<_>) = answers.iter().enumerate().partition(|(number, _)| number % 3 == 0);
    let thief =
        thief.iter().map(|(_, answer)| token_refusal(answer, VERIFIER, "a thief who came with the owner", false));
    let worst = thief.max_by_key(|finding| finding.weight(Level::Must));
    if let Some(finding) = worst.filter(|finding| finding.verdict != Verdict::Stopped) {
        return finding;
    }
    let redeemed = owner.iter().filter(|(_, answer)| answer.has_tokens()).count();
    match redeemed {
        0 => Finding::new(Verdict::Tolerated, "the thief got nothing, but neither did the owner"),
        1 => Finding::new(Verdict::Stopped, "the owner got tokens and the thief got none"),
        _ => Finding::new(Verdict::Vulnerable, "the code was redeemed more than once"),
    }
}
