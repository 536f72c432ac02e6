//! The keys of a client: what it signs for each request, and how the server is told of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use mock_idp::clock::{AdjustableClock, Clock};

/// The client that has them.
pub(super) const CLIENT_ID: &str = "keyed";
pub(super) const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// One key for ES256, for assertions and for proofs.
#[derive(Clone)]
pub(super) struct Keys {
    pair: Arc<EcdsaKeyPair>,
    made: Arc<AtomicU64>,
}

impl Keys {
    pub(super) fn generate() -> Result<Self, String> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(|_| "no key could be made")?;
        Ok(Self { pair: Arc::new(pair), made: Arc::default() })
    }

    /// The public key as a point that is not compressed (SEC 1 §2.3.3), in base64url.
    pub(super) fn point(&self) -> String {
        encoded(self.pair.public_key())
    }

    /// A configuration with a client that has the key.
    pub(super) fn config(&self) -> String {
        let (x, y) = self.coordinates();
        format!(
            "[[client]]\nclient_id = \"{CLIENT_ID}\"\nany_loopback_redirect = true\n\
             token_endpoint_auth_method = \"private_key_jwt\"\n[client.metadata]\n\
             jwks = {{ keys = [{{ kty = \"EC\", crv = \"P-256\", kid = \"one\", x = \"{x}\", y = \"{y}\" }}] }}\n"
        )
    }

    /// An assertion for a server with this issuer (RFC 7523 §3).
    pub(super) fn assertion(&self, issuer: &str) -> Result<String, String> {
        let (now, jti) = (now(), self.jti());
        self.signed(
            r#"{"alg":"ES256","kid":"one","typ":"client-authentication+jwt"}"#,
            &format!(
                r#"{{"iss":"{CLIENT_ID}","sub":"{CLIENT_ID}","aud":"{issuer}","jti":"{jti}","iat":{now},"exp":{}}}"#,
                now + 60
            ),
        )
    }

    /// A proof for a POST to this URL (RFC 9449 §4.2).
    pub(super) fn proof(&self, url: &str) -> Result<String, String> {
        let (x, y) = self.coordinates();
        self.signed(
            &format!(r#"{{"typ":"dpop+jwt","alg":"ES256","jwk":{{"kty":"EC","crv":"P-256","x":"{x}","y":"{y}"}}}}"#),
            &format!(r#"{{"jti":"{}","htm":"POST","htu":"{url}","iat":{}}}"#, self.jti(), now()),
        )
    }

    fn signed(&self, header: &str, claims: &str) -> Result<String, String> {
        let text = format!("{}.{}", encoded(header), encoded(claims));
        let signature = self.pair.sign(&SystemRandom::new(), text.as_bytes()).map_err(|_| "signing failed")?;
        Ok(format!("{text}.{}", encoded(signature)))
    }

    fn coordinates(&self) -> (String, String) {
        let (x, y) = self.pair.public_key().as_ref()[1..].split_at(32);
        (encoded(x), encoded(y))
    }

    /// 16 octets that are not used twice, in base64url.
    fn jti(&self) -> String {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        encoded(&digest(&SHA256, &number.to_be_bytes()).as_ref()[..16])
    }
}

fn now() -> u64 {
    AdjustableClock::new().now()
}

fn encoded(octets: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(octets)
}
