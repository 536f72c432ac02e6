//! The attacker has a flow of their own under way at the same client, and redeems the victim's code with the verifier
//! of that flow. A server that remembers challenges by client or by user instead of by code finds the verifier right.

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::GRANT;
use crate::target::Registration;
use crate::verdict::Level;

/// `as-pkce-cross-session`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-pkce-cross-session",
        name: "Code of one flow, verifier of another",
        story: story!("pkce_cross_session.rs"),
        capabilities: &[Capability::A3],
        citation: "RFC 9700 sections 4.5 and 4.5.3.1",
        steps: &[
            "Start two flows of the same client, and get both codes.",
            "Redeem the code of the first with the verifier of the second.",
        ],
        secure: "The code is refused with `invalid_grant`.",
        insecure: "The code is redeemed.",
        defence: "The challenge is remembered with the code it belongs to.",
        level: Level::Must,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let stolen = bench.grant(client).await?;
    let own = bench.grant(client).await?;
    let answer = bench.redemption(client, &stolen).verifier(own.verifier.expose()).send().await?;
    bench.judge(&answer, GRANT, "a code with the verifier of another flow");
    Ok(())
}
