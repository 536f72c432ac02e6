//! A thief who has read both the authorization request and the response redeems the code with the challenge as
//! verifier. It works wherever the method that was asked for is forgotten, or wherever a failed S256 comparison is
//! followed by a plain one.

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::GRANT;
use crate::target::Registration;
use crate::verdict::Level;

/// `as-pkce-verifier-equals-challenge`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-pkce-verifier-equals-challenge",
        name: "The challenge as verifier",
        story: story!("pkce_verifier_equals_challenge.rs"),
        capabilities: &[Capability::A3, Capability::A4],
        citation: "RFC 7636 section 4.6, RFC 9700 section 2.1.1",
        steps: &[
            "Let an honest client get a code by S256, and read its request.",
            "Redeem the code with the challenge as verifier.",
        ],
        secure: "The code is refused with `invalid_grant`.",
        insecure: "The code is redeemed.",
        defence: "The verifier is compared by the method that was bound to the code, and by no other.",
        level: Level::Must,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let grant = bench.grant(client).await?;
    let answer = bench.redemption(client, &grant).verifier(&grant.challenge()).send().await?;
    bench.judge(&answer, GRANT, "a code with the challenge as its verifier");
    Ok(())
}
