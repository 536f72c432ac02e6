//! The metadata name an honest token endpoint when the login begins and the attacker's when it ends. A client that
//! reads them a second time redeems the code at the attacker's.

use oauth_types::fault::{Edit, Point};

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::Visitor;
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-discovery-toctou`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-discovery-toctou",
        name: "Metadata that change in the middle of a login",
        story: story!("discovery_toctou.rs"),
        capabilities: &[Capability::A1, Capability::A2],
        citation: "RFC 9700 section 4.4, RFC 9207 section 1",
        steps: &[
            "The client begins a login.",
            "The metadata then name a token endpoint of the attacker's.",
            "The browser comes back with the code.",
        ],
        secure: "The client redeems the code at the endpoint it knew when the login began.",
        insecure: "The code and the verifier arrive at the attacker.",
        defence: "The endpoints of a login are fixed when it begins.",
        level: Level::Should,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let (idp, attacker) = (stage.idp().await?, stage.canary().await?);
    let visitor = Visitor::new();
    let request = stage.must_begin(&visitor, &idp).await?;
    let _lie = idp.lie_at(Point::Discovery, Edit::set("token_endpoint", format!("{}/token", attacker.issuer())));
    let address = stage.follow_as_is(&visitor, &idp, &request).await?;
    stage.deliver(&visitor, &address, &[&idp, &attacker]).await?;
    match attacker.journal().is_empty() {
        true => stage.withstood("the login ends where it began, whatever the metadata say by then"),
        false => stage.violated("the code is sent to an endpoint that was not there when the login began"),
    };
    Ok(())
}
