//! A user connects an account at the attacker's server, which sends the browser straight back with a code of the
//! attacker's for an honest server. An application that takes the server from the response connects the attacker's
//! account there to the user, and what the user later stores in it is the attacker's to read.

use super::coat::{link, logged_in};
use super::naive_session_integrity::response_of_attacker;
use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::{Ability, Visitor};
use crate::observe;
use crate::on_clients::foreign_code;
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-corf`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-corf",
        name: "Cross-toolkit request forgery",
        story: story!("corf.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 9700 section 4.7, draft-ietf-oauth-security-topics-update section Cross-toolkit OAuth Request Forgery",
        steps: &[
            "The attacker logs in at the honest server and keeps the response.",
            "A user who is logged in connects an account at the attacker's server.",
            "The browser comes back with the attacker's code and the state of that connection.",
        ],
        secure: "The client sees that the response is not of the server of this connection, and stops.",
        insecure: "The client redeems the attacker's code and connects the attacker's account.",
        defence: "The server of a connection is remembered with the session that began it.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[Ability::Link],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let (honest, attacker) = (stage.idp().await?, stage.idp_of_attacker().await?);
    let injected = response_of_attacker(stage, &honest).await?;
    let visitor = logged_in(stage, Visitor::new()).await?;
    let chosen = link(stage, &visitor, &attacker).await?;
    let asked = observe::asked(&chosen, &attacker.journal());
    stage.note_redirect(&attacker, &chosen, "sent back with a code of the attacker's");
    let address = foreign_code::at_port_of(injected, &asked).set("state", asked.get("state").unwrap_or_default());
    let heard = stage.deliver(&visitor, &address, &[&honest, &attacker]).await?;
    stage.must_not_redeem(&honest, address.get("code"), "the attacker's account for the user's connection");
    stage.must_reject(&heard, "an account at a server that the user has not chosen");
    Ok(())
}
