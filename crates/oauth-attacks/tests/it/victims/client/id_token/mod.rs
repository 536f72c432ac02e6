//! Verifying an ID token (OpenID Connect Core section 3.1.3.7).

mod claims;
mod keys;
mod segments;
mod signature;

use mock_idp::jose::Jwe;
use oauth_attacks::Rejected;
use oauth_attacks::target::ClientAuth;
use serde_json::Value;

pub(super) use claims::now;
pub(super) use keys::Known;

use super::{Defence, Login, Victim};

/// What an ID token has to fit besides the login.
pub(super) struct Beside<'a> {
    pub(super) nonce: &'a str,
    pub(super) access: &'a str,
}

impl Victim {
    /// The claims of the ID token among these tokens.
    pub(super) async fn id_token(&self, login: &Login, tokens: &Value, nonce: &str) -> Result<Value, Rejected> {
        let beside = Beside { nonce, access: tokens["access_token"].as_str().unwrap_or_default() };
        let verified = match &tokens["id_token"] {
            Value::String(token) => self.verify(login, token, &beside).await,
            Value::Object(token) if !self.on(Defence::CompactOnly) => {
                self.verify(login, &segments::compact(token), &beside).await
            }
            _ => Err(Rejected::new("no ID token")),
        };
        match verified {
            Err(_) if !self.on(Defence::IdTokenNeeded) => self.claims_of_userinfo(login, beside.access).await,
            verified => verified,
        }
    }

    async fn claims_of_userinfo(&self, login: &Login, access: &str) -> Result<Value, Rejected> {
        let endpoint = login.metadata.userinfo_endpoint.as_deref().unwrap_or_default();
        Ok(self.json(self.http.get(endpoint).bearer_auth(access)).await?.1)
    }

    /// Verifies an ID token and returns its claims.
    pub(super) async fn verify(&self, login: &Login, token: &str, beside: &Beside<'_>) -> Result<Value, Rejected> {
        let claims = match token.split('.').count() {
            5 if !self.on(Defence::EncryptedOnlyAsAgreed) => opened(login, token).await?,
            _ => self.signed_claims(login, token).await?,
        };
        self.check_claims(login, &claims, beside)?;
        Ok(claims)
    }

    async fn signed_claims(&self, login: &Login, token: &str) -> Result<Value, Rejected> {
        let token = self.segments(token)?;
        let header = self.part(token.header)?;
        self.check_header(&header)?;
        if !self.is_signed(login, &header, &token).await? {
            return Err(Rejected::new("bad signature"));
        }
        self.part(token.payload)
    }

    /// Whether a token bears a signature of the server.
    pub(super) async fn is_signed_by_server(&self, login: &Login, token: &str) -> Result<bool, Rejected> {
        let token = self.segments(token)?;
        self.is_signed(login, &self.part(token.header)?, &token).await
    }

    /// RFC 7515 sections 4.1.9 and 4.1.11.
    fn check_header(&self, header: &Value) -> Result<(), Rejected> {
        if header.get("crit").is_some() && self.on(Defence::ExtensionsUnderstood) {
            return Err(Rejected::new("unknown extension"));
        }
        if header.get("typ").is_some_and(|typ| typ != "JWT") && self.on(Defence::TypeCompared) {
            return Err(Rejected::new("another kind of token"));
        }
        match header.get("kid") {
            None | Some(Value::String(_)) => Ok(()),
            Some(_) => Err(Rejected::new("malformed name of a key")),
        }
    }
}

/// What is in an encrypted token, as somebody has it who believes that only the server can have written it.
async fn opened(login: &Login, token: &str) -> Result<Value, Rejected> {
    let unread = |_| Rejected::new("no encrypted token");
    let header = segments::json(token.split('.').next().unwrap_or_default())?;
    if header.get("zip").is_some() {
        // Inflating takes as long as whoever wrote the token likes.
        return std::future::pending().await;
    }
    let ClientAuth::Basic(secret) = &login.provider.client.auth else { return Err(Rejected::new("no key")) };
    let octets = Jwe::parse(token).and_then(|token| token.decrypt_secret(secret)).map_err(unread)?;
    serde_json::from_slice(&octets).map_err(|_| Rejected::new("no claims"))
}
