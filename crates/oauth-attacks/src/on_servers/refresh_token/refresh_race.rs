//! Thief and owner use the same refresh token at the same moment. Where looking at it and rotating it are two steps,
//! or a time of grace gives everybody a successor of their own, both go on for good, and reuse is never noticed.

use std::collections::BTreeSet;

use oauth_types::Secret;

use crate::answer::Answer;
use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::{Finding, GRANT, token_refusal};
use crate::race::{Lanes, ROUNDS};
use crate::target::Registration;
use crate::verdict::{Level, Verdict};

/// `as-refresh-race`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-refresh-race",
        name: "Many refreshes at once",
        story: story!("refresh_race.rs"),
        capabilities: &[Capability::A5],
        citation: "RFC 9700 section 4.14.2",
        steps: &[
            "The attacker opens ten connections to the token endpoint.",
            "The same refresh is sent on all of them at once, in five rounds.",
            "Every refresh token that came back is used.",
        ],
        secure: "One refresh brings tokens, or whatever was handed out leads to one family at most.",
        insecure: "Two or more refresh tokens work afterwards.",
        defence: "A refresh token has one successor, decided in one step that cannot be interleaved.",
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
        let (tokens, _) = bench.tokens(client).await?;
        let first = tokens.refresh.ok_or_else(|| Inconclusive::new("the server issues no refresh token"))?;
        let requests = vec![bench.refresh(client, &first); RACERS];
        let answers = lanes.race(bench, &requests).await?;
        let finding = judge((bench, client), &answers, &first).await?;
        bench.found(finding, None);
    }
    Ok(())
}

/// How many requests arrive at once.
const RACERS: usize = 10;

async fn judge(
    (bench, client): (&Bench, &Registration),
    answers: &[Answer],
    first: &Secret,
) -> Result<Finding, Inconclusive> {
    let winners = answers.iter().filter(|answer| answer.has_tokens()).count();
    if winners == 0 {
        return Err(Inconclusive::new("none of the refreshes at once brought tokens"));
    }
    let successors: BTreeSet<_> = answers.iter().filter_map(|answer| answer.member("refresh_token")).collect();
    if successors.iter().all(|token| token == first.expose()) {
        return Err(Inconclusive::new("the server does not rotate refresh tokens"));
    }
    if successors.len() > 1 {
        let mut alive = 0;
        for token in &successors {
            let answer = bench.refresh(client, &Secret::from(token.as_str())).aside().send().await?;
            alive += usize::from(answer.has_tokens());
        }
        let told = format!("{winners} of {RACERS} refreshes at once brought tokens, and {alive} families went on");
        let verdict = if alive > 1 { Verdict::Vulnerable } else { Verdict::Tolerated };
        return Ok(Finding::new(verdict, told));
    }
    let losers = answers.iter().filter(|answer| !answer.has_tokens());
    let refusals = losers.map(|answer| token_refusal(answer, GRANT, "a refresh token that is being used", false));
    let worst = refusals.max_by_key(|finding| finding.weight(Level::Must));
    Ok(match worst.filter(|finding| finding.verdict != Verdict::Stopped) {
        Some(finding) => finding,
        None => Finding::new(Verdict::Stopped, format!("{winners} of {RACERS} refreshes at once brought tokens")),
    })
}
