//! The verifier is in the URL of the token request, where proxies and logs keep it, instead of in the body. A server
//! that merges the two reads it, and clients that leak their verifiers appear to work.

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::dice::fresh;
use crate::judge::VERIFIER;
use crate::target::Registration;
use crate::verdict::Level;

/// `as-pkce-verifier-in-query`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-pkce-verifier-in-query",
        name: "Verifier in the query",
        story: story!("pkce_verifier_in_query.rs"),
        capabilities: &[Capability::A4],
        citation: "RFC 6749 section 3.2 and Appendix B, RFC 7636 section 4.5",
        steps: &[
            "Redeem a code with its verifier in the query and none in the body.",
            "Redeem another one with its verifier in the query and a wrong one in the body.",
        ],
        secure: "Both are refused, with `invalid_grant` or `invalid_request`.",
        insecure: "A code is redeemed.",
        defence: "Parameters of the token request are read from the body only.",
        level: Level::Must,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let grant = bench.grant(client).await?;
    let redemption = bench.redemption(client, &grant).without_verifier();
    let answer = redemption.in_query("code_verifier", grant.verifier.expose()).send().await?;
    bench.judge(&answer, VERIFIER, "a verifier in the query");

    let grant = bench.grant(client).await?;
    let redemption = bench.redemption(client, &grant).verifier(&fresh());
    let answer = redemption.in_query("code_verifier", grant.verifier.expose()).send().await?;
    bench.judge(&answer, VERIFIER, "a verifier in the query and another in the body");
    Ok(())
}
