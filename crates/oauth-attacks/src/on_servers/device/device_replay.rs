//! An approved device code is as good as an authorization code. Where it is not used up by the poll that brings the
//! tokens, or only after it, whoever else has it gets tokens of their own: at the same moment, or later.

use std::collections::BTreeSet;

use crate::answer::Answer;
use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::bench::Bench;
use crate::device::{Decision, Device, GONE};
use crate::judge::{Finding, token_refusal};
use crate::race::{Lanes, ROUNDS};
use crate::target::Registration;
use crate::target::Role;
use crate::verdict::{Level, Verdict};

/// `as-device-replay`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-device-replay",
        name: "An approved device code used twice",
        story: story!("device_replay.rs"),
        capabilities: &[Capability::A3],
        citation: "RFC 8628 section 3.4, RFC 6749 section 4.1.2",
        steps: &[
            "Get codes, and have the user approve.",
            "Poll many times at the same moment, on connections that are open already, for several rounds.",
            "Poll once more.",
        ],
        secure: "One poll brings tokens, and every other is refused.",
        insecure: "Two polls bring different access tokens.",
        defence: "A device code is used up in the same step in which it is found good.",
        level: Level::Must,
        levels: &[],
    },
    on: On::Client(Role::Device),
    needs: &[Need::Endpoint("device_authorization_endpoint")],
    run: |bench, client| Box::pin(run(bench, client)),
};

/// How many polls arrive at once.
const RACERS: usize = 10;

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let lanes = Lanes::open(bench, RACERS).await?;
    for _ in 0..ROUNDS {
        let device = Device::begin(bench, client).await?;
        device.decide(&bench.browser(), Decision::Approve).await?;
        let answers = lanes.race(bench, &vec![device.poll(); RACERS]).await?;
        bench.found(judge(&answers), None);
        let answer = device.poll().send().await?;
        bench.judge(&answer, GONE, "a device code that was used");
    }
    Ok(())
}

/// Counts access tokens, not answers.
fn judge(answers: &[Answer]) -> Finding {
    let (winners, losers): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.has_tokens());
    let tokens: BTreeSet<_> = winners.iter().filter_map(|answer| answer.member("access_token")).collect();
    let refusals = losers.iter().map(|answer| token_refusal(answer, GONE, "a device code that is being used", false));
    let worst = refusals.max_by_key(|finding| finding.weight(Level::Must));
    let number = answers.len();
    match (tokens.len(), worst) {
        (0, _) => Finding::new(Verdict::Inconclusive, "none of the polls at once brought tokens"),
        (1, Some(finding)) if finding.verdict != Verdict::Stopped => finding,
        (1, _) => Finding::new(Verdict::Stopped, format!("one of {number} polls at once brought tokens")),
        (many, _) => {
            Finding::new(Verdict::Vulnerable, format!("{number} polls at once brought {many} access tokens"))
        }
    }
}
