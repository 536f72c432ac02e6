//! Honest responses, altered on their way back to the client.

use oauth_types::fault::{Edit, Point};

use crate::attack::Inconclusive;
use crate::client::{Said, Visitor};
use crate::idp::Idp;
use crate::stage::{Address, Heard, Stage};

/// One way to alter a response.
pub(super) type Alter = fn(Address) -> Address;

/// One way to write a value otherwise.
pub(super) type Rewrite = fn(&str) -> String;

/// The response with another value of this parameter before its own.
pub(super) fn behind(response: Address, name: &str, other: &str) -> Address {
    let own = response.get(name).to_owned();
    response.set(name, other).also(name, own)
}

/// A login of a new visitor, as far as the response, which is delivered as it is.
pub(super) async fn answered_as_is(stage: &Stage, idp: &Idp) -> Result<(Visitor, Address), Inconclusive> {
    let visitor = Visitor::new();
    let request = stage.must_begin(&visitor, idp).await?;
    let address = stage.follow_as_is(&visitor, idp, &request).await?;
    Ok((visitor, address))
}

/// A login of a new visitor, as far as the response, which is altered then.
pub(super) async fn answered(stage: &Stage, idp: &Idp) -> Result<(Visitor, Address), Inconclusive> {
    let visitor = Visitor::new();
    let request = stage.must_begin(&visitor, idp).await?;
    let address = stage.follow(&visitor, idp, &request).await?;
    Ok((visitor, address))
}

/// Lets the client have a response, and records whether it redeems nothing and logs nobody in.
pub(super) async fn must_be_rejected(
    stage: &Stage,
    idp: &Idp,
    visitor: &Visitor,
    address: &Address,
    what: &str,
) -> Result<(), Inconclusive> {
    let before = idp.token_requests().len();
    let heard = stage.deliver(visitor, address, &[idp]).await?;
    if idp.token_requests().len() > before {
        stage.violated(format!("the client sent a token request for {what}"));
    }
    stage.must_reject(&heard, what);
    Ok(())
}

/// The same for responses that are altered like this, each in a login of its own.
pub(super) async fn each_must_be_rejected(
    stage: &Stage,
    idp: &Idp,
    attempts: &[(&str, Alter)],
) -> Result<(), Inconclusive> {
    for (what, alter) in attempts {
        let (visitor, address) = answered(stage, idp).await?;
        must_be_rejected(stage, idp, &visitor, &alter(address), what).await?;
    }
    Ok(())
}

/// Records whether the client rejects a response whose issuer the server itself has edited like this, and redeems nothing.
pub(super) async fn issuer_must_be_rejected(stage: &Stage, edit: Edit, what: &str) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    let lie = idp.lie_at(Point::AuthorizationResponse, edit);
    let (visitor, address) = answered(stage, &idp).await?;
    if !lie.was_told() {
        return Err(Inconclusive::new("the authorization request did not reach the server"));
    }
    let heard = stage.deliver(&visitor, &address, &[&idp]).await?;
    stage.must_not_redeem(&idp, address.get("code"), what);
    stage.must_reject(&heard, what);
    Ok(())
}

/// Makes sure that the client compares the issuer of a response at all. One that does not is told so by `rp-iss-wrong`.
///
/// # Errors
/// [`Inconclusive`] when it logs somebody in with a response of another issuer.
pub(super) async fn must_compare_issuers(stage: &Stage) -> Result<(), Inconclusive> {
    let aside = stage.aside();
    let idp = aside.idp().await?;
    let (visitor, address) = answered(&aside, &idp).await?;
    let address = address.set("iss", "https://attacker.example");
    match aside.deliver(&visitor, &address, &[&idp]).await? {
        Heard::Said(Said::Accepted { .. }) => {
            Err(Inconclusive::new("the client does not look at the issuer of a response"))
        }
        _ => Ok(()),
    }
}
