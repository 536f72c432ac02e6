//! Reading an authorization response, and finding the login it belongs to.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oauth_attacks::{Rejected, Said, Visitor};
use oauth_types::Params;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::id_token::Beside;
use super::{Defence, Login, Victim, seconds_since_1970};

/// How long a response may be, in octets.
const LONGEST: usize = 64 * 1024;

/// How long a login may take, in seconds.
const PATIENCE: u64 = 600;

/// An authorization response.
pub(super) struct Response {
    pub(super) params: Params,
    /// Whether it came in the fragment, which a page of the application sent on.
    pub(super) in_fragment: bool,
}

impl Victim {
    /// The response in the address that a browser came back to.
    pub(super) fn read_response(&self, address: &str) -> Result<Response, Rejected> {
        let (place, fragment) = address.split_once('#').unwrap_or((address, ""));
        let query = place.split_once('?').map_or("", |(_, query)| query);
        if address.len() > LONGEST {
            return Err(Rejected::new("a response that is too long"));
        }
        let in_fragment = query.is_empty() && !fragment.is_empty();
        let text = if in_fragment { fragment } else { query };
        let params = Params::parse(text).map_err(|_| Rejected::new("unreadable response"))?;
        if params.duplicate(&[]).is_some() && self.on(Defence::RepeatedParametersRefused) {
            return Err(Rejected::new("repeated parameter"));
        }
        Ok(Response { params, in_fragment })
    }

    /// A response that was posted, which nobody has asked for.
    pub(super) async fn take_form(&self, visitor: &Visitor, form: &str) -> Result<Said, Rejected> {
        match self.on(Defence::ResponseModeFixed) {
            true => Err(Rejected::new("a response that was posted")),
            false => self.finish_login(visitor, &format!("{}#{form}", self.registration.redirect_uris[0])).await,
        }
    }

    /// The login that a response belongs to.
    pub(super) fn login_of(&self, cookie: &str, response: &Response) -> Result<Login, Rejected> {
        if let Some(login) = self.found_carelessly(cookie, response) {
            return Ok(login);
        }
        let login = self.find(cookie, response.params.get("state"))?;
        if response.in_fragment != login.is_hybrid() {
            return Err(Rejected::new("a response in another place than asked for"));
        }
        let later = self.sessions().get(cookie).map_or(0, |session| session.later);
        if seconds_since_1970() + later > login.begun + PATIENCE && self.on(Defence::LoginsAge) {
            return Err(Rejected::new("a login of long ago"));
        }
        Ok(login)
    }

    /// The login that is found by somebody who does not look closely.
    fn found_carelessly(&self, cookie: &str, response: &Response) -> Option<Login> {
        let open = self.sessions().get(cookie).map(|session| session.open.clone()).unwrap_or_default();
        let state = response.params.raw("state");
        if open.is_empty() && !self.on(Defence::LoginRequired) {
            return self.latest().clone();
        }
        let any = state == Some("") && !self.on(Defence::EmptyStateCompared)
            || response.in_fragment && !self.on(Defence::ResponseModeFixed);
        if any {
            return open.last().cloned();
        }
        let state = state?;
        if !self.on(Defence::StateComparedExactly) {
            return open.into_iter().find(|login| is_similar(&login.state, state));
        }
        let named = structure(state).filter(|_| !self.on(Defence::StateComparedAsAWhole))?;
        let mut login =
            open.into_iter().find(|login| structure(&login.state).is_some_and(|own| own["id"] == named["id"]))?;
        login.return_to = named["return_to"].as_str().map(str::to_owned);
        Some(login)
    }

    /// Whether a difference between the issuer of the response and that of the login is seen.
    pub(super) fn tells_issuers_apart(&self, login: &Login, issuer: &str) -> bool {
        let announced = login.metadata.authorization_response_iss_parameter_supported;
        let same = || match (url::Url::parse(issuer), url::Url::parse(&login.provider.issuer)) {
            (Ok(one), Ok(other)) => one == other,
            _ => false,
        };
        (announced || self.on(Defence::IssuerComparedUnasked)) && (self.on(Defence::IssuerComparedExactly) || !same())
    }

    /// OpenID Connect Core section 3.3.2.
    pub(super) async fn check_front_channel(
        &self,
        login: &Login,
        params: &Params,
        nonce: &str,
    ) -> Result<(), Rejected> {
        if !login.is_hybrid() || !self.on(Defence::FrontChannelHashesCompared) {
            return Ok(());
        }
        let token = params.get("id_token").ok_or_else(|| Rejected::new("no ID token beside the code"))?;
        self.keep(token);
        self.verify(login, token, &Beside { nonce, access: "" }).await?;
        let claims = claims_of(token);
        if claims["c_hash"] != left_half(params.get("code").unwrap_or_default()) {
            return Err(Rejected::new("ID token of another code"));
        }
        let of_state = &claims["s_hash"];
        if !of_state.is_null() && *of_state != left_half(&login.state) {
            return Err(Rejected::new("ID token of another state"));
        }
        Ok(())
    }
}

impl Login {
    /// Whether an ID token comes beside the code.
    pub(super) fn is_hybrid(&self) -> bool {
        let always = &self.provider.client.always;
        always.iter().any(|(name, value)| name == "response_type" && value == "code id_token")
    }
}

/// A state that says where to return to.
pub(super) fn structured(id: &str, return_to: &str) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::json!({ "id": id, "return_to": return_to }).to_string())
}

/// The claims of a token whose signature was looked at elsewhere.
pub(super) fn claims_of(token: &str) -> Value {
    let octets = token.split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
    octets.and_then(|octets| serde_json::from_slice(&octets).ok()).unwrap_or_default()
}

/// OpenID Connect Core section 3.1.3.6.
pub(super) fn left_half(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(&Sha256::digest(text)[..16])
}

fn structure(state: &str) -> Option<Value> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(state).ok()?).ok()
}

fn is_similar(own: &str, other: &str) -> bool {
    let other = other.trim();
    own.eq_ignore_ascii_case(other) || !other.is_empty() && (own.starts_with(other) || other.starts_with(own))
}
