//! UserInfo (OpenID Connect Core section 5.3).

use oauth_attacks::Rejected;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use serde_json::Value;

use super::response::claims_of;
use super::token_response::access_token;
use super::{Defence, Login, Victim};

impl Victim {
    /// Asks about the user, and returns who they are and what was said. Where `subject` is empty, that is not known yet.
    pub(super) async fn userinfo(
        &self,
        login: &Login,
        members: &Value,
        subject: &str,
    ) -> Result<(String, Value), Rejected> {
        let endpoint = login.metadata.userinfo_endpoint.as_deref().unwrap_or_default();
        let bound = self.is_bound(login, members)?;
        let request = self.with_token((&login.provider, endpoint), &access_token(members), bound)?;
        let request = if wants_signature(login) { request.header(ACCEPT, "application/jwt") } else { request };
        let response = request.send().await.map_err(|_| Rejected::new("no answer"))?;
        if response.status() != 200 {
            return Err(Rejected::new("no claims"));
        }
        let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().to_owned();
        let body = self.body(response).await?;
        let claims = match kind.as_str() {
            "application/jwt" => self.claims_with_signature(login, &body).await?,
            "application/json" if wants_signature(login) && self.on(Defence::UserinfoSigned) => {
                return Err(Rejected::new("claims without a signature"));
            }
            "application/json" => self.parse(&body),
            _ => return Err(Rejected::new("no claims")),
        };
        if !self.on(Defence::ClaimSourcesTrusted) {
            self.follow_sources(&claims).await;
        }
        let named = self.subject(&claims);
        let unchecked = subject.is_empty() || !self.on(Defence::UserinfoSubjectCompared);
        match unchecked {
            true if named.is_empty() => Ok((subject.to_owned(), claims)),
            true => Ok((named, claims)),
            false if named == subject => Ok((named, claims)),
            false => Err(Rejected::new("claims of somebody else")),
        }
    }

    async fn claims_with_signature(&self, login: &Login, body: &[u8]) -> Result<Value, Rejected> {
        let token = String::from_utf8_lossy(body);
        let claims = claims_of(&token);
        if !self.on(Defence::UserinfoSigned) {
            return Ok(claims);
        }
        let ours = claims["iss"] == login.provider.issuer.as_str()
            && claims["aud"] == login.provider.client.client_id.as_str();
        match ours && self.is_signed_by_server(login, &token).await? {
            true => Ok(claims),
            false => Err(Rejected::new("claims with a bad signature")),
        }
    }

    /// OpenID Connect Core section 5.6.2, believed of anybody.
    async fn follow_sources(&self, claims: &Value) {
        for source in claims["_claim_sources"].as_object().into_iter().flat_map(|sources| sources.values()) {
            if let (Some(endpoint), token) = (source["endpoint"].as_str(), source["access_token"].as_str()) {
                let _ = self.http.get(endpoint).bearer_auth(token.unwrap_or_default()).send().await;
            }
        }
    }
}

fn wants_signature(login: &Login) -> bool {
    login.provider.client.registered.iter().any(|(name, _)| name == "userinfo_signed_response_alg")
}
