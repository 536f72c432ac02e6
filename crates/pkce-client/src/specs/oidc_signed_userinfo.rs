//! Signed UserInfo responses (OpenID Connect Core §5.3.2).

use oauth_types::Algorithm;
use serde_json::{Map, Value};

use crate::builder::ClientBuilder;
use crate::claims::{judge_audience, judge_issuer, time};
use crate::client::Client;
use crate::discover::Server;
use crate::error::{ConfigError, Error};
use crate::json;
use crate::jwt::{JwtError, JwtKind};
use crate::public_key::is_verified;
use crate::specs::Spec;
use crate::token::{members, signed};
use crate::transport::Endpoint;

const KIND: JwtKind = JwtKind::Userinfo;
const MEDIA_TYPE: &str = "application/jwt";
const ALGORITHMS: &str = "userinfo_signing_alg_values_supported";

/// Responses are signed with one of these.
pub(crate) struct SignedUserinfo(Vec<Algorithm>);

impl ClientBuilder {
    /// Takes nothing but signed UserInfo responses, with one of these algorithms. For clients that are registered with
    /// `userinfo_signed_response_alg`.
    pub fn signed_userinfo(self, algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        self.with_spec(SignedUserinfo(algorithms.into_iter().collect()))
    }
}

impl Spec for SignedUserinfo {
    fn accept(&self, server: &Server) -> Result<(), Error> {
        if self.0.is_empty() {
            return Err(ConfigError::NoAlgorithm.into());
        }
        if let Some(unknown) = self.0.iter().find(|algorithm| !is_verified(**algorithm)) {
            return Err(ConfigError::Algorithm(*unknown).into());
        }
        let listed = server.metadata.other.contains_key(ALGORITHMS);
        if listed && !self.0.iter().any(|algorithm| server.offers(ALGORITHMS, algorithm.as_str())) {
            return Err(Error::Unsupported("the server signs UserInfo responses with no algorithm that is allowed"));
        }
        server.endpoint(Endpoint::Userinfo, false).map(drop)
    }
}

/// The media type to ask for.
pub(crate) fn accept(client: &Client) -> &'static str {
    let is_token = client.spec::<SignedUserinfo>().is_some() || client.is_encrypted(KIND);
    if is_token { MEDIA_TYPE } else { "application/json" }
}

/// The claims of a response.
pub(crate) async fn read(client: &Client, response: http::Response<Vec<u8>>) -> Result<Map<String, Value>, Error> {
    let wanted = client.spec::<SignedUserinfo>();
    if wanted.is_none() && !client.is_encrypted(KIND) {
        return members(Endpoint::Userinfo, response);
    }
    let token = signed(Endpoint::Userinfo, response, MEDIA_TYPE)?;
    let failed = |error| KIND.failed(error);
    let token = client.decrypted(KIND, &token, wanted.is_some()).map_err(failed)?;
    let Some(SignedUserinfo(allowed)) = wanted else {
        return json::object(token.expose().as_bytes()).map_err(|error| failed(error.into()));
    };
    let claims = client.claims_of(KIND, token.expose(), allowed).await?;
    judge(client, &claims).map_err(failed)?;
    Ok(claims)
}

/// "If signed, the UserInfo Response MUST contain the Claims iss (issuer) and aud (audience) as members."
fn judge(client: &Client, claims: &Map<String, Value>) -> Result<(), JwtError> {
    let expected = client.recipient();
    judge_issuer(claims, &expected)?;
    judge_audience(claims, &expected)?;
    let now = expected.now;
    match time(claims, "exp")? {
        Some(exp) if now >= exp.saturating_add(expected.leeway.as_secs()) => Err(JwtError::Expired { exp, now }),
        _ => Ok(()),
    }
}
