//! Somebody who has got hold of a code and of nothing else.

use oauth_types::Params;

use crate::agent::Request;
use crate::attack::Inconclusive;
use crate::dice::fresh;
use crate::idp::Idp;
use crate::stage::{Address, Stage};
use crate::target::ClientAuth;
use crate::trace::Party;

/// Redeems the code of a response without a verifier and with a wrong one, and records whether that brings tokens.
pub(super) async fn redeem(stage: &Stage, idp: &Idp, response: &Address) -> Result<(), Inconclusive> {
    let client = &idp.provider().client;
    if !matches!(client.auth, ClientAuth::None) {
        return Err(Inconclusive::new("the client does not log in as a public client"));
    }
    let form = Params::new()
        .with("grant_type", "authorization_code")
        .with("code", response.get("code"))
        .with("redirect_uri", &response.base)
        .with("client_id", &client.client_id);
    let tries =
        [(form.clone(), "without a verifier"), (form.with("code_verifier", fresh()), "with a wrong verifier")];
    for (form, how) in tries {
        let url = format!("{}/token", idp.issuer());
        let answer = stage.agent().send(Request::post(Party::Attacker, idp.party(), url, form)).await?;
        match answer.has_tokens() {
            true => stage.violated(format!("a stolen code is redeemed {how}")),
            false => stage.withstood(format!("a stolen code is not redeemed {how}: {}", answer.summary())),
        };
    }
    Ok(())
}
