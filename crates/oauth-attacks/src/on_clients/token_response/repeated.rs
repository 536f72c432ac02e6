//! Token requests that are made over and over.

use oauth_types::fault::{Edit, Point};

use crate::attack::Inconclusive;
use crate::client::Visitor;
use crate::stage::Stage;

/// Lets a visitor log in at a server whose token endpoint always answers like this, and records whether the code is
/// sent more often than it may be.
pub(super) async fn at_most(stage: &Stage, times: usize, answer: Edit, what: &str) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    let _lie = idp.lie_at(Point::TokenResponse, answer);
    let heard = stage.login(&Visitor::new(), &idp).await?;
    let sent = idp.token_requests().len();
    if sent == 0 {
        return Err(Inconclusive::new("the client does not send a token request"));
    }
    if sent > times {
        stage.violated(format!("the client has sent a code {sent} times after {what}"));
    }
    stage.must_reject(&heard, what);
    Ok(())
}
