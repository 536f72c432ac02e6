//! The request names a method that no registry knows. A server whose comparison has a default branch treats it as
//! plain, or as no PKCE at all.

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::challenge::{s256, s512};
use crate::judge::VERIFIER;
use crate::target::Registration;
use crate::verdict::Level;

/// `as-pkce-method-unknown`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-pkce-method-unknown",
        name: "Unknown method",
        story: story!("pkce_method_unknown.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 7636 section 4.4.1",
        steps: &[
            "Ask for codes with the methods `S512` and `none`.",
            "If a code comes, redeem it with its challenge as verifier, and another one without a verifier.",
        ],
        secure: "Each of them is refused with `invalid_request`.",
        insecure: "A code comes, worst if it is bound by plain or to nothing.",
        defence: "A method that the server does not know is refused at the authorization endpoint.",
        level: Level::Must,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    try_method(bench, client, ("S512", "S512"), s512).await?;
    try_method(bench, client, ("none", "none"), |verifier| s256(verifier)).await
}

/// Asks for a code with a method, which is called so, and this challenge of the verifier. If one comes, tries the two
/// ways that need no verifier.
pub(super) async fn try_method(
    bench: &Bench,
    client: &Registration,
    (name, method): (&str, &str),
    challenge: fn(&str) -> String,
) -> Result<(), Inconclusive> {
    let request = || {
        let request = bench.authorization(client);
        let challenge = challenge(request.current_verifier().expose());
        request.set("code_challenge", challenge).set("code_challenge_method", method)
    };
    let (first, what) = (request(), format!("a request with the method {name}"));
    let Some(grant) = first.must_be_refused(&what).await? else { return Ok(()) };
    first.was_granted(&what, None);
    let read = first.value("code_challenge").unwrap_or_default();
    let answer = bench.redemption(client, &grant).verifier(read).send().await?;
    let what = format!("a code of the method {name} with its challenge as verifier");
    bench.judge_late(None, &answer, VERIFIER, &what);

    let grant = request().grant().await?;
    let answer = bench.redemption(client, &grant).without_verifier().send().await?;
    bench.judge_late(None, &answer, VERIFIER, &format!("a code of the method {name} without a verifier"));
    Ok(())
}
