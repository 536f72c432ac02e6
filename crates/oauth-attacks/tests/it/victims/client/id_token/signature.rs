//! The signature of a token (RFC 7515 section 5.2), by the algorithm that was agreed on.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, crypto};
use mock_idp::keys::{FixedKeys, Keys as _};
use oauth_attacks::Rejected;
use oauth_attacks::target::ClientAuth;
use serde_json::Value;

use super::segments::Segments;
use crate::victims::client::{Defence, Login, Victim};

impl Victim {
    pub(in crate::victims::client) async fn is_signed(
        &self,
        login: &Login,
        header: &Value,
        token: &Segments<'_>,
    ) -> Result<bool, Rejected> {
        let algorithm = header["alg"].as_str().unwrap_or_default();
        if algorithm.eq_ignore_ascii_case("none") && !self.on(Defence::SignatureRequired)
            || token.signature.is_empty() && !self.on(Defence::EmptySignatureWrong)
            || !self.on(Defence::SignatureVerified)
        {
            return Ok(true);
        }
        if algorithm == "none" && offers(login, algorithm) && !self.on(Defence::AlgorithmsNotOfMetadata) {
            return Ok(true);
        }
        if algorithm == "HS256"
            && let Some(secret) = self.secret_for(login, header)
        {
            return Ok(verified(token, &DecodingKey::from_secret(&secret), Algorithm::HS256));
        }
        if algorithm != agreed(login) && self.on(Defence::AlgorithmAgreed) {
            return Err(Rejected::new("algorithm not allowed"));
        }
        let zero =
            URL_SAFE_NO_PAD.decode(&token.signature).is_ok_and(|octets| octets.iter().all(|octet| *octet == 0));
        if algorithm == "ES256" && zero && !self.on(Defence::SignatureInRange) {
            return Ok(true);
        }
        let key = self.signing_key(login, header, algorithm).await?;
        let unusable = |_| Rejected::new("unusable key");
        let text = |name: &str| key[name].as_str().unwrap_or_default();
        let decoding = match key["kty"].as_str() {
            Some("EC") => DecodingKey::from_ec_components(text("x"), text("y")).map_err(unusable)?,
            _ => DecodingKey::from_rsa_components(text("n"), text("e")).map_err(unusable)?,
        };
        let algorithm = algorithm.parse().map_err(|_| Rejected::new("unknown algorithm"))?;
        Ok(verified(token, &decoding, algorithm))
    }

    /// What a careless client would take for the secret of HS256.
    fn secret_for(&self, login: &Login, header: &Value) -> Option<Vec<u8>> {
        let kid = header["kid"].as_str().unwrap_or_default();
        if !self.on(Defence::AlgorithmFixed) {
            return Some(FixedKeys.public_pem(oauth_types::Algorithm::Rs256).into_bytes());
        }
        if !self.on(Defence::KeyOctetsNoSecret) {
            let pem = FixedKeys.public_pem(oauth_types::Algorithm::Rs256);
            return STANDARD.decode(pem.lines().filter(|line| !line.starts_with("---")).collect::<String>()).ok();
        }
        if !self.on(Defence::SecretIsNoKey)
            && let ClientAuth::Basic(secret) = &login.provider.client.auth
        {
            return Some(secret.expose().as_bytes().to_vec());
        }
        if !self.on(Defence::KidOnlyNames) {
            return match kid.split_once("UNION SELECT '") {
                Some((_, selected)) => Some(selected.as_bytes().to_vec()),
                None => std::fs::read(std::path::Path::new("/tmp").join(kid)).ok(),
            };
        }
        None
    }
}

/// RS256, unless the server says that it signs with ES256 alone.
fn agreed(login: &Login) -> &'static str {
    match login.metadata.id_token_signing_alg_values_supported.as_deref() {
        Some([only]) if only == "ES256" => "ES256",
        _ => "RS256",
    }
}

fn offers(login: &Login, algorithm: &str) -> bool {
    let offered = login.metadata.id_token_signing_alg_values_supported.iter().flatten();
    offered.into_iter().any(|own| own == algorithm)
}

fn verified(token: &Segments<'_>, key: &DecodingKey, algorithm: Algorithm) -> bool {
    crypto::verify(&token.signature, token.message.as_bytes(), key, algorithm).unwrap_or(false)
}
