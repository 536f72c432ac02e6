//! The attacker runs a client of their own and uses it to refresh with a token that was issued to another one. A
//! server that finds the token and does not look whose it is lets every client be every other one.

use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::GRANT;
use crate::target::{Registration, Role};
use crate::verdict::Level;

/// `as-refresh-other-client`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-refresh-other-client",
        name: "A refresh token of another client",
        story: story!("refresh_other_client.rs"),
        capabilities: &[Capability::A5],
        citation: "RFC 6749 sections 6 and 10.4",
        steps: &["A refresh token is issued to one client.", "Another client uses it as itself."],
        secure: "The request is refused with `invalid_grant`.",
        insecure: "The other client gets tokens.",
        defence: "A refresh token is good for the client it was issued to.",
        level: Level::Must,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[Need::Client(Role::Second)],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let second = bench.role(Role::Second)?;
    let (tokens, _) = bench.tokens(client).await?;
    let refresh = tokens.refresh.ok_or_else(|| Inconclusive::new("the server issues no refresh token"))?;
    let answer = bench.refresh(second, &refresh).send().await?;
    bench.judge(&answer, GRANT, "a refresh token of another client");
    Ok(())
}
