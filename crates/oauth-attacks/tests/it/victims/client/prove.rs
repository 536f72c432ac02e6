//! Using tokens, and proving that they are its own (RFC 9449).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oauth_attacks::{Jwt, Key, Provider, Rejected};
use oauth_types::Params;
use reqwest::{RequestBuilder, Response};
use serde_json::Value;

use super::id_token::now;
use super::{Defence, Login, Victim, s256};

impl Victim {
    /// Whether the token is bound to the key (RFC 9449 section 5).
    pub(super) fn is_bound(&self, login: &Login, tokens: &Value) -> Result<bool, Rejected> {
        let bound = tokens["token_type"].as_str().is_some_and(|own| own.eq_ignore_ascii_case("DPoP"));
        match login.provider.client.proves.is_some() && !bound && self.on(Defence::BoundTokenExpected) {
            true => Err(Rejected::new("a token that is not bound")),
            false => Ok(bound),
        }
    }

    /// A request for what a token is needed for. The place is at a provider, or at a resource that trusts it.
    pub(super) fn with_token(
        &self,
        (provider, url): (&Provider, &str),
        access: &str,
        bound: bool,
    ) -> Result<RequestBuilder, Rejected> {
        if bound {
            let proof = self.proof(provider, "GET", url, Some(access))?;
            return Ok(self.http.get(url).header("DPoP", proof).header("Authorization", format!("DPoP {access}")));
        }
        if !self.on(Defence::TokenInHeader) {
            return Ok(self.http.get(Params::new().with("access_token", access).append_to_query(url)));
        }
        Ok(self.http.get(url).bearer_auth(access))
    }

    /// A proof (RFC 9449 section 4.2).
    pub(super) fn proof(
        &self,
        provider: &Provider,
        method: &str,
        url: &str,
        access: Option<&str>,
    ) -> Result<String, Rejected> {
        let key = self.key(&provider.issuer)?;
        let mut jwk = key.bare_jwk();
        if !self.on(Defence::ProofKeyPublic) {
            jwk["d"] = URL_SAFE_NO_PAD.encode([7; 32]).into();
        }
        let number = if self.on(Defence::ProofsUsedOnce) { self.fresh() } else { "1".to_owned() };
        let target = if self.on(Defence::ProofsNameTargets) { url } else { &provider.issuer };
        let mut proof = Jwt::of_type("dpop+jwt").header("jwk", jwk).nameless();
        proof = proof.claim("jti", number).claim("htm", method).claim("htu", target).claim("iat", now() as u64);
        if let Some(access) = access.filter(|_| self.on(Defence::ProofsNameTokens)) {
            proof = proof.claim("ath", s256(access));
        }
        if let Some(nonce) = self.nonce(&provider.issuer) {
            proof = proof.claim("nonce", nonce);
        }
        let proof = proof.signed_by(&key).map_err(|_| Rejected::new("unusable key"))?;
        self.keep(&proof);
        Ok(proof)
    }

    /// The nonce that a server wants in proofs.
    fn nonce(&self, issuer: &str) -> Option<String> {
        self.nonces.lock().expect("nobody panics with the nonces in hand").get(issuer).cloned()
    }

    /// Remembers the nonce that a server demands. The answer is whether it can be one (RFC 9449 section 8.1).
    pub(super) fn take_nonce(&self, issuer: &str, response: &Response) -> bool {
        let nonce = response.headers().get("dpop-nonce").and_then(|nonce| nonce.to_str().ok()).unwrap_or_default();
        let well_formed = nonce.bytes().all(|octet| octet.is_ascii_graphic() && !b"\"\\".contains(&octet));
        let can_be = !nonce.is_empty() && nonce.len() <= 1024 && well_formed;
        if can_be || !self.on(Defence::NonceDemandedOnce) {
            let mut nonces = self.nonces.lock().expect("nobody panics with the nonces in hand");
            nonces.insert(issuer.to_owned(), nonce.to_owned());
        }
        can_be
    }

    fn key(&self, issuer: &str) -> Result<Key, Rejected> {
        let whose = if self.on(Defence::KeyForEachServer) { issuer } else { "" };
        let mut keys = self.keys.lock().expect("nobody panics with the keys in hand");
        if let Some(key) = keys.get(whose) {
            return Ok(key.clone());
        }
        let key = Key::fresh().map_err(|_| Rejected::new("no key"))?;
        keys.insert(whose.to_owned(), key.clone());
        Ok(key)
    }
}
