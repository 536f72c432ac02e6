//! The server, or somebody in between, answers the authorization request with an error that says the transformation
//! is not supported. A client that tries again with plain or without a challenge has given its protection away.

use oauth_types::fault::{Edit, Fault, Point};

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::{Said, Visitor};
use crate::observe;
use crate::stage::{Address, Heard, Stage};
use crate::verdict::Level;

/// `rp-error-pkce-downgrade`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-error-pkce-downgrade",
        name: "Talked out of PKCE by the authorization endpoint",
        story: story!("error_pkce_downgrade.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 7636 section 7.2",
        steps: &[
            "The server answers an authorization request with invalid_request and says that the transformation is not supported.",
            "The same visitor tries again.",
        ],
        secure: "The client gives up, or asks again with S256.",
        insecure: "The client asks again with plain, or without a challenge.",
        defence: "After any error the client asks again with S256, or not at all.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = observe::lenient(stage).await?;
    let visitor = Visitor::new();
    let lie = idp.lie(
        Fault::always(Point::AuthorizationResponse, Edit::set("error", "invalid_request"))
            .and(Edit::set("error_description", "transform algorithm not supported"))
            .and(Edit::remove("code"))
            .once(),
    );
    let first = observe::login(stage, &idp, &visitor).await?;
    if !lie.was_told() {
        return Err(Inconclusive::new("the authorization request did not reach the server"));
    }
    stage.must_reject(first.heard()?, "the answer that S256 is not supported");
    let mut attempts = Vec::new();
    if let Heard::Said(Said::SentOn { url }) = first.heard()? {
        attempts.push(Address::parse(url)?);
    }
    if let Ok(request) = stage.begin(&visitor, &idp).await? {
        attempts.push(request);
    }
    for attempt in attempts.iter().filter(|attempt| !attempt.get("response_type").is_empty()) {
        if attempt.get("code_challenge").is_empty() || attempt.get("code_challenge_method") != "S256" {
            stage.violated("the client asks again without S256");
        }
    }
    Ok(())
}
