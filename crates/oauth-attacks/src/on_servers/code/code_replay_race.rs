//! The same redemption arrives twenty times at the same moment. Where the check that a code is unspent and the
//! spending of it are two steps, several of them pass between the two, and each brings tokens.

use std::collections::BTreeSet;

use crate::answer::Answer;
use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::{Finding, GRANT, token_refusal};
use crate::race::{Lanes, ROUNDS};
use crate::target::Registration;
use crate::verdict::{Level, Verdict};

/// `as-code-replay-race`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-code-replay-race",
        name: "Many redemptions at once",
        story: story!("code_replay_race.rs"),
        capabilities: &[Capability::A3],
        citation: "RFC 6749 section 4.1.2",
        steps: &[
            "The attacker opens twenty connections to the token endpoint.",
            "The same redemption of one code is sent on all of them at once, in five rounds.",
        ],
        secure: "One request gets tokens, and all others are refused with `invalid_grant`.",
        insecure: "Two or more requests get access tokens that differ.",
        defence: "A code is checked and spent in one step that cannot be interleaved.",
        level: Level::Must,
        levels: &[],
    },
    on: On::OneClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let lanes = Lanes::open(bench, RACERS).await?;
    for _ in 0..ROUNDS {
        let grant = bench.grant(client).await?;
        let requests = vec![bench.redemption(client, &grant); RACERS];
        let answers = lanes.race(bench, &requests).await?;
        bench.found(judge(&answers), None);
    }
    Ok(())
}

/// How many requests arrive at once.
const RACERS: usize = 20;

/// Counts access tokens, not answers: one token that is handed out again is still one.
fn judge(answers: &[Answer]) -> Finding {
    let (winners, losers): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.has_tokens());
    let tokens: BTreeSet<_> = winners.iter().filter_map(|answer| answer.member("access_token")).collect();
    if tokens.len() > 1 {
        let because =
            format!("{} redemptions of one code at once brought {} access tokens", answers.len(), tokens.len());
        return Finding::new(Verdict::Vulnerable, because);
    }
    if winners.is_empty() {
        return Finding::new(Verdict::Inconclusive, "none of the redemptions at once brought tokens");
    }
    let refusals = losers.iter().map(|answer| token_refusal(answer, GRANT, "a code that is being redeemed", false));
    let worst = refusals.max_by_key(|finding| finding.weight(Level::Must));
    match worst.filter(|finding| finding.verdict != Verdict::Stopped) {
        Some(finding) => finding,
        None if winners.len() > 1 => {
            Finding::new(Verdict::Tolerated, "the one access token was handed out repeatedly")
        }
        None => {
            Finding::new(Verdict::Stopped, format!("one of {} redemptions at once brought tokens", answers.len()))
        }
    }
}
