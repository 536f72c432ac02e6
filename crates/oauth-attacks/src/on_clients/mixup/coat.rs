//! An application connects the accounts its users have elsewhere, and the attacker offers such a connection as well.
//! When a user connects it, the attacker's server sends the browser on to an honest one. An application that does not
//! know which connection the response belongs to gives the code of the honest account to the attacker.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::{Ability, Done, Errand, Said, Visitor};
use crate::idp::Idp;
use crate::observe;
use crate::stage::{Address, Heard, Stage};
use crate::verdict::Level;

/// `rp-coat`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-coat",
        name: "Cross-toolkit account takeover",
        story: story!("coat.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 9700 section 4.4, draft-ietf-oauth-security-topics-update section Cross-toolkit OAuth Account Takeover",
        steps: &[
            "A user who is logged in connects an account at the attacker's server.",
            "That server sends the browser on to an honest one, where the user is logged in.",
            "The response comes back with the state of the attacker's connection.",
        ],
        secure: "The client sees that the response is not of the server of this connection, and stops.",
        insecure: "The client sends the code of the honest account to the attacker's token endpoint.",
        defence: "A connection is finished only with a response of its own server.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[Ability::Link],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let (honest, attacker) = (stage.idp().await?, stage.idp_of_attacker().await?);
    let expected = stage.aside().must_begin(&Visitor::new(), &honest).await?;
    let visitor = logged_in(stage, Visitor::new()).await?;
    let chosen = link(stage, &visitor, &attacker).await?;
    let sent_on = Address { base: expected.base, params: observe::asked(&chosen, &attacker.journal()) };
    let sent_on = sent_on.set("client_id", &honest.provider().client.client_id);
    stage.note_redirect(&attacker, &chosen, "sent on to the honest server");
    let address = stage.follow(&visitor, &honest, &sent_on).await?;
    let heard = stage.deliver(&visitor, &address, &[&honest, &attacker]).await?;
    stage.must_not_redeem(&attacker, address.get("code"), "the honest account at the attacker's server");
    stage.must_reject(&heard, "a response of another server than that of the connection");
    Ok(())
}

/// The visitor, logged in at a server of no importance.
pub(super) async fn logged_in(stage: &Stage, visitor: Visitor) -> Result<Visitor, Inconclusive> {
    let home = stage.idp().await?;
    match stage.login(&visitor, &home).await? {
        Heard::Said(Said::Accepted { .. }) => Ok(visitor),
        other => Err(Inconclusive::new(format!("an honest login failed: {other}"))),
    }
}

/// Where the browser is sent when the visitor links an account.
pub(super) async fn link(stage: &Stage, visitor: &Visitor, idp: &Idp) -> Result<Address, Inconclusive> {
    match stage.must(visitor, Errand::Link { provider: idp.provider().clone() }, &[idp]).await? {
        Done::Sent { url } => Address::parse(&url),
        _ => Err(Inconclusive::new("the client does not send the browser anywhere to link an account")),
    }
}
