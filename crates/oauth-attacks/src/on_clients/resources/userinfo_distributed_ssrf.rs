//! The claims say that some of them are to be fetched from another address, and with which token. The server may name
//! any address, also one inside the network of the client. A client that fetches them sends requests for the attacker.

use oauth_types::fault::{Edit, Fault, Point};
use serde_json::json;

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::Visitor;
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-userinfo-distributed-ssrf`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-userinfo-distributed-ssrf",
        name: "Claims to be fetched elsewhere",
        story: story!("userinfo_distributed_ssrf.rs"),
        capabilities: &[Capability::A1],
        citation: "OpenID Connect Core section 5.6.2",
        steps: &[
            "A login is begun and answered honestly.",
            "UserInfo names an address of the attacker as the source of a claim.",
            "The same in the ID token.",
            "The server of the attacker waits for a request.",
        ],
        secure: "Nothing is fetched.",
        insecure: "The client sends a request to the address.",
        defence: "Claims are fetched from sources that were agreed on, or not at all.",
        level: Level::Should,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    let attacker = stage.canary().await?;
    let source =
        json!({ "elsewhere": { "endpoint": format!("{}/claims", attacker.issuer()), "access_token": "canary" } });
    for (what, at) in [("UserInfo", Point::Userinfo), ("the ID token", Point::IdToken)] {
        let names = Edit::set("_claim_names", json!({ "address": "elsewhere" }));
        let lie = idp.lie(Fault::always(at, names).and(Edit::set("_claim_sources", source.clone())));
        stage.login(&Visitor::new(), &idp).await?;
        if !lie.was_told() {
            return Err(Inconclusive::new(format!("the client does not ask for {what}")));
        }
        match attacker.requests("/claims").is_empty() {
            true => stage.withstood(format!("nothing is fetched from where {what} says")),
            false => stage.violated(format!("the client fetches claims from where {what} says")),
        };
    }
    Ok(())
}
