//! A thief uses a refresh token that its owner has already exchanged for a new one. The server cannot know who of the
//! two is the thief, so neither may go on.

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::{Finding, GRANT};
use crate::target::Registration;
use crate::trace::Party;
use crate::verdict::{Level, Verdict};

/// `as-refresh-replay`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-refresh-replay",
        name: "Replay of a rotated refresh token",
        story: story!("refresh_replay.rs"),
        capabilities: &[Capability::A5],
        citation: "RFC 9700 sections 2.2.2 and 4.14.2, RFC 6749 section 10.4",
        steps: &[
            "The client refreshes once and gets a new refresh token.",
            "The attacker uses the old one.",
            "The client uses the new one.",
        ],
        secure: "The old one is refused with `invalid_grant`. For a public client, the new one is refused as well, and its access token is dead.",
        insecure: "The old one brings tokens, or the family goes on after the reuse.",
        defence: "A rotated refresh token is refused, and its reuse revokes the whole family.",
        level: Level::Must,
        levels: &[],
    },
    on: On::OneClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let (tokens, _) = bench.tokens(client).await?;
    let first = tokens.refresh.ok_or_else(|| Inconclusive::new("the server issues no refresh token"))?;
    let answer = bench.refresh(client, &first).from(Party::Client).send().await?;
    let renewed = bench.tokens_of(client, &answer)?;
    let Some(second) = renewed.refresh.clone().filter(|second| *second != first) else {
        return Err(Inconclusive::new("the server does not rotate refresh tokens"));
    };
    let answer = bench.refresh(client, &first).send().await?;
    if bench.judge(&answer, GRANT, "a rotated refresh token") == Verdict::Vulnerable || !client.is_public() {
        return Ok(());
    }
    let answer = bench.refresh(client, &second).from(Party::Client).send().await?;
    bench.judge_at(Level::Should, &answer, GRANT, "the successor of a reused refresh token");
    if bench.target().metadata().userinfo_endpoint.is_some() && !bench.is_dead(&renewed).await? {
        let because = "the access token of a reused refresh token's family stays valid";
        bench.found(Finding::new(Verdict::Vulnerable, because).at(Level::Should), None);
    }
    Ok(())
}
