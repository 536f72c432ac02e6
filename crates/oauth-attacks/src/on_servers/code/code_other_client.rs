//! A client redeems a code that was issued to another one, with the right verifier and redirect URI. A malicious
//! client that gets hold of a code would act for a user who never chose it.

use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::GRANT;
use crate::target::{Registration, Role};
use crate::verdict::Level;

/// `as-code-other-client`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-code-other-client",
        name: "Code presented by another client",
        story: story!("code_other_client.rs"),
        capabilities: &[Capability::A3],
        citation: "RFC 6749 sections 4.1.3 and 5.2, RFC 9700 section 4.5",
        steps: &[
            "A code is issued to one client.",
            "Another client redeems it as itself, with the right verifier and redirect URI.",
        ],
        secure: "The request is refused with `invalid_grant`.",
        insecure: "The other client gets the tokens.",
        defence: "A code is redeemed only by the client it was issued to.",
        level: Level::Must,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[Need::Client(Role::Second)],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let second = bench.target().role(Role::Second);
    let second = second.ok_or_else(|| Inconclusive::new("the target has no second client"))?;
    let grant = bench.grant(client).await?;
    let answer = bench.redemption(second, &grant).send().await?;
    bench.judge(&answer, GRANT, "a code of another client");
    Ok(())
}
