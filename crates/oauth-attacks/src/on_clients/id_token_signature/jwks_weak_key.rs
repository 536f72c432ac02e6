//! Among the keys of the server are some that nobody should verify with: too short, with an exponent of one, symmetric,
//! for another algorithm, or for encryption. A client that uses them lets everybody sign who can break them, or who was
//! given them for something else.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::idp::Idp;
use crate::key::{Jwt, Key, base64url};
use crate::on_clients::forged_token::Right;
use crate::on_clients::{forged_token, lying_token, stranger};
use crate::stage::Stage;
use crate::verdict::Level;
use mock_idp::jose::compact;
use oauth_types::fault::{Edit, Point, Signature};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

/// `rp-jwks-weak-key`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-jwks-weak-key",
        name: "Key set with keys that should not sign",
        story: story!("jwks_weak_key.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 8725 sections 3.1, 3.4 and 3.5, RFC 7518 section 3.3, RFC 7517 section 4, OpenID Connect Core section 3.1.3.7",
        steps: &[
            "Publish one such key after the other besides the server's own.",
            "Let somebody log in at a server that lies in the token response.",
            "Sign the ID token with that key.",
            "Watch whether the client logs somebody in or uses the access token that came along.",
        ],
        secure: "The client does not use the key, and rejects the token.",
        insecure: "The client verifies with whatever has the right name.",
        defence: "A key is used only if it is strong, public, and meant for this algorithm and for signatures.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

/// A secret that is published as a key.
const PUBLISHED: &str = "a-secret-that-everybody-can-read-in-the-key-set";

/// The octets that stand before a hash of SHA-256 in a signature of RS256 (RFC 8017 section 9.2).
const DIGEST_INFO: [u8; 19] =
    [0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0, 0x04, 0x20];

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    let short = vec![Edit::sign(Signature::WeakKey)];
    lying_token::signature_must_be_rejected(stage, &idp, short, "an ID token of an RSA key of 1024 bits").await?;
    drop(idp);
    let key = stranger::key()?;
    let of_one =
        json!({"kty": "RSA", "kid": key.kid(), "n": key.jwk()["n"], "e": "AQ", "alg": "RS256", "use": "sig"});
    let one = |right: &Right<'_>| Ok(signed_by_one(right.by(&key)));
    published(stage, of_one, one, "an ID token of a key whose exponent is one").await?;
    let secret = json!({"kty": "oct", "kid": key.kid(), "k": base64url(PUBLISHED.as_bytes()), "alg": "HS256"});
    let keyed = |right: &Right<'_>| right.by(&key).keyed_with(PUBLISHED);
    published(stage, secret, keyed, "an ID token of a symmetric key that is published").await?;
    let other = stranger::jwk(&key, |jwk| jwk.insert("alg".to_owned(), "RS512".into()));
    published(stage, other, by(&key), "an ID token of a key for another algorithm").await?;
    let enc = stranger::jwk(&key, |jwk| jwk.insert("use".to_owned(), "enc".into()));
    meant_otherwise(stage, enc, &key, "an ID token of a key for encryption").await?;
    let ops = stranger::jwk(&key, |jwk: &mut Map<String, Value>| {
        jwk.remove("use");
        jwk.insert("key_ops".to_owned(), json!(["encrypt", "wrapKey"]))
    });
    meant_otherwise(stage, ops, &key, "an ID token of a key whose operations are to encrypt and to wrap").await
}

fn by(key: &Key) -> impl Fn(&Right<'_>) -> Result<String, Inconclusive> {
    |right| right.by(key).signed_by(key)
}

/// A server that publishes this key besides its own.
async fn server(stage: &Stage, jwk: Value) -> Result<(Idp, crate::idp::Lie), Inconclusive> {
    let idp = stage.idp().await?;
    let keys: Vec<_> = idp.mock().keys().published().into_iter().chain([jwk]).collect();
    let lie = idp.lie_at(Point::Jwks, Edit::set("keys", json!(keys)));
    Ok((idp, lie))
}

async fn published(
    stage: &Stage,
    jwk: Value,
    write: impl FnOnce(&Right<'_>) -> Result<String, Inconclusive>,
    what: &str,
) -> Result<(), Inconclusive> {
    let (idp, _lie) = server(stage, jwk).await?;
    forged_token::signature_must_be_rejected(stage, &idp, write, what).await
}

async fn meant_otherwise(stage: &Stage, jwk: Value, key: &Key, what: &str) -> Result<(), Inconclusive> {
    let (idp, _lie) = server(stage, jwk).await?;
    forged_token::should_be_rejected(stage, &idp, by(key), what).await
}

/// With an exponent of one, the padded hash is the signature (RFC 8017 section 8.2).
fn signed_by_one(token: Jwt) -> String {
    let input = token.header("alg", "RS256").with_signature(&[]).trim_end_matches('.').to_owned();
    let digest = Sha256::digest(input.as_bytes());
    let padding = vec![0xff; 256 - 3 - DIGEST_INFO.len() - digest.len()];
    let signature = [&[0, 1][..], &padding, &[0], &DIGEST_INFO, &digest].concat();
    compact(input, &signature)
}
