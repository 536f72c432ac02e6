//! RFC 7523 §2.2, RFC 7521 §4.2 and OpenID Connect Core §9: the client signs who it is, in place of sending a secret.
//!
//! The audience is the issuer and nothing else (draft-ietf-oauth-rfc7523bis §4): an assertion that names an endpoint
//! could be used at another server that named the same endpoint.

use oauth_types::{Algorithm, Secret};
use serde_json::{Map, Value, json};

use crate::authentication::Authentication;
use crate::builder::ClientBuilder;
use crate::client::Client;
use crate::crypto::Mac;
use crate::dice;
use crate::error::{ConfigError, Error};
use crate::exchange::Form;
use crate::signing_key::{SigningKey, compact};

/// What the assertion says it is (draft-ietf-oauth-rfc7523bis §4): no other token can be taken for it.
const TYP: &str = "client-authentication+jwt";

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// How long an assertion is good for, in seconds. It is made just before it is sent.
const LIFETIME: u64 = 60;

/// RFC 7518 §3.2: "A key of the same size as the hash output (for instance, 256 bits for "HS256") or larger MUST be
/// used".
const MIN_SECRET: usize = 32;

/// `private_key_jwt`.
struct PrivateKey(SigningKey);

/// `client_secret_jwt`.
struct Keyed {
    key: Mac,
    is_long_enough: bool,
}

impl ClientBuilder {
    /// Makes it a confidential client that signs who it is with `key`, `private_key_jwt` (OpenID Connect Core §9). The
    /// server knows the public half, see [`SigningKey::public_jwk`]; if it knows several, give the key its name there
    /// ([`SigningKey::with_kid`]).
    ///
    /// Each request has an assertion of its own, for the issuer alone, good for 60 seconds.
    /// The client is not made if the server does not offer the method, or lists algorithms without that of `key`.
    pub fn private_key_jwt(self, key: SigningKey) -> Self {
        self.authenticated_by(PrivateKey(key))
    }

    /// Makes it a confidential client that signs who it is with its secret and HS256, `client_secret_jwt` (OpenID Connect
    /// Core §9). The secret itself is not sent. It has at least 32 octets, or the client is not made.
    ///
    /// A private key is better: the server has nothing then that could be stolen there.
    pub fn client_secret_jwt(self, secret: impl Into<Secret>) -> Self {
        let secret = secret.into();
        let octets = secret.expose().as_bytes();
        let is_long_enough = octets.len() >= MIN_SECRET;
        self.authenticated_by(Keyed { key: Mac::new(octets), is_long_enough })
    }
}

impl Authentication for PrivateKey {
    fn method(&self) -> &'static str {
        "private_key_jwt"
    }

    fn algorithm(&self) -> Option<Algorithm> {
        Some(self.0.algorithm())
    }

    fn authenticate(&self, client: &Client, form: &mut Form) -> Result<(), Error> {
        present(client, form, &self.0.sign(TYP, Map::new(), &claims(client)?));
        Ok(())
    }
}

impl Authentication for Keyed {
    fn method(&self) -> &'static str {
        "client_secret_jwt"
    }

    fn algorithm(&self) -> Option<Algorithm> {
        Some(Algorithm::Hs256)
    }

    fn judge(&self) -> Result<(), ConfigError> {
        if self.is_long_enough { Ok(()) } else { Err(ConfigError::ShortSecret) }
    }

    fn authenticate(&self, client: &Client, form: &mut Form) -> Result<(), Error> {
        let header = object([("alg", Algorithm::Hs256.as_str().into()), ("typ", TYP.into())]);
        let assertion = compact(&header, &claims(client)?, |text| self.key.sign(text));
        present(client, form, &assertion);
        Ok(())
    }
}

/// RFC 7523 §3, OpenID Connect Core §9. Whoever reads it takes it once: `jti` is drawn for each.
fn claims(client: &Client) -> Result<Map<String, Value>, Error> {
    let now = client.inner.clock.now();
    let jti = dice::token(&*client.inner.dice)?;
    Ok(object([
        ("iss", client.client_id().into()),
        ("sub", client.client_id().into()),
        // "as its sole value", and FAPI 2.0 Security Profile §5.3.2.1: "as a string".
        ("aud", client.issuer().into()),
        ("jti", jti.expose().into()),
        ("iat", json!(now)),
        ("exp", json!(now.saturating_add(LIFETIME))),
    ]))
}

/// RFC 7521 §4.2. `client_id` is not needed beside an assertion, and allowed if it is the same; some servers look for
/// it.
fn present(client: &Client, form: &mut Form, assertion: &Secret) {
    form.params.set("client_id", client.client_id());
    form.params.set("client_assertion_type", ASSERTION_TYPE);
    form.params.set("client_assertion", assertion.expose());
}

fn object<const N: usize>(members: [(&str, Value); N]) -> Map<String, Value> {
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
