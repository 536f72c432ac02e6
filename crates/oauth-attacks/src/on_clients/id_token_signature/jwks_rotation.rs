//! The server has replaced its keys. A client that never looks again locks everybody out, and one that keeps what it
//! ever knew goes on believing a key that was withdrawn because it was stolen.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::{Said, Visitor};
use crate::key::base64url;
use crate::on_clients::forged_token::{self, Right};
use crate::stage::{Heard, Stage};
use crate::verdict::Level;
use mock_idp::keys::{Keys, RotatingKeys};
use oauth_types::Algorithm;
use serde_json::Value;

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
    let keys = idp.mock().keys();
    // The first key is that of every server of this kind, and a client that knows it from another is not to forget it.
    replace(&*keys)?;
    forged_token::control(stage, &idp).await?;
    // Keys of this kind come in the same order wherever they are: this is the one that the server is about to withdraw.
    let stolen = RotatingKeys::new();
    replace(&stolen)?;
    let kid = keys.kid(Algorithm::Rs256).filter(|kid| stolen.kid(Algorithm::Rs256).as_ref() == Some(kid));
    let kid = kid.ok_or_else(|| Inconclusive::new("the server has keys of its own"))?.into_owned();
    replace(&*keys)?;
    match stage.login(&Visitor::new(), &idp).await? {
        Heard::Said(Said::Accepted { .. }) => stage.withstood("the client found the new key"),
        heard => {
            stage.violated(format!("the client does not find a key that replaced another: {heard}"));
            return Ok(());
        }
    };
    let withdrawn = |right: &Right<'_>| {
        let mut header = right.header.clone();
        header.insert("kid".to_owned(), kid.as_str().into());
        let parts = [header, right.claims.clone()].map(|part| base64url(Value::from(part).to_string().as_bytes()));
        let input = parts.join(".");
        let signature = stolen.sign(Algorithm::Rs256, input.as_bytes());
        let signature = signature.map_err(|error| Inconclusive::new(error.to_string()))?;
        Ok(format!("{input}.{}", base64url(&signature)))
    };
    forged_token::signature_must_be_rejected(stage, &idp, withdrawn, "an ID token of a key that was withdrawn").await
}

/// Another key signs from now on, and the one before is withdrawn.
fn replace(keys: &dyn Keys) -> Result<(), Inconclusive> {
    let replaced = keys.announce().and_then(|()| keys.rotate()).and_then(|()| keys.retire());
    replaced.map_err(|error| Inconclusive::new(error.to_string()))
}
