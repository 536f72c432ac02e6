//! A public client's request has a challenge without a value. A server that asks only whether the parameter is there,
//! and later takes the empty value for none, issues a code that needs no verifier.

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::VERIFIER;
use crate::target::{Registration, Role};
use crate::verdict::Level;

/// `as-pkce-challenge-empty`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-pkce-challenge-empty",
        name: "Empty challenge",
        story: story!("pkce_challenge_empty.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 6749 section 3.1, RFC 7636 section 4.2",
        steps: &[
            "Ask for a code as the public client, with the method S256 and a challenge without a value.",
            "If codes come, redeem one without a verifier, one with an empty verifier, and one with any other.",
        ],
        secure: "The request is refused with `invalid_request`, as one without a challenge.",
        insecure: "A code comes, and is redeemed without a verifier or with an empty one.",
        defence: "A parameter without a value counts as omitted, so the requirement of a challenge is not met.",
        level: Level::Must,
        levels: &[],
    },
    on: On::Client(Role::Public),
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let request = || bench.authorization(client).set("code_challenge", "");
    let Some(grant) = request().must_be_refused("an empty challenge").await? else { return Ok(()) };
    let answer = bench.redemption(client, &grant).without_verifier().send().await?;
    bench.judge_late(None, &answer, VERIFIER, "a code of an empty challenge, without a verifier");

    let grant = request().grant().await?;
    let answer = bench.redemption(client, &grant).verifier("").send().await?;
    bench.judge_late(None, &answer, VERIFIER, "a code of an empty challenge, with an empty verifier");

    let grant = request().grant().await?;
    let answer = bench.redemption(client, &grant).send().await?;
    bench.judge_late(None, &answer, VERIFIER, "a code of an empty challenge, with any verifier");
    Ok(())
}
