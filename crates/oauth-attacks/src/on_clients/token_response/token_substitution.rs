//! The token response has a good ID token of the user, with the hash of its access token, and besides it an access
//! token that was issued to another client for another user. A client that does not compare the two acts for one user
//! with the rights of another.

use oauth_types::fault::{Edit, Point};
use oauth_types::mint::Mint;

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::Visitor;
use crate::observe;
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-token-substitution`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-token-substitution",
        name: "Access token of somebody else",
        story: story!("token_substitution.rs"),
        capabilities: &[Capability::A1, Capability::A5],
        citation: "OpenID Connect Core sections 3.1.3.8 and 16.11",
        steps: &[
            "A login is begun and answered honestly.",
            "The access token of the token response is replaced by one of another user and another client. The ID token is as it was.",
        ],
        secure: "The response is refused, and the token is not used.",
        insecure: "A request carries the token.",
        defence: "If the ID token has a hash of the access token, the two are compared.",
        level: Level::Should,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    let mint = Mint { client_id: Some("another-client".to_owned()), ..Mint::access_token("bob").scope("openid") };
    let token = idp.mint(&mint).await?;
    stage.agent().keep_secret(&token);
    let lie = idp.lie_at(Point::TokenResponse, Edit::set("access_token", token.as_str()));
    let visitor = Visitor::new();
    let request = stage.must_begin(&visitor, &idp).await?;
    observe::asks_for_id_token(&request, &idp)?;
    let address = stage.follow_as_is(&visitor, &idp, &request).await?;
    let heard = stage.deliver(&visitor, &address, &[&idp]).await?;
    if !lie.was_told() {
        return Err(Inconclusive::new("the client does not send a token request"));
    }
    if idp.was_told(&token) {
        stage.violated("the client uses an access token that its ID token does not belong to");
    }
    stage.must_reject(&heard, "an access token of somebody else");
    Ok(())
}
