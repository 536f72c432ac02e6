//! The metadata say that clients send a secret, or do not authenticate at all. A client that signs assertions and
//! gives that up shows a secret to whoever changed the metadata, or redeems its codes as anybody can.

use mock_idp::Entry;
use oauth_types::fault::{Edit, Point};

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::Visitor;
use crate::stage::Stage;
use crate::target::ClientAuth;
use crate::verdict::Level;

/// `rp-auth-method-downgrade`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-auth-method-downgrade",
        name: "Metadata with weak authentication",
        story: story!("auth_method_downgrade.rs"),
        capabilities: &[Capability::A1, Capability::A2],
        citation: "RFC 9700 section 2.5, FAPI 2.0 Security Profile section 5.3.3.1",
        steps: &[
            "A client with a key logs in where the metadata offer client_secret_post alone, and again where they offer none.",
            "Its requests are looked at.",
        ],
        secure: "The client refuses, or signs an assertion all the same.",
        insecure: "The client sends a secret, or does not authenticate.",
        defence: "A client authenticates as it is registered, whatever the metadata offer.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    for method in ["client_secret_post", "none"] {
        let idp = stage.idp().await?;
        if !matches!(idp.provider().client.auth, ClientAuth::PrivateKeyJwt(_)) {
            return Err(Inconclusive::new("the client does not authenticate by private_key_jwt"));
        }
        let offered = Edit::set("token_endpoint_auth_methods_supported", vec![method]);
        let _offered = idp.lie_at(Point::Discovery, offered);
        let visitor = Visitor::new();
        if let Ok(request) = stage.begin(&visitor, &idp).await? {
            let address = stage.follow(&visitor, &idp, &request).await?;
            stage.deliver(&visitor, &address, &[&idp]).await?;
        }
        let points = [Some(Point::TokenResponse), Some(Point::PushedAuthorization)];
        let sent: Vec<_> = idp.journal().into_iter().filter(|entry| points.contains(&entry.point)).collect();
        if sent.iter().any(shows_secret) {
            stage.violated(format!("the client sends a secret where {method} is offered alone"));
        } else if sent.iter().any(|entry| entry.params.get("client_assertion").is_none()) {
            stage.violated(format!("the client does without authentication where {method} is offered alone"));
        } else {
            stage.withstood(format!("the client does not go down to {method}"));
        }
    }
    Ok(())
}

fn shows_secret(entry: &Entry) -> bool {
    entry.headers.get("authorization").is_some() || entry.params.get("client_secret").is_some()
}
