//! The attacker has read a client assertion in a log, or in a request that went astray, and sends it again with a code
//! of its own. An assertion that works a second time is a password that lives for a few minutes.

use std::collections::BTreeSet;

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::{CLIENT, Finding};
use crate::profile::Profile;
use crate::race::{Lanes, ROUNDS};
use crate::target::{Registration, Role};
use crate::verdict::{Level, Verdict};

use super::asserted::{honest, key_of, with_assertion};

/// `as-assertion-replay`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-assertion-replay",
        name: "Replay of a client assertion",
        story: story!("assertion_replay.rs"),
        capabilities: &[Capability::A3],
        citation: "OpenID Connect Core section 9, RFC 7523 section 3",
        steps: &[
            "Redeem a code with an honest assertion.",
            "Redeem another code with the same assertion.",
            "Redeem two codes with one assertion at the same moment, five times.",
        ],
        secure: "The first request succeeds, and the second is refused with invalid_client.",
        insecure: "One assertion authenticates two requests.",
        defence: "The jti of an assertion is remembered for as long as the assertion is good.",
        level: Level::Must,
        // RFC 7523 leaves it open whether the jti is looked at; OpenID Connect does not.
        levels: &[(Profile::Oauth21, Level::Should), (Profile::Mcp, Level::Should)],
    },
    on: On::Client(Role::Keyed),
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let key = key_of(client)?;
    let id = client.client_id.as_str();
    let assertion = honest(bench, client).signed_by(key)?;
    for first in [true, false] {
        let grant = bench.grant(client).await?;
        let answer = with_assertion(bench.redemption(client, &grant), id, &assertion).send().await?;
        match first {
            true => drop(bench.tokens_of(client, &answer)?),
            false => drop(bench.judge(&answer, CLIENT, "an assertion that was used before")),
        }
    }
    let lanes = Lanes::open(bench, 2).await?;
    for _ in 0..ROUNDS {
        let assertion = honest(bench, client).signed_by(key)?;
        let grants = [bench.grant(client).await?, bench.grant(client).await?];
        let requests = grants.map(|grant| with_assertion(bench.redemption(client, &grant), id, &assertion));
        let answers = lanes.race(bench, &requests).await?;
        let tokens: BTreeSet<_> = answers.iter().filter_map(|answer| answer.member("access_token")).collect();
        if tokens.len() > 1 {
            let because = "one assertion brought two access tokens when it was sent twice at the same moment";
            bench.found(Finding::new(Verdict::Vulnerable, because), None);
            return Ok(());
        }
        if tokens.is_empty() {
            return Err(Inconclusive::new("neither of two requests with one assertion succeeded"));
        }
    }
    bench.found(Finding::new(Verdict::Stopped, "of two requests with one assertion, one succeeds"), None);
    Ok(())
}
