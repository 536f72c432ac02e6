//! Token endpoints that lead elsewhere.

use oauth_types::fault::{Edit, Point};

use crate::attack::Inconclusive;
use crate::client::Visitor;
use crate::stage::Stage;

/// Lets a new visitor log in while the token endpoint redirects to somebody else, with each of these statuses.
pub(super) async fn must_not_be_followed(stage: &Stage, statuses: &[u16]) -> Result<(), Inconclusive> {
    for &code in statuses {
        let (idp, elsewhere) = (stage.idp().await?, stage.canary().await?);
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
