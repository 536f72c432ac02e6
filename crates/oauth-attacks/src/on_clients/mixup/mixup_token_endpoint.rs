//! The attacker's metadata name the authorization endpoint of an honest server and a token endpoint of the attacker's.
//! The user sees the honest server and logs in there; the code then goes to the attacker.

use mock_idp::MockIdp;
use oauth_types::fault::{Edit, Fault, Point};

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::Visitor;
use crate::observe;
use crate::stage::{Address, Stage};
use crate::verdict::Level;

/// `rp-mixup-token-endpoint`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-mixup-token-endpoint",
        name: "Endpoints of two servers in one document",
        story: story!("mixup_token_endpoint.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 9207 section 1, OAuth 2.1 section 7.15",
        steps: &[
            "The metadata of the attacker's server name the honest authorization endpoint, and do not promise that responses name their issuer.",
            "The user logs in, and the response of the honest server names that one.",
        ],
        secure: "The client sees that the response names another issuer than the metadata, and stops.",
        insecure: "The client sends the code of the honest server to the attacker's token endpoint.",
        defence: "The issuer in the response is compared with that of the login, whether or not it was promised.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let honest = stage.idp().await?;
    let attacker = stage.idp_of_attacker_like(MockIdp::builder()).await?;
    let endpoint = format!("{}/authorize", honest.issuer());
    let lie = attacker.lie(
        Fault::always(Point::Discovery, Edit::set("authorization_endpoint", endpoint.clone()))
            .and(Edit::remove("authorization_response_iss_parameter_supported")),
    );
    let visitor = Visitor::new();
    let request = match stage.begin(&visitor, &attacker).await? {
        Ok(request) => request,
        Err(_) => {
            stage.withstood("the client does not use endpoints of two servers");
            return Ok(());
        }
    };
    if !lie.was_told() || request.base != endpoint {
        return Err(Inconclusive::new("the client does not go by the metadata"));
    }
    let request = Address { base: endpoint, params: observe::asked(&request, &attacker.journal()) };
    let address = stage.follow(&visitor, &honest, &request).await?;
    let heard = stage.deliver(&visitor, &address, &[&honest, &attacker]).await?;
    stage.must_not_redeem(&attacker, address.get("code"), "the honest server at the attacker's");
    stage.must_reject(&heard, "a response of another issuer than that of the metadata");
    Ok(())
}
