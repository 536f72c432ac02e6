//! The user has lost a device and revokes its refresh token. What the thief of the device still has are the access
//! tokens that came from it, and maybe the refresh token itself, if revoking it did nothing.

use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::{Finding, GRANT};
use crate::target::Registration;
use crate::verdict::{Level, Verdict};

use super::probes::is_alive;

/// `as-revoke-cascade`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-revoke-cascade",
        name: "What survives the revocation of a refresh token",
        story: story!("revoke_cascade.rs"),
        capabilities: &[Capability::A5],
        citation: "RFC 7009 section 2.1",
        steps: &[
            "Obtain an access token and a refresh token, and revoke the refresh token.",
            "Use the refresh token.",
            "See whether the access token is alive.",
        ],
        secure: "The refresh token is refused with invalid_grant, and the access token is dead.",
        insecure: "One of the two is still good.",
        defence: "Revoking a refresh token ends everything that came from the same grant.",
        level: Level::Must,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[Need::Endpoint("revocation_endpoint")],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let (tokens, _) = bench.tokens(client).await?;
    let refresh = tokens.refresh.as_ref().ok_or_else(|| Inconclusive::new("the server issues no refresh token"))?;
    let probed = is_alive(bench, client, &tokens).await;
    let answer = bench.revocation(client, refresh).send().await?;
    if answer.status != 200 {
        let because = format!("a client that revokes its own refresh token is answered {}", answer.summary());
        return Err(Inconclusive::new(because));
    }
    let answer = bench.refresh(client, refresh).send().await?;
    bench.judge(&answer, GRANT, "a revoked refresh token");
    // Whether it can be seen that an access token is dead depends on the server.
    if let Ok(true) = probed
        && is_alive(bench, client, &tokens).await?
    {
        let because = "the access token of a revoked refresh token stays valid";
        bench.found(Finding::new(Verdict::Vulnerable, because).at(Level::Should), None);
    }
    Ok(())
}
