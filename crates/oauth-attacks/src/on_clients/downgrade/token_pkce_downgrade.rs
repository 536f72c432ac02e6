//! The server answers the token request with an error that says code_verifier is not supported. A client that sends
//! the code again without its verifier hands it over without protection.

use oauth_types::fault::{Edit, Fault, Point};

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::Visitor;
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-token-pkce-downgrade`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-token-pkce-downgrade",
        name: "Talked out of PKCE by the token endpoint",
        story: story!("token_pkce_downgrade.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 7636 sections 7.2 and 4.5",
        steps: &[
            "The token endpoint answers with invalid_request and says that code_verifier is not supported.",
            "The requests that follow are looked at.",
        ],
        secure: "The login fails, and the code is not sent a second time.",
        insecure: "The client sends the code again.",
        defence: "A code is sent once, with its verifier.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    let refusal = r#"{"error":"invalid_request","error_description":"code_verifier is not supported"}"#;
    let body = Edit::Body { content_type: "application/json".to_owned(), text: refusal.to_owned() };
    let lie = idp.lie(Fault::always(Point::TokenResponse, Edit::Status { code: 400 }).and(body));
    let heard = stage.login(&Visitor::new(), &idp).await?;
    if !lie.was_told() {
        return Err(Inconclusive::new("the client sent no token request"));
    }
    stage.must_reject(&heard, "the answer that code_verifier is not supported");
    match idp.token_requests().len() {
        0 | 1 => {}
        _ => {
            stage.violated("the client sent the code again");
        }
    }
    Ok(())
}
