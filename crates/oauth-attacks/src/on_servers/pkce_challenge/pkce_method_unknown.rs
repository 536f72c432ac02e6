//! The request names a method that no registry knows. A server whose comparison has a default branch treats it as
//! plain, or as no PKCE at all.

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::authorization::Authorization;
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
        steps: &[],
        secure: "",
        insecure: "",
        defence: "A method that the server does not know is refused at the authorization endpoint.",
        level: Level::Must,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let request = bench.authorization(client);
    let challenge = s512(request.current_verifier().expose());
    try_method(bench, client, request, ("S512", &challenge)).await?;

    let request = bench.authorization(client);
    let challenge = s256(request.current_verifier().expose());
    try_method(bench, client, request, ("none", &challenge)).await
}

/// Asks for a code with this method and challenge, and if one comes, tries the two ways that need no verifier.
pub(super) async fn try_method(
    bench: &Bench,
    client: &Registration,
    request: Authorization<'_>,
    (method, challenge): (&str, &str),
) -> Result<(), Inconclusive> {
    let request = request.set("code_challenge", challenge).set("code_challenge_method", method);
    let what = format!("a request with the method {method}");
    let Some(grant) = request.must_be_refused(&what).await? else { return Ok(()) };
    request.was_granted(&what, None);
    let answer = bench.redemption(client, &grant).verifier(challenge).send().await?;
    bench.judge_late(
        None,
        &answer,
        VERIFIER,
        &format!("a code of the method {method} with its challenge as verifier"),
    );
    let answer = bench.redemption(client, &grant).without_verifier().send().await?;
    bench.judge_late(None, &answer, VERIFIER, &format!("a code of the method {method} without a verifier"));
    Ok(())
}
