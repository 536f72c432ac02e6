//! RFC 9101, JWT-Secured Authorization Requests: the request is signed, so that nobody on the way can change it.

use std::any::Any;

use oauth_types::{Params, Secret};
use serde_json::{Map, Value};

use crate::builder::ClientBuilder;
use crate::client::Client;
use crate::dice;
use crate::discover::Server;
use crate::error::{ConfigError, Error};
use crate::signing_key::SigningKey;
use crate::specs::Spec;
use crate::transport::BoxFuture;

/// How long a request object is valid, in seconds. It is used at once, or not at all.
const LIFETIME: u64 = 5 * 60;

/// The member of the metadata that lists what request objects may be signed with (OpenID Connect Discovery §3).
const ALGORITHMS: &str = "request_object_signing_alg_values_supported";

/// Requests are signed with this key.
pub(crate) struct Signed {
    key: SigningKey,
}

impl ClientBuilder {
    /// Signs authorization requests with `key`, whose public half the server knows as one of this client's.
    ///
    /// All parameters go into the token; beside it there is only `client_id` (§5). Where requests are pushed, the token is
    /// pushed (RFC 9126 §3).
    ///
    /// Making the client fails if the server does not list the key's algorithm in
    /// `request_object_signing_alg_values_supported`; without this call it fails if the server takes signed requests alone
    /// (`require_signed_request_object`, §10.5).
    pub fn signed_requests(self, key: SigningKey) -> Self {
        self.with_spec(Signed { key })
    }
}

/// §10.5: a server that takes signed requests alone gets no others.
pub(crate) fn judge(server: &Server, specs: &[Box<dyn Spec>]) -> Result<(), ConfigError> {
    let signed = specs.iter().any(|spec| (&**spec as &dyn Any).is::<Signed>());
    match server.says("require_signed_request_object") && !signed {
        true => Err(ConfigError::SignedRequestsRequired),
        false => Ok(()),
    }
}

impl Spec for Signed {
    fn accept(&self, server: &Server) -> Result<(), Error> {
        let algorithm = self.key.algorithm();
        match server.offers(ALGORITHMS, algorithm.as_str()) {
            true => Ok(()),
            false => Err(ConfigError::SigningAlgorithm { algorithm, member: ALGORITHMS }.into()),
        }
    }

    fn carry<'a>(&'a self, client: &'a Client, params: Params) -> BoxFuture<'a, Result<Params, Error>> {
        let object = self.object(client, &params);
        let outside =
            |object: Secret| Params::new().with("client_id", client.client_id()).with("request", object.expose());
        Box::pin(std::future::ready(object.map(outside)))
    }
}

impl Signed {
    /// §4: a token with all parameters of the request.
    fn object(&self, client: &Client, params: &Params) -> Result<Secret, Error> {
        let inner = &client.inner;
        let now = inner.clock.now();
        let mut claims = Map::new();
        let mut names: Vec<&str> = params.iter().map(|(name, _)| name).collect();
        names.dedup();
        for name in names {
            claims.insert(name.to_owned(), claim(name, params.all(name).collect()));
        }
        let mut set = |name: &str, value: Value| claims.insert(name.to_owned(), value);
        set("iss", client.client_id().into());
        set("aud", client.issuer().into());
        set("iat", now.into());
        // The server's clock may be behind.
        set("nbf", now.saturating_sub(inner.leeway.as_secs()).into());
        set("exp", now.saturating_add(LIFETIME).into());
        set("jti", dice::token(&*inner.dice)?.expose().into());
        Ok(self.key.sign("oauth-authz-req+jwt", Map::new(), &claims))
    }
}

/// §4: texts are JSON strings, numbers JSON numbers, and what is JSON itself is not written as a text.
fn claim(name: &str, values: Vec<&str>) -> Value {
    match (name, &values[..]) {
        ("resource", [_, _, ..]) => values.into(),
        ("max_age", [seconds]) => seconds.parse::<u64>().map_or_else(|_| (*seconds).into(), Value::from),
        ("claims" | "authorization_details", [json]) => serde_json::from_str(json).unwrap_or_else(|_| (*json).into()),
        (_, values) => values.first().copied().unwrap_or_default().into(),
    }
}
