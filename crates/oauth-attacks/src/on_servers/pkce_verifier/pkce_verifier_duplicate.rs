//! The token request has two verifiers, or one that is spelt as an array. Where one part of a server checks the first
//! and another logs, counts or forwards the last, what was checked is not what was used.

use oauth_types::ErrorCode;

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::dice::fresh;
use crate::judge::VERIFIER;
use crate::target::Registration;
use crate::verdict::Level;

/// `as-pkce-verifier-duplicate`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-pkce-verifier-duplicate",
        name: "Two verifiers",
        story: story!("pkce_verifier_duplicate.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 6749 section 3.2",
        steps: &[
            "Redeem a code with its verifier and a wrong one after it, and another code with a wrong one and its verifier after it.",
            "Redeem a code with its verifier spelt as an array.",
        ],
        secure: "The first two are refused with `invalid_request`, and the third as one without a verifier.",
        insecure: "A code is redeemed.",
        defence: "A token request with a repeated parameter is refused.",
        level: Level::Must,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let twice = &[ErrorCode::InvalidRequest];
    let grant = bench.grant(client).await?;
    let answer = bench.redemption(client, &grant).also("code_verifier", fresh()).send().await?;
    bench.judge(&answer, twice, "a verifier with a wrong one after it");

    let grant = bench.grant(client).await?;
    let redemption = bench.redemption(client, &grant).verifier(&fresh());
    let answer = redemption.also("code_verifier", grant.verifier.expose()).send().await?;
    bench.judge(&answer, twice, "a verifier with a wrong one before it");

    let grant = bench.grant(client).await?;
    let redemption = bench.redemption(client, &grant).without_verifier();
    let answer = redemption.also("code_verifier[]", grant.verifier.expose()).send().await?;
    bench.judge(&answer, VERIFIER, "a verifier spelt as an array");
    Ok(())
}
