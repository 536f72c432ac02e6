//! Two keys of the server have the same name, and they are for different things. A client that takes the first of that
//! name verifies logins with a key that was never meant for them.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::key::base64url;
use crate::on_clients::forged_token::{self, Right};
use crate::on_clients::stranger;
use crate::stage::Stage;
use crate::verdict::Level;
use oauth_types::fault::{Edit, Point};
use serde_json::{Value, json};

/// `rp-jwks-confused`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-jwks-confused",
        name: "Two keys of one name",
        story: story!("jwks_confused.rs"),
        capabilities: &[Capability::A1],
        citation: "FAPI 2.0 Security Profile section 5.4.3, OpenID Connect Core section 10.1, RFC 7517 section 4.5, OpenID Connect Core section 3.1.3.7",
        steps: &[
            "Publish a key of the attacker's under the name of the server's own: one for encryption, one that is symmetric.",
            "Let somebody log in at a server that lies in the token response.",
            "Sign the ID token with that key.",
            "Watch whether the client logs somebody in or uses the access token that came along.",
        ],
        secure: "The client finds the key that fits name, type, algorithm and use, and rejects the token.",
        insecure: "The client uses whichever key it finds first.",
        defence: "A key is chosen by its type, its algorithm and its use as well as by its name.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

/// A secret that is published as a key.
const PUBLISHED: &str = "a-secret-that-everybody-can-read-in-the-key-set";

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let key = stranger::key()?;
    let enc = stranger::jwk(&key, |jwk| jwk.insert("use".to_owned(), "enc".into()));
    let signed = |right: &Right<'_>| right.jwt().signed_by(&key);
    first_of_its_name(stage, enc, signed, "an ID token of a key for encryption that has the name of another").await?;
    let secret = json!({"kty": "oct", "k": base64url(PUBLISHED.as_bytes()), "use": "sig"});
    let keyed = |right: &Right<'_>| right.jwt().keyed_with(PUBLISHED);
    first_of_its_name(stage, secret, keyed, "an ID token of a symmetric key that has the name of another").await
}

/// A server that publishes this key before its own, and under the same name.
async fn first_of_its_name(
    stage: &Stage,
    mut jwk: Value,
    write: impl FnOnce(&Right<'_>) -> Result<String, Inconclusive>,
    what: &str,
) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    let keys = idp.mock().keys();
    jwk["kid"] = keys.kid(oauth_types::Algorithm::Rs256).unwrap_or_default().into_owned().into();
    let published: Vec<_> = [jwk].into_iter().chain(keys.published()).collect();
    let lie = idp.lie_at(Point::Jwks, Edit::set("keys", json!(published)));
    forged_token::signature_must_be_rejected(stage, &idp, write, what).await?;
    drop(lie);
    Ok(())
}
