//! The token endpoint answers with a redirect that is followed with a GET request. The client then asks the attacker,
//! takes the answer for that of its server, and may have put the code into the address.

use oauth_types::fault::{Edit, Point};

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::Visitor;
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-token-redirect-302`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-token-redirect-302",
        name: "Token endpoint that has moved",
        story: story!("token_redirect_302.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 9110 section 15.4, RFC 6749 section 3.2",
        steps: &[
            "The token endpoint answers with 301, 302 and 303 to the address of somebody else.",
            "The client logs somebody in, each time.",
        ],
        secure: "The client does not follow, and the login fails.",
        insecure: "A request of the client arrives at the other address.",
        defence: "No redirect of a token request is followed.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    for code in [301, 302, 303] {
        let (idp, elsewhere) = (stage.idp().await?, stage.idp_of_attacker().await?);
        let location = format!("{}/token", elsewhere.issuer());
        let lie = idp.lie_at(Point::TokenResponse, Edit::Redirect { code, location });
        let heard = stage.login(&Visitor::new(), &idp).await?;
        if !lie.was_told() {
            return Err(Inconclusive::new("the client does not send a token request"));
        }
        if !elsewhere.journal().is_empty() {
            stage.violated(format!("the client followed a redirect of the token endpoint, status {code}"));
        }
        stage.must_reject(&heard, &format!("a token endpoint that redirects, status {code}"));
    }
    Ok(())
}
