//! RFC 9701, JWT Response for OAuth Token Introspection: the answer is signed, so that it can be shown to others later.

use oauth_types::Secret;
use serde_json::{Map, Value};

use crate::claims::{judge_audience, judge_issuer, time};
use crate::client::Client;
use crate::error::Error;
use crate::jwt::{JwtError, JwtKind};
use crate::specs::rfc7662_introspection::{ENDPOINT, Introspection};
use crate::token::signed;

const KIND: JwtKind = JwtKind::Introspection;
const MEDIA_TYPE: &str = "application/token-introspection+jwt";
const ALGORITHMS: &str = "introspection_signing_alg_values_supported";

impl Client {
    /// Asks what `token` stands for, and takes nothing but a signed answer (§4, §5).
    ///
    /// Its algorithm has to be one of [`ClientBuilder::id_token_algorithms`], its signature one of the server's, `iss` the
    /// server, and `aud` this client, so that an answer to somebody else is not taken for it.
    ///
    /// # Errors
    /// [`Error::Unsupported`] also if the server says that it signs such answers with other algorithms; [`Error::Jwt`] if the
    /// answer is not valid; [`Error::Protocol`] if it is not signed; the errors of [`Client::introspect`].
    ///
    /// [`ClientBuilder::id_token_algorithms`]: crate::ClientBuilder::id_token_algorithms
    pub async fn introspect_signed(&self, token: &Secret) -> Result<Introspection, Error> {
        let params = self.introspection(token)?;
        let (server, allowed) = (&self.inner.server, &self.inner.algorithms);
        let listed = server.metadata.other.contains_key(ALGORITHMS);
        if listed && !allowed.iter().any(|algorithm| server.offers(ALGORITHMS, algorithm.as_str())) {
            return Err(Error::Unsupported(
                "the server signs introspection answers with no algorithm that is allowed",
            ));
        }
        let answer = signed(ENDPOINT, self.post_for(ENDPOINT, params, MEDIA_TYPE).await?, MEDIA_TYPE)?;
        let claims = self.claims_of(KIND, answer.expose(), allowed).await?;
        self.introspected(self.judge_introspection(claims).map_err(|error| KIND.failed(error))?)
    }

    fn judge_introspection(&self, mut claims: Map<String, Value>) -> Result<Map<String, Value>, JwtError> {
        let expected = self.recipient();
        judge_issuer(&claims, &expected)?;
        judge_audience(&claims, &expected)?;
        let (now, iat) = (expected.now, time(&claims, "iat")?.ok_or(JwtError::Missing("iat"))?);
        if iat > now.saturating_add(expected.leeway.as_secs()) {
            return Err(JwtError::IssuedInFuture { iat, now });
        }
        match claims.remove("token_introspection") {
            Some(Value::Object(members)) => Ok(members),
            Some(_) => Err(JwtError::Malformed("token_introspection")),
            None => Err(JwtError::Missing("token_introspection")),
        }
    }
}
