//! The client pushes its requests, or wants signed responses, and the attacker makes that fail. A client that then
//! sends its request through the browser, or takes a response without a signature, is as exposed as one that never
//! asked for more.

use oauth_types::fault::{Edit, Point};

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::Visitor;
use crate::idp::Idp;
use crate::observe;
use crate::profile::Profile;
use crate::stage::{Address, Stage};
use crate::verdict::Level;

/// `rp-jarm-par-downgrade`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-jarm-par-downgrade",
        name: "Back to the unprotected front channel",
        story: story!("jarm_par_downgrade.rs"),
        capabilities: &[Capability::A1, Capability::A2],
        citation: "RFC 9126 section 5, JARM section 2.4, FAPI 2.0 Message Signing section 5.4",
        steps: &[
            "The endpoint for pushed requests answers with 404 and with 501, and then is missing in the metadata.",
            "A signed response is replaced by one that is not signed.",
        ],
        secure: "The client begins no login, and rejects the response.",
        insecure: "The request goes through the browser, or the code of the response is redeemed.",
        defence: "What was to be pushed or signed is pushed or signed, or not done at all.",
        level: Level::Should,
        levels: &[(Profile::Fapi2, Level::Must)],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    let login = observe::login(&stage.aside(), &idp, &Visitor::new()).await?;
    let pushes = login.sent.iter().any(|entry| entry.point == Some(Point::PushedAuthorization));
    let wants_signature = login.asked("response_mode").ends_with("jwt");
    if pushes {
        pushing_fails(stage).await?;
    }
    if wants_signature {
        signature_is_missing(stage, &idp).await?;
    }
    match pushes || wants_signature {
        true => Ok(()),
        false => Err(Inconclusive::new("the client does not push its requests or ask for signed responses")),
    }
}

async fn pushing_fails(stage: &Stage) -> Result<(), Inconclusive> {
    let status = |code| Edit::Status { code };
    let lies = [
        ("the endpoint answers with 404", Point::PushedAuthorization, status(404)),
        ("the endpoint answers with 501", Point::PushedAuthorization, status(501)),
        ("there is no endpoint for it", Point::Discovery, Edit::remove("pushed_authorization_request_endpoint")),
    ];
    for (what, point, edit) in lies {
        let idp = stage.idp().await?;
        let _lie = idp.lie_at(point, edit);
        match stage.begin(&Visitor::new(), &idp).await? {
            Ok(request) if request.get("request_uri").is_empty() => {
                stage.violated(format!("a request that was to be pushed goes through the browser when {what}"))
            }
            _ => stage.withstood(format!("no request goes through the browser when {what}")),
        };
    }
    Ok(())
}

async fn signature_is_missing(stage: &Stage, idp: &Idp) -> Result<(), Inconclusive> {
    let visitor = Visitor::new();
    let request = stage.must_begin(&visitor, idp).await?;
    let address = stage.follow(&visitor, idp, &request).await?;
    let claims = observe::claims(address.get("response"));
    let claims = claims.ok_or_else(|| Inconclusive::new("the server does not sign its response"))?;
    let plain = ["code", "state", "iss"].into_iter().filter_map(|name| Some((name, claims.get(name)?.as_str()?)));
    let address = Address { base: address.base, params: plain.collect() };
    stage.agent().keep_secret(address.get("code"));
    let heard = stage.deliver(&visitor, &address, &[idp]).await?;
    stage.must_not_redeem(idp, address.get("code"), "a response that was to be signed");
    stage.must_reject(&heard, "a response that was to be signed and is not");
    Ok(())
}
