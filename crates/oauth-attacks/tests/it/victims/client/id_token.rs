//! Verifying an ID token (OpenID Connect Core section 3.1.3.7).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, crypto};
use mock_idp::keys::{FixedKeys, Keys as _};
use oauth_attacks::Rejected;
use serde_json::Value;

use super::{Defence, Login, Victim};

/// How far clocks may differ, in seconds.
const LEEWAY: f64 = 60.0;

impl Victim {
    /// Verifies an ID token and returns its subject.
    pub(super) async fn verify(&self, login: &Login, token: &str, nonce: &str) -> Result<String, Rejected> {
        let (message, signature) = token.rsplit_once('.').ok_or_else(|| Rejected::new("no JWT"))?;
        let (header, claims) = message.split_once('.').ok_or_else(|| Rejected::new("no JWT"))?;
        let (header, claims) = (json(header)?, json(claims)?);
        if !self.is_signed(login, &header, (message, signature)).await? {
            return Err(Rejected::new("bad signature"));
        }
        self.check_claims(login, &claims, nonce)?;
        Ok(claims["sub"].as_str().ok_or_else(|| Rejected::new("no subject"))?.to_owned())
    }

    /// Whether a token bears a signature of the server.
    pub(super) async fn is_signed_by_server(&self, login: &Login, token: &str) -> Result<bool, Rejected> {
        let (message, signature) = token.rsplit_once('.').ok_or_else(|| Rejected::new("no JWT"))?;
        let (header, _) = message.split_once('.').ok_or_else(|| Rejected::new("no JWT"))?;
        self.is_signed(login, &json(header)?, (message, signature)).await
    }

    pub(super) async fn is_signed(
        &self,
        login: &Login,
        header: &Value,
        (message, signature): (&str, &str),
    ) -> Result<bool, Rejected> {
        let algorithm = header["alg"].as_str().unwrap_or_default();
        if algorithm.eq_ignore_ascii_case("none") && !self.on(Defence::SignatureRequired) {
            return Ok(true);
        }
        let offered = login.metadata.id_token_signing_alg_values_supported.as_ref();
        let offered = offered.is_some_and(|all| all.iter().any(|own| own == algorithm));
        if algorithm == "none" && offered && !self.on(Defence::AlgorithmsNotOfMetadata) {
            return Ok(true);
        }
        if algorithm == "HS256" && !self.on(Defence::AlgorithmFixed) {
            let pem = FixedKeys.public_pem(oauth_types::Algorithm::Rs256);
            let key = DecodingKey::from_secret(pem.as_bytes());
            return Ok(crypto::verify(signature, message.as_bytes(), &key, Algorithm::HS256).unwrap_or(false));
        }
        if algorithm != "RS256" {
            return Err(Rejected::new("algorithm not allowed"));
        }
        let (_, set) = self.json(self.http.get(login.metadata.jwks_uri.as_deref().unwrap_or_default())).await?;
        let keys = set["keys"].as_array().cloned().unwrap_or_default();
        let key = keys.iter().find(|key| key["kid"] == header["kid"] && key["kty"] == "RSA");
        let key = key.ok_or_else(|| Rejected::new("unknown key"))?;
        let (n, e) = (key["n"].as_str().unwrap_or_default(), key["e"].as_str().unwrap_or_default());
        let key = DecodingKey::from_rsa_components(n, e).map_err(|_| Rejected::new("unusable key"))?;
        Ok(crypto::verify(signature, message.as_bytes(), &key, Algorithm::RS256).unwrap_or(false))
    }

    fn check_claims(&self, login: &Login, claims: &Value, nonce: &str) -> Result<(), Rejected> {
        if claims["iss"] != login.provider.issuer.as_str() && self.on(Defence::TokenIssuerCompared) {
            return Err(Rejected::new("ID token of another issuer"));
        }
        let own = login.provider.client.client_id.as_str();
        let for_us = claims["aud"] == own || claims["aud"].as_array().is_some_and(|list| list == &[own]);
        if !for_us && self.on(Defence::AudienceCompared) {
            return Err(Rejected::new("ID token for another client"));
        }
        let absent = claims["nonce"].is_null() || claims["nonce"] == "";
        let defence = if absent { Defence::NonceRequired } else { Defence::NonceCompared };
        if claims["nonce"] != nonce && self.on(defence) {
            return Err(Rejected::new("ID token of another login"));
        }
        self.check_times(claims)
    }

    fn check_times(&self, claims: &Value) -> Result<(), Rejected> {
        let (expires, from) = (self.time(claims, "exp")?, self.time(claims, "nbf")?);
        self.time(claims, "iat")?;
        let now = now();
        if expires.is_none_or(|expires| expires + LEEWAY <= now) && self.on(Defence::ExpiryCompared) {
            return Err(Rejected::new("expired ID token"));
        }
        if from.is_some_and(|from| from > now + LEEWAY) {
            return Err(Rejected::new("ID token of the future"));
        }
        Ok(())
    }

    fn time(&self, claims: &Value, name: &str) -> Result<Option<f64>, Rejected> {
        match claims.get(name) {
            None => Ok(None),
            Some(Value::Number(number)) => Ok(number.as_f64()),
            Some(_) if !self.on(Defence::TimesAreNumbers) => Ok(None),
            Some(_) => Err(Rejected::new("malformed time")),
        }
    }
}

pub(super) fn json(part: &str) -> Result<Value, Rejected> {
    let octets = URL_SAFE_NO_PAD.decode(part).map_err(|_| Rejected::new("no JWT"))?;
    serde_json::from_slice(&octets).map_err(|_| Rejected::new("no JWT"))
}

#[expect(clippy::disallowed_methods, reason = "the victim has a clock of its own, which is the system's")]
pub(super) fn now() -> f64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.expect("a clock after 1970").as_secs_f64()
}
