//! The request names S256 and plain. Where one part of a server reads the first and another the last, a code is bound
//! by plain to a challenge that was meant for S256, and whoever has read the request can redeem it.

use super::pkce_challenge_duplicate;
use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::authorization::Authorization;
use crate::bench::Bench;
use crate::judge::VERIFIER;
use crate::target::Registration;
use crate::verdict::Level;

/// `as-pkce-method-duplicate`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-pkce-method-duplicate",
        name: "Two methods",
        story: story!("pkce_method_duplicate.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 6749 section 3.1",
        steps: &[
            "Ask for a code with the method S256 and then plain, and for another with plain and then S256.",
            "If a code comes, redeem it with its challenge as verifier, and another one without a verifier.",
        ],
        secure: "Both are refused, with `invalid_request` or on a page.",
        insecure: "A code comes, worst if it is bound by plain or to nothing.",
        defence: "A request with a repeated parameter is refused.",
        level: Level::Must,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    pkce_challenge_duplicate::writes_parameters(client)?;
    let honest = || bench.authorization(client).page_will_do();
    try_both(bench, client, "the methods S256 and plain", || honest().also("code_challenge_method", "plain")).await?;
    try_both(bench, client, "the methods plain and S256", || honest().first("code_challenge_method", "plain")).await
}

async fn try_both<'a>(
    bench: &'a Bench,
    client: &'a Registration,
    what: &str,
    request: impl Fn() -> Authorization<'a>,
) -> Result<(), Inconclusive> {
    let first = request();
    let Some(grant) = first.must_be_refused(what).await? else { return Ok(()) };
    first.was_granted(what, None);
    let answer = bench.redemption(client, &grant).verifier(&grant.challenge()).send().await?;
    bench.judge_late(None, &answer, VERIFIER, &format!("a code of {what}, with its challenge as verifier"));

    let grant = request().grant().await?;
    let answer = bench.redemption(client, &grant).without_verifier().send().await?;
    bench.judge_late(None, &answer, VERIFIER, &format!("a code of {what}, without a verifier"));
    Ok(())
}
