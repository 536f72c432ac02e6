//! The client proves possession of a key, and the answer says that the token belongs to whoever has it. A client that
//! goes on uses it without a proof, and whoever reads it on the way can use it as well.

use mock_idp::Entry;
use oauth_types::fault::{Edit, Point};

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::Visitor;
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-dpop-downgrade`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-dpop-downgrade",
        name: "A token that is not bound",
        story: story!("dpop_downgrade.rs"),
        capabilities: &[Capability::A2, Capability::A5],
        citation: "RFC 9449 section 5",
        steps: &[
            "The client sends a proof with its token request.",
            "The answer says that the type of the token is Bearer.",
        ],
        secure: "The client discards the token.",
        insecure: "The client uses the token without a proof, or accepts the login.",
        defence: "A client that wants bound tokens takes no others.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    let lie = idp.lie_at(Point::TokenResponse, Edit::set("token_type", "Bearer"));
    let heard = stage.login(&Visitor::new(), &idp).await?;
    if !lie.was_told() || idp.token_requests().iter().all(|entry| entry.headers.get("dpop").is_none()) {
        return Err(Inconclusive::new("the client does not prove possession of a key"));
    }
    let as_bearer = |entry: &Entry| {
        let header = entry.headers.get("authorization").and_then(|value| value.to_str().ok());
        header.is_some_and(|value| value.to_ascii_lowercase().starts_with("bearer "))
    };
    if let Some(entry) = idp.journal().iter().find(|entry| as_bearer(entry)) {
        stage.violated(format!("a token that should be bound is used as it is for {} {}", entry.method, entry.path));
    }
    stage.must_reject(&heard, "a token that is not bound");
    Ok(())
}
