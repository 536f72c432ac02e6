//! A confidential client redeems a code that is bound to a challenge with its secret alone. If that is enough, a code
//! that was slipped into another user's session at this client is redeemed as well.

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::VERIFIER;
use crate::target::{Registration, Role};
use crate::trace::Party;
use crate::verdict::Level;

/// `as-pkce-secret-not-substitute`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-pkce-secret-not-substitute",
        name: "Secret instead of verifier",
        story: story!("pkce_secret_not_substitute.rs"),
        capabilities: &[Capability::A3],
        citation: "RFC 9700 section 2.1.1, RFC 7636 section 4.6",
        steps: &[
            "Let the confidential client get a code by S256.",
            "Redeem it with the client's credentials and without a verifier.",
        ],
        secure: "The code is refused with `invalid_grant`.",
        insecure: "The credentials are enough.",
        defence: "Client authentication does not replace the verifier.",
        level: Level::Must,
        levels: &[],
    },
    on: On::Client(Role::Confidential),
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let grant = bench.grant(client).await?;
    let answer = bench.redemption(client, &grant).without_verifier().from(Party::Client).send().await?;
    bench.judge(&answer, VERIFIER, "a code with a client secret but without its verifier");
    Ok(())
}
