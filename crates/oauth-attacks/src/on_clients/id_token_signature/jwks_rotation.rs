//! The server has replaced its keys. A client that never looks again locks everybody out, and one that keeps what it
//! ever knew goes on believing a key that was withdrawn because it was stolen.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::{Said, Visitor};
use crate::idp::Idp;
use crate::on_clients::behind_tls::{self, Way};
use crate::on_clients::forged_token::{self, Arrived};
use crate::stage::{Heard, Stage};
use crate::verdict::Level;

/// `rp-jwks-rotation`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-jwks-rotation",
        name: "Key that has been replaced",
        story: story!("jwks_rotation.rs"),
        capabilities: &[Capability::A1],
        citation: "OpenID Connect Core sections 3.1.3.7 and 10.1.1",
        steps: &[
            "Let somebody log in, so that the client knows the key.",
            "Replace the key of the server, withdraw the former one, and let somebody log in again.",
            "Give the client an ID token that the former key signed.",
            "Watch whether the client logs somebody in or uses the access token that came along.",
        ],
        secure: "The client fetches the new key once, logs in, and rejects what the former key signed.",
        insecure: "The client does not find the new key, or still accepts the former one.",
        defence: "An unknown name leads to the key set once more, and what is fetched replaces what was known.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    // The first key is that of every server of this kind, and a client that knows it from another is not to forget it.
    replace_key(&idp)?;
    forged_token::control(stage, &idp).await?;
    let login = Arrived::at(stage, &idp).await?;
    let former = login.right(|mint| mint).await?.text;
    replace_key(&idp)?;
    match stage.login(&Visitor::new(), &idp).await? {
        Heard::Said(Said::Accepted { .. }) => stage.withstood("the client found the new key"),
        heard => {
            stage.violated(format!("the client does not find a key that replaced another: {heard}"));
            return Ok(());
        }
    };
    let what = "an ID token of a key that was withdrawn";
    let before = idp.requests("/userinfo").len();
    let Some(heard) = login.given(stage, former.into()).await? else {
        stage.violated(format!("the client did not answer within ten seconds to {what}"));
        return Ok(());
    };
    let used = idp.requests("/userinfo").len() > before;
    behind_tls::judge(stage, (&idp, Way::TokenEndpoint), (&heard, used), what).await;
    Ok(())
}

/// Has the server sign with another key, and withdraw the one before.
fn replace_key(idp: &Idp) -> Result<(), Inconclusive> {
    let keys = idp.mock().keys();
    let replaced = keys.announce().and_then(|()| keys.rotate()).and_then(|()| keys.retire());
    replaced.map_err(|error| Inconclusive::new(error.to_string()))
}
