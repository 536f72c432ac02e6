//! Sessions that were begun honestly, and what is seen of them afterwards.

use serde_json::Value;

use crate::attack::Inconclusive;
use crate::client::{Said, Visitor};
use crate::idp::Idp;
use crate::stage::{Heard, Stage};

/// Somebody who has logged in.
pub(super) async fn begun(stage: &Stage, idp: &Idp) -> Result<Visitor, Inconclusive> {
    let visitor = Visitor::new();
    match stage.login(&visitor, idp).await? {
        Heard::Said(Said::Accepted { .. }) => Ok(visitor),
        heard => Err(Inconclusive::new(format!("an honest login failed: {heard}"))),
    }
}

/// The refresh token of each refresh so far, in order. One that was not sent is empty.
pub(super) fn refresh_tokens(stage: &Stage, idp: &Idp) -> Vec<String> {
    let refreshes =
        idp.token_requests().into_iter().filter(|entry| entry.params.get("grant_type") == Some("refresh_token"));
    let tokens: Vec<_> =
        refreshes.map(|entry| entry.params.get("refresh_token").unwrap_or_default().to_owned()).collect();
    tokens.iter().filter(|token| !token.is_empty()).for_each(|token| stage.agent().keep_secret(token));
    tokens
}

/// The access token that was issued last.
pub(super) fn latest_access_token(idp: &Idp) -> String {
    let answer = idp.token_requests().pop().map(|entry| entry.answer.body.clone()).unwrap_or_default();
    let members: Value = serde_json::from_slice(&answer).unwrap_or_default();
    members["access_token"].as_str().unwrap_or_default().to_owned()
}
