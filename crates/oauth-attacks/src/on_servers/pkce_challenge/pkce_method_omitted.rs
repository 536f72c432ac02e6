//! The client leaves the method out, which means plain, but sends an S256 challenge. Some servers take it as plain,
//! so that whoever has read the request can redeem the code; some guess; and some read challenge and method as an
//! optional pair and drop both, so that no verifier is needed at all.

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::authorization::Authorization;
use crate::bench::Bench;
use crate::judge::VERIFIER;
use crate::target::Registration;
use crate::verdict::Level;

/// `as-pkce-method-omitted`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-pkce-method-omitted",
        name: "No method",
        story: story!("pkce_method_omitted.rs"),
        capabilities: &[Capability::A4],
        citation: "RFC 7636 sections 4.3 and 4.6, RFC 9700 section 2.1.1",
        steps: &[
            "Ask for a code with an S256 challenge and without a method.",
            "If codes come, redeem one without a verifier, one with its verifier, and one with its challenge as verifier.",
        ],
        secure: "The request is refused with `invalid_request`, unless the server offers plain, and then the method is plain.",
        insecure: "A code is redeemed without a verifier, or with its verifier as if the method had been S256, or, where plain is not offered, with its challenge.",
        defence: "A challenge without a method is refused where plain is not offered.",
        level: Level::Must,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let stripped = || bench.authorization(client).without("code_challenge_method");
    try_without_method(bench, client, "no method", stripped).await
}

/// Asks for codes with a challenge and `what` for a method. If one comes, tries what must not redeem it.
pub(super) async fn try_without_method<'a>(
    bench: &'a Bench,
    client: &'a Registration,
    what: &str,
    request: impl Fn() -> Authorization<'a>,
) -> Result<(), Inconclusive> {
    let asked = format!("a challenge with {what}");
    let Some(grant) = request().must_be_refused(&asked).await? else { return Ok(()) };
    let answer = bench.redemption(client, &grant).without_verifier().send().await?;
    bench.judge_late(None, &answer, VERIFIER, &format!("a code of {asked}, without its verifier"));

    let grant = request().grant().await?;
    let answer = bench.redemption(client, &grant).send().await?;
    bench.judge_late(None, &answer, VERIFIER, &format!("a code of {asked}, as if it were S256"));

    let level = if bench.target().claims_s256_only() { Level::Must } else { Level::Should };
    let grant = request().grant().await?;
    let answer = bench.redemption(client, &grant).verifier(&grant.challenge()).send().await?;
    bench.judge_late(level, &answer, VERIFIER, &format!("a code of {asked}, as if it were plain"));
    Ok(())
}
