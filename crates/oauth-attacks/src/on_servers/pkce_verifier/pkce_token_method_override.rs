//! A thief who has read both the authorization request and the response names a method, or a challenge of their own,
//! in the token request. A server that reads these from the token request lets the thief choose what the verifier is
//! compared with.

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::challenge::s256;
use crate::dice::fresh;
use crate::judge::GRANT;
use crate::target::Registration;
use crate::verdict::Level;

/// `as-pkce-token-method-override`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-pkce-token-method-override",
        name: "Method and challenge at the token endpoint",
        story: story!("pkce_token_method_override.rs"),
        capabilities: &[Capability::A3, Capability::A4],
        citation: "RFC 7636 sections 4.4 and 4.6",
        steps: &[
            "Redeem a code with its challenge as verifier and the method plain in the token request.",
            "Redeem another one with a verifier of the attacker's own and its challenge in the token request.",
        ],
        secure: "Both are refused with `invalid_grant`; what the token request says of methods and challenges is ignored.",
        insecure: "A code is redeemed.",
        defence: "Method and challenge are those bound to the code; the token request has no say in them.",
        level: Level::Must,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let grant = bench.grant(client).await?;
    let plain = bench.redemption(client, &grant).verifier(&grant.challenge());
    let answer = plain.set("code_challenge_method", "plain").send().await?;
    bench.judge(&answer, GRANT, "a token request that asks for the method plain");

    let (grant, own) = (bench.grant(client).await?, fresh());
    let replaced = bench.redemption(client, &grant).verifier(&own).set("code_challenge", s256(&own));
    let answer = replaced.set("code_challenge_method", "S256").send().await?;
    bench.judge(&answer, GRANT, "a token request that brings its own challenge");
    Ok(())
}
