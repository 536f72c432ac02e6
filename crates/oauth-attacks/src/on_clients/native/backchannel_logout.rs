//! Somebody sends the client a logout token that the server did not write, or that is for somebody else, or that has
//! been used before. A client that believes it can be made to throw its users out one by one, at any time.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::{Ability, Visitor};
use crate::idp::Idp;
use crate::on_clients::native::session;
use crate::stage::Stage;
use crate::verdict::Level;
use oauth_types::fault::{Edit, Signature};
use oauth_types::mint::Mint;
use serde_json::json;

/// `rp-backchannel-logout`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-backchannel-logout",
        name: "Logout token that is none",
        story: story!("backchannel_logout.rs"),
        capabilities: &[Capability::A1, Capability::A2],
        citation: "OpenID Connect Back-Channel Logout 1.0 section 2.6",
        steps: &[
            "Let somebody log in.",
            "Send logout tokens that are not signed, of another issuer, for another client, expired, without an event, with another one, with a nonce, about nobody, and an ID token instead.",
            "Send a right one, let the user log in again, and send it once more.",
            "See after each whether the user is still logged in, and what the client answered.",
        ],
        secure: "The client answers 400 and the session goes on.",
        insecure: "The client ends the session, or says that it did.",
        defence: "A logout token is verified like an ID token, tells of a logout, has no nonce, and is used once.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[Ability::Notify, Ability::WhoAmI],
    run: |stage| Box::pin(run(stage)),
};

/// What is wrong with a logout token.
type Change = fn(Mint) -> Mint;

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = session::idp(stage).await?;
    let visitor = Visitor::new();
    session::begun(stage, &visitor, &idp).await?;
    let other_event = json!({ "http://schemas.openid.net/event/other": {} });
    let wrong: [(Change, &str); 8] = [
        (|mint| edited(mint, Edit::sign(Signature::AlgNone)), "a logout token without a signature"),
        (|mint| edited(mint, Edit::sign(Signature::UnpublishedKey)), "a logout token signed by a stranger"),
        (|mint| mint.claim("iss", "https://attacker.example"), "a logout token of another issuer"),
        (|mint| mint.claim("aud", "another-client"), "a logout token for another client"),
        (|mint| mint.lifetime(-3600), "an expired logout token"),
        (|mint| mint.without("events"), "a logout token without an event"),
        (|mint| mint.claim("nonce", "n"), "a logout token with a nonce"),
        (|mint| mint.without("sub").without("sid"), "a logout token about nobody"),
    ];
    for (change, what) in wrong {
        let token = minted(&idp, change(own(&idp))).await?;
        must_be_refused(stage, &visitor, &idp, token, what).await?;
    }
    let token = minted(&idp, own(&idp).claim("events", other_event)).await?;
    must_be_refused(stage, &visitor, &idp, token, "a logout token of another event").await?;
    let token = minted(&idp, Mint::id_token("alice").client(&idp.provider().client.client_id)).await?;
    must_be_refused(stage, &visitor, &idp, token, "an ID token instead of a logout token").await?;
    let right = minted(&idp, own(&idp)).await?;
    session::notify(stage, &visitor, &idp, right.clone()).await?;
    if session::is_there(stage, &visitor, &idp).await? {
        return Err(Inconclusive::new("the client does not end a session at a logout token that is right"));
    }
    session::begun(stage, &visitor, &idp).await?;
    must_be_refused(stage, &visitor, &idp, right, "a logout token that was used before").await
}

fn edited(mut mint: Mint, edit: Edit) -> Mint {
    mint.edit.push(edit);
    mint
}

/// A logout token about the user of the session.
fn own(idp: &Idp) -> Mint {
    Mint::logout_token("alice").client(&idp.provider().client.client_id)
}

async fn minted(idp: &Idp, mint: Mint) -> Result<String, Inconclusive> {
    let token = idp.mock().try_mint(&mint).await.map_err(|error| Inconclusive::new(error.to_string()))?;
    Ok(token.expose().to_owned())
}

/// Records whether the client refuses this logout token and goes on with the session.
async fn must_be_refused(
    stage: &Stage,
    visitor: &Visitor,
    idp: &Idp,
    token: String,
    what: &str,
) -> Result<(), Inconclusive> {
    let status = session::notify(stage, visitor, idp, token).await?;
    if !session::is_there(stage, visitor, idp).await? {
        stage.violated(format!("the client ended a session at {what}"));
        return session::begun(stage, visitor, idp).await;
    }
    match status {
        Some(200..300) => stage.violated(format!("the client says that it took {what}")),
        _ => stage.withstood(format!("{what} is refused")),
    };
    Ok(())
}
