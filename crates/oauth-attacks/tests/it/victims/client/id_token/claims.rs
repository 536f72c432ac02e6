//! The claims of an ID token (OpenID Connect Core section 3.1.3.7).

use oauth_attacks::Rejected;
use serde_json::Value;

use super::Beside;
use crate::victims::client::{Defence, Login, Victim};

/// How far clocks may differ, in seconds.
const LEEWAY: f64 = 60.0;

/// How an issuer is written of which there is one for each tenant.
const TEMPLATE: &str = "{tenantid}";

impl Victim {
    pub(super) fn check_claims(&self, login: &Login, claims: &Value, beside: &Beside<'_>) -> Result<(), Rejected> {
        if !self.is_issuer(login, claims) && self.on(Defence::TokenIssuerCompared) {
            return Err(Rejected::new("ID token of another issuer"));
        }
        self.check_audience(login, claims)?;
        let absent = claims["nonce"].is_null() || claims["nonce"] == "";
        let defence = if absent { Defence::NonceRequired } else { Defence::NonceCompared };
        if claims["nonce"] != beside.nonce && self.on(defence) {
            return Err(Rejected::new("ID token of another login"));
        }
        let hash = claims.get("at_hash").filter(|_| self.on(Defence::AccessTokenHashCompared));
        if hash.is_some_and(|hash| *hash != left_half(beside.access)) {
            return Err(Rejected::new("ID token of another access token"));
        }
        let subject = claims["sub"].as_str().unwrap_or_default();
        let odd = subject.is_empty() || subject.len() > 255 || subject.chars().any(char::is_control);
        if odd && self.on(Defence::SubjectsAreTexts) {
            return Err(Rejected::new("no subject"));
        }
        self.check_times(claims)?;
        self.check_wishes(login, claims)
    }

    fn is_issuer(&self, login: &Login, claims: &Value) -> bool {
        if !self.on(Defence::IssuersAreNoTemplates)
            && let Some((start, _)) = login.metadata.issuer.split_once(TEMPLATE)
        {
            return claims["iss"].as_str().is_some_and(|issuer| issuer.starts_with(start));
        }
        claims["iss"] == login.provider.issuer.as_str()
    }

    /// Whether metadata of this issuer is that of the one that was asked for (RFC 8414 section 3.3).
    pub(in crate::victims::client) fn is_metadata_of(&self, named: &str, issuer: &str) -> bool {
        let template = named.strip_prefix(issuer).is_some_and(|rest| rest.contains(TEMPLATE));
        named == issuer || template && !self.on(Defence::IssuersAreNoTemplates)
    }

    fn check_audience(&self, login: &Login, claims: &Value) -> Result<(), Rejected> {
        let own = login.provider.client.client_id.as_str();
        let list = claims["aud"].as_array();
        let alone = claims["aud"] == own || list.is_some_and(|list| list == &[own]);
        let among = list.is_some_and(|list| list.iter().any(|audience| audience == own));
        let for_us = alone || among && !self.on(Defence::AudiencesTrusted);
        if !for_us && self.on(Defence::AudienceCompared) {
            return Err(Rejected::new("ID token for another client"));
        }
        if claims.get("azp").is_some_and(|party| party != own)
            && self.on(Defence::AuthorizedPartyCompared)
            && self.on(Defence::AudiencesTrusted)
        {
            return Err(Rejected::new("ID token that was issued to another client"));
        }
        Ok(())
    }

    fn check_times(&self, claims: &Value) -> Result<(), Rejected> {
        let (expires, from) = (self.time(claims, "exp")?, self.time(claims, "nbf")?);
        let issued = self.time(claims, "iat")?;
        let now = now();
        if expires.is_none_or(|expires| expires + LEEWAY <= now) && self.on(Defence::ExpiryCompared) {
            return Err(Rejected::new("expired ID token"));
        }
        let future = [from, issued].into_iter().flatten().any(|time| time > now + LEEWAY);
        if future && self.on(Defence::NotBeforeCompared) {
            return Err(Rejected::new("ID token of the future"));
        }
        if issued.is_none() && self.on(Defence::IssuedAtRequired) && self.on(Defence::TimesAreNumbers) {
            return Err(Rejected::new("ID token that was never issued"));
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

    /// What was asked for in the authorization request and has to be kept.
    fn check_wishes(&self, login: &Login, claims: &Value) -> Result<(), Rejected> {
        let always = &login.provider.client.always;
        let asked = |name: &str| always.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str());
        if let Some(age) = asked("max_age").and_then(|age| age.parse::<f64>().ok()) {
            let old = claims["auth_time"].as_f64().is_none_or(|time| time + age + LEEWAY < now());
            if old && self.on(Defence::AuthTimeCompared) {
                return Err(Rejected::new("login too long ago"));
            }
        }
        if let Some(wish) = asked("claims").and_then(|text| serde_json::from_str::<Value>(text).ok()) {
            let class = &wish["id_token"]["acr"];
            let met = class["values"].as_array().is_none_or(|values| values.contains(&claims["acr"]));
            if !met && class["essential"] == true && self.on(Defence::ClassCompared) {
                return Err(Rejected::new("login of another class"));
            }
        }
        match asked("hd") {
            Some(tenant) if claims["hd"] != tenant && self.on(Defence::TenantCompared) => {
                Err(Rejected::new("user of another tenant"))
            }
            _ => Ok(()),
        }
    }

    /// The subject of claims that have been checked.
    pub(in crate::victims::client) fn subject(&self, claims: &Value) -> String {
        match &claims["sub"] {
            Value::String(subject) => subject.clone(),
            Value::Null => String::new(),
            // Where subjects need not be texts, a number is as good as one.
            other => other.to_string(),
        }
    }
}

/// OpenID Connect Core section 3.1.3.8, for algorithms with SHA-256.
fn left_half(access: &str) -> String {
    mock_idp::jose::left_half(access, oauth_types::Algorithm::Rs256)
}

#[expect(clippy::disallowed_methods, reason = "the victim has a clock of its own, which is the system's")]
pub(in crate::victims::client) fn now() -> f64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.expect("a clock after 1970").as_secs_f64()
}
