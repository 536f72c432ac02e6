//! The attacker begins to connect an account and sends the address to a victim, who allows it at the honest server. An
//! application that finds the connection by its state, whoever brings it, connects the victim's account to the
//! attacker's session.

use super::coat::{link, logged_in};
use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::{Ability, Visitor};
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-cosf`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-cosf",
        name: "Cross-user session fixation",
        story: story!("cosf.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 9700 section 4.7, draft-ietf-oauth-security-topics-update section Cross-user OAuth Session Fixation",
        steps: &[
            "The attacker, who is logged in, begins to connect an account at the honest server.",
            "A victim opens the address, with and without a session of their own at the client.",
            "The victim's browser brings the response.",
        ],
        secure: "The client wants the session back that began, and stops.",
        insecure: "The client redeems the victim's code for the attacker's connection.",
        defence: "A connection is finished only in the session that began it.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[Ability::Link],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let honest = stage.idp().await?;
    let strangers = [Visitor::new(), logged_in(&stage.aside(), Visitor::new()).await?];
    let attacker = logged_in(stage, Visitor::attacker()).await?;
    for victim in strangers {
        let request = link(stage, &attacker, &honest).await?;
        let address = stage.follow(&victim, &honest, &request).await?;
        let heard = stage.deliver(&victim, &address, &[&honest]).await?;
        stage.must_not_redeem(&honest, address.get("code"), "the victim for the attacker's connection");
        stage.must_reject(&heard, "an account for a connection of another session");
    }
    Ok(())
}
