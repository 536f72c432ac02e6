//! One installation runs several issuers, and the same client_id is registered with two of them. A code of the one is
//! redeemed at the other: if both look in one table, a user of the attacker's tenant becomes a user of somebody
//! else's.

use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::GRANT;
use crate::target::Registration;
use crate::verdict::Level;

/// `as-code-cross-tenant`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-code-cross-tenant",
        name: "A code of another issuer",
        story: story!("code_cross_tenant.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 6749 sections 4.1.3 and 5.2",
        steps: &[
            "The client logs in at both issuers, which must work.",
            "It gets a code from the first issuer.",
            "The code is redeemed at the second issuer with everything right.",
        ],
        secure: "The second issuer refuses with `invalid_grant`.",
        insecure: "The second issuer hands out tokens.",
        defence: "What one issuer issued does not exist at another.",
        level: Level::Must,
        levels: &[],
    },
    on: On::OneClient,
    needs: &[Need::SecondIssuer],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let elsewhere = bench.elsewhere()?;
    elsewhere.tokens(client).await?;
    let grant = bench.grant(client).await?;
    let answer = elsewhere.redemption(client, &grant).send().await?;
    bench.judge(&answer, GRANT, "a code of another issuer");
    elsewhere.clean_up().await;
    Ok(())
}
