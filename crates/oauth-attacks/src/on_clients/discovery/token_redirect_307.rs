//! The token endpoint answers with a redirect that repeats the request elsewhere. A client that follows it sends the
//! code, the verifier and its secret to whoever the redirect names.

use oauth_types::fault::{Edit, Point};

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::Visitor;
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-token-redirect-307`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-token-redirect-307",
        name: "Token endpoint that redirects",
        story: story!("token_redirect_307.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 9110 section 15.4.8, RFC 6749 section 3.2",
        steps: &[
            "The token endpoint answers with 307, and in another login with 308, to the address of somebody else.",
            "The client logs somebody in.",
        ],
        secure: "The client does not follow, and the login fails.",
        insecure: "The code, the verifier and the secret arrive at the other address.",
        defence: "No redirect of a token request is followed.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    for code in [307, 308] {
        let idp = stage.idp().await?;
        let canary = stage.idp_of_attacker().await?;
        let location = format!("{}/token", canary.issuer());
        let lie = idp.lie_at(Point::TokenResponse, Edit::Redirect { code, location });
        let heard = stage.login(&Visitor::new(), &idp).await?;
        if !lie.was_told() {
            return Err(Inconclusive::new("the client sent no token request"));
        }
        if !canary.journal().is_empty() {
            stage.violated(format!("the client followed a redirect of the token endpoint, status {code}"));
        }
        stage.must_reject(&heard, &format!("a token endpoint that redirects, status {code}"));
    }
    Ok(())
}
