//! The floor of a flow with keys: a pushed request and a token request, each with an assertion and a proof that are
//! taken apart and verified, the client's key parsed once and that of a proof each time, as it comes with it.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ParsedPublicKey, UnparsedPublicKey};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use mock_idp::dice::{Dice, SystemDice};
use pkce_core::Challenge;
use serde::Deserialize;

use super::{Asked, Floor, Pending};

/// The key of the client that has one.
pub(super) struct Known(Option<ParsedPublicKey>);

#[derive(Deserialize)]
struct Header<'a> {
    #[serde(borrow)]
    jwk: Jwk<'a>,
}

#[derive(Deserialize)]
struct Jwk<'a> {
    x: &'a str,
    y: &'a str,
}

impl Known {
    pub(super) fn parse(point: &str) -> Option<Self> {
        if point.is_empty() {
            return Some(Self(None));
        }
        let point = BASE64_URL_SAFE_NO_PAD.decode(point).ok()?;
        ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).ok().map(Some).map(Self)
    }

    /// Whether an assertion is signed by the client.
    pub(super) fn signed(&self, assertion: &str) -> Option<()> {
        let (signed, signature) = assertion.rsplit_once('.')?;
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).ok()?;
        self.0.as_ref()?.verify_sig(signed.as_bytes(), &signature).ok()
    }
}

/// The thumbprint of the key that signed a proof, and is in its header.
pub(super) fn proven(proof: &str) -> Option<String> {
    let (signed, signature) = proof.rsplit_once('.')?;
    let header = BASE64_URL_SAFE_NO_PAD.decode(signed.split_once('.')?.0).ok()?;
    let Header { jwk: Jwk { x, y } } = serde_json::from_slice(&header).ok()?;
    let mut point = Vec::with_capacity(65);
    point.push(4);
    BASE64_URL_SAFE_NO_PAD.decode_vec(x, &mut point).ok()?;
    BASE64_URL_SAFE_NO_PAD.decode_vec(y, &mut point).ok()?;
    let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).ok()?;
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
    key.verify(signed.as_bytes(), &signature).ok()?;
    let jwk = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
    Some(BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, jwk.as_bytes())))
}

impl Floor {
    /// Keeps a pushed request (RFC 9126 §2.2).
    pub(super) fn push(&self, form: &[u8], proof: &str) -> Option<String> {
        let asked = Asked::read(form);
        self.known.signed(asked.assertion.as_deref()?)?;
        let jkt = proven(proof)?;
        let pending = Pending {
            challenge: Challenge::parse(asked.challenge.as_deref()?).ok()?,
            scope: asked.scope?.into_owned(),
            nonce: asked.nonce?.into_owned(),
            jkt: Some(jkt),
            back: Some((asked.redirect_uri?.into_owned(), asked.state?.into_owned())),
        };
        let reference = format!("urn:ietf:params:oauth:request_uri:{}", SystemDice.handle());
        let answer = format!(r#"{{"expires_in":60,"request_uri":"{reference}"}}"#);
        self.keep(reference, pending);
        Some(answer)
    }
}
