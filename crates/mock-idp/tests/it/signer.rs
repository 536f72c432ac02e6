//! What clients sign with: a key of their own, proofs (RFC 9449 §4.2) and assertions (RFC 7523 §3). Nothing of the server
//! is used for it, so that the two cannot be wrong together.

use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::request::Builder;
use http::{HeaderValue, Method, Request};
use mock_idp::MockIdp;
use mock_idp::clock::Clock;
use oauth_types::Params;
use serde_json::{Value, json};

/// A key for ES256.
pub(crate) struct Signer(EcdsaKeyPair);

/// A token that is still to be signed.
#[derive(Clone)]
pub(crate) struct Draft {
    pub(crate) header: Value,
    pub(crate) claims: Value,
}

impl Signer {
    pub(crate) fn new() -> Self {
        Self(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key"))
    }

    /// The public key.
    pub(crate) fn jwk(&self) -> Value {
        // SEC 1 §2.3.3: 4, then both coordinates.
        let point = self.0.public_key().as_ref();
        json!({"kty": "EC", "crv": "P-256", "x": encoded(&point[1..33]), "y": encoded(&point[33..])})
    }

    /// A set of this key alone, by the name `kid`.
    pub(crate) fn jwks(&self, kid: &str) -> Value {
        let mut jwk = self.jwk();
        jwk["kid"] = kid.into();
        json!({"keys": [jwk]})
    }

    /// The thumbprint (RFC 7638 §3).
    pub(crate) fn jkt(&self) -> String {
        let jwk = self.jwk();
        hashed(&format!(r#"{{"crv":"P-256","kty":"EC","x":{},"y":{}}}"#, jwk["x"], jwk["y"]))
    }

    /// A signed token. Its `alg` is whatever the header says.
    pub(crate) fn sign(&self, draft: &Draft) -> String {
        let text = format!("{}.{}", encoded(draft.header.to_string()), encoded(draft.claims.to_string()));
        let signature = self.0.sign(&SystemRandom::new(), text.as_bytes()).expect("a signature");
        format!("{text}.{}", encoded(signature))
    }

    /// A proof for a request to `path`, with nothing wrong.
    pub(crate) fn proof(&self, idp: &MockIdp, method: &Method, path: &str) -> Draft {
        let header = json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": self.jwk()});
        let url = format!("{}{path}", idp.issuer());
        let claims = json!({"jti": unique(), "htm": method.as_str(), "htu": url, "iat": idp.clock().now()});
        Draft { header, claims }
    }

    /// A proof for a token request.
    pub(crate) fn at_token(&self, idp: &MockIdp) -> String {
        self.sign(&self.proof(idp, &Method::POST, "/token"))
    }

    /// A proof for a request to UserInfo with `token`.
    pub(crate) fn at_userinfo(&self, idp: &MockIdp, token: &str) -> String {
        self.sign(&self.proof(idp, &Method::GET, "/userinfo").claim("ath", hashed(token)))
    }

    /// An assertion of `client_id`, with nothing wrong (RFC 7523 §3).
    pub(crate) fn assertion(&self, idp: &MockIdp, client_id: &str) -> Draft {
        assertion(idp, client_id, "ES256")
    }
}

/// An assertion of `client_id` that is to be signed with `algorithm`.
pub(crate) fn assertion(idp: &MockIdp, client_id: &str, algorithm: &str) -> Draft {
    let now = idp.clock().now();
    let claims = json!({
        "iss": client_id, "sub": client_id, "aud": idp.issuer(), "jti": unique(), "iat": now, "exp": now + 60,
    });
    Draft { header: json!({"alg": algorithm}), claims }
}

impl Draft {
    /// The token with the keyed hash HS256 in place of a signature (RFC 7518 §3.2).
    pub(crate) fn keyed(&self, secret: impl AsRef<[u8]>) -> String {
        let text = format!("{}.{}", encoded(self.header.to_string()), encoded(self.claims.to_string()));
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_ref()), text.as_bytes());
        format!("{text}.{}", encoded(tag))
    }

    /// The same with a member of the header set; `null` takes it out.
    pub(crate) fn member(mut self, name: &str, value: impl Into<Value>) -> Self {
        put(&mut self.header, name, value.into());
        self
    }

    /// The same with a claim set; `null` takes it out.
    pub(crate) fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        put(&mut self.claims, name, value.into());
        self
    }
}

fn put(members: &mut Value, name: &str, value: Value) {
    let members = members.as_object_mut().expect("an object");
    match value {
        Value::Null => drop(members.remove(name)),
        value => drop(members.insert(name.to_owned(), value)),
    }
}

pub(crate) fn encoded(octets: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(octets)
}

/// The SHA-256 of `text` in base64url: `ath`, `jkt`.
pub(crate) fn hashed(text: &str) -> String {
    encoded(digest(&SHA256, text.as_bytes()))
}

/// A `jti` that no other token of this process has.
pub(crate) fn unique() -> String {
    static LAST: AtomicU64 = AtomicU64::new(0);
    format!("jti-{}", LAST.fetch_add(1, Ordering::Relaxed))
}

/// A POST of a form.
pub(crate) fn posting(path: &str, params: &Params) -> (Builder, Bytes) {
    let request = Request::post(path).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    (request, params.encode().into())
}

/// A request with a proof.
pub(crate) fn proven((request, body): (Builder, Bytes), proof: &str) -> Request<Bytes> {
    let proof = HeaderValue::from_bytes(proof.as_bytes()).expect("a header");
    request.header("dpop", proof).body(body).expect("a request")
}

/// A request to UserInfo by the scheme `DPoP`.
pub(crate) fn userinfo(token: &str) -> (Builder, Bytes) {
    (Request::get("/userinfo").header(AUTHORIZATION, format!("DPoP {token}")), Bytes::new())
}
