//! The authorization request (RFC 6749 §4.1.1, RFC 7636 §4.3, OpenID Connect Core §3.1.2.1).

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use oauth_types::{Params, Secret};
use pkce_core::Challenge;
use serde_json::Value;
use url::Url;

use crate::address::is_reserved;
use crate::asked::{add_scopes, judge_scopes, say_scopes};
use crate::client::Client;
use crate::dice;
use crate::error::{ConfigError, Error};
use crate::pending::{Expected, Flow, OpenId, Pending};
use crate::response_mode::Mode;
use crate::seal_key;
use crate::specs::oidc_core::Wishes;
use crate::specs::oidc_jarm::SignedResponses;
use crate::specs::{rfc8707_resource, rfc9396_rar};

/// The longest request that is made, in octets.
const MAX_LENGTH: usize = 32 * 1024;

/// A login to be. What it is asked for can be said; how it is protected cannot.
#[must_use = "call begin() or native() to start the login"]
pub struct LoginRequest<'a> {
    pub(crate) client: &'a Client,
    scopes: Vec<String>,
    login_hint: Option<String>,
    max_age: Option<Duration>,
    resources: Vec<String>,
    pub(crate) wishes: Wishes,
    pub(crate) details: Option<Value>,
    pub(crate) form_post: bool,
    extra: Params,
}

/// A login that was begun.
#[must_use = "send the user to the URL and keep the pending login"]
pub struct Started {
    /// Where to send the user's browser.
    pub url: Url,
    /// What to finish the login with.
    pub pending: Pending,
}

/// An authorization request, and what its response will be held against.
pub(crate) struct AuthorizationRequest {
    pub(crate) params: Params,
    pub(crate) flow: Flow,
}

impl<'a> LoginRequest<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self {
            client,
            scopes: Vec::new(),
            login_hint: None,
            max_age: None,
            resources: Vec::new(),
            wishes: Wishes::default(),
            details: None,
            form_post: false,
            extra: Params::new(),
        }
    }

    /// Asks for these scopes, besides those asked for before. With `openid` among them it is an OpenID Connect login.
    pub fn scopes<S: AsRef<str>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        add_scopes(&mut self.scopes, scopes);
        self
    }

    /// Says who probably logs in (`login_hint`).
    pub fn login_hint(mut self, hint: impl Into<String>) -> Self {
        self.login_hint = Some(hint.into());
        self
    }

    /// Asks that the user has entered credentials within this time (`max_age`, whole seconds), and checks it.
    pub fn max_age(mut self, age: Duration) -> Self {
        self.max_age = Some(age);
        self
    }

    /// Says which resource the access token will be used at (RFC 8707 §2), besides those said before.
    ///
    /// It is said again wherever tokens are asked for in this session.
    pub fn resource(mut self, resource: impl Into<String>) -> Self {
        self.resources.push(resource.into());
        self
    }

    /// Adds another parameter, such as `display`.
    ///
    /// Parameters that protect the login, and those with a method of their own, are refused by
    /// [`LoginRequest::begin`], and so is a second value for the same name.
    pub fn param(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.extra.push(name, value);
        self
    }

    /// Begins a web login: draws its secrets and builds the URL for the browser.
    ///
    /// # Errors
    /// [`Error::Config`] if there is no redirect URI or a scope or parameter is unusable; [`Error::Entropy`]; where the
    /// request is pushed to the server first (RFC 9126), also the errors of that request.
    pub async fn begin(self) -> Result<Started, Error> {
        let redirect_uri = self.client.inner.redirect_uri.clone().ok_or(ConfigError::NoRedirectUri)?;
        self.begin_at(redirect_uri).await
    }

    /// Begins a login that comes back to `redirect_uri`.
    pub(crate) async fn begin_at(self, redirect_uri: String) -> Result<Started, Error> {
        self.check()?;
        let client = self.client;
        let inner = &client.inner;
        let mode = Mode { form: self.form_post, signed: client.spec::<SignedResponses>().is_some() };
        let response_mode = mode.word(&inner.server)?;
        let details = self.details.clone().map(|details| rfc9396_rar::judge(&inner.server, details)).transpose()?;
        let state = dice::token(&*inner.dice)?;
        let nonce = seal_key::nonce(&*inner.dice)?;
        let verifier = dice::verifier(&*inner.dice)?;
        let openid = match self.is_openid() {
            false => None,
            true => {
                let nonce = dice::token(&*inner.dice)?;
                let (acr, subject) = (self.wishes.acr(), self.wishes.subject());
                Some(OpenId { nonce, max_age: self.max_age, acr, subject })
            }
        };
        let flow = Flow {
            issuer: inner.server.issuer.clone(),
            client_id: inner.client_id.clone(),
            redirect_uri,
            verifier,
            scopes: self.scopes.clone(),
            resources: self.resources.clone(),
            details,
            openid,
        };
        let mut params = self.params(&flow, &state);
        if let Some(word) = response_mode {
            params.push("response_mode", word);
        }
        if params.encode().len() > MAX_LENGTH {
            return Err(ConfigError::TooLong.into());
        }
        let mut request = AuthorizationRequest { params, flow };
        inner.specs.iter().try_for_each(|spec| spec.ask(client, &mut request))?;
        let AuthorizationRequest { mut params, flow } = request;
        for spec in &inner.specs {
            params = spec.carry(client, params).await?;
        }
        let expected = Expected {
            flow,
            state,
            expires_at: inner.clock.now().saturating_add(inner.login_lifetime.as_secs()),
            iss_advertised: inner.server.iss_advertised,
            mode,
            nonce,
            clock: Arc::clone(&inner.clock),
        };
        Ok(Started { url: client.authorization_url(&params), pending: Pending(Box::new(expected)) })
    }

    fn is_openid(&self) -> bool {
        self.scopes.iter().any(|scope| scope == "openid")
    }

    fn check(&self) -> Result<(), ConfigError> {
        judge_scopes(&self.scopes)?;
        self.resources.iter().try_for_each(|resource| rfc8707_resource::judge(resource))?;
        self.wishes.check(&self.client.inner.server, self.is_openid())?;
        if self.max_age.is_some() && !self.is_openid() {
            return Err(ConfigError::MaxAgeWithoutOpenid);
        }
        if let Some((name, _)) = self.extra.iter().find(|(name, _)| is_reserved(name)) {
            return Err(ConfigError::ReservedParameter(name.to_owned()));
        }
        // The endpoint's own query counts, too: a parameter must not be sent twice (RFC 6749 §3.1).
        let endpoint = &self.client.inner.server.authorization_endpoint;
        let own = Params::parse(endpoint.query().unwrap_or_default()).unwrap_or_default();
        let all: Params = own.iter().chain(self.extra.iter()).collect();
        match all.duplicate(&[]) {
            Some(name) => Err(ConfigError::RepeatedParameter(name.to_owned())),
            None => Ok(()),
        }
    }

    fn params(&self, flow: &Flow, state: &Secret) -> Params {
        let mut params = Params::new()
            .with("response_type", "code")
            .with("client_id", &flow.client_id)
            .with("redirect_uri", &flow.redirect_uri)
            .with("state", state.expose())
            .with("code_challenge", flow.verifier.challenge().as_str())
            .with("code_challenge_method", Challenge::METHOD);
        say_scopes(&mut params, &flow.scopes);
        if let Some(openid) = &flow.openid {
            params.push("nonce", openid.nonce.expose());
        }
        if let Some(max_age) = self.max_age {
            params.push("max_age", max_age.as_secs().to_string());
        }
        rfc8707_resource::name(&mut params, &flow.resources);
        rfc9396_rar::name(&mut params, flow.details.as_ref());
        self.wishes.name(&mut params);
        if let Some(hint) = &self.login_hint {
            params.push("login_hint", hint);
        }
        for (name, value) in self.extra.iter() {
            params.push(name, value);
        }
        params
    }
}

impl Client {
    /// The authorization endpoint with its own query and these parameters (RFC 6749 §3.1).
    fn authorization_url(&self, params: &Params) -> Url {
        let mut url = self.inner.server.authorization_endpoint.clone();
        let query = match url.query() {
            Some(own) if !own.is_empty() => format!("{own}&{}", params.encode()),
            _ => params.encode(),
        };
        url.set_query(Some(&query));
        url
    }
}

impl fmt::Debug for LoginRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoginRequest")
            .field("scopes", &self.scopes)
            .field("extra", &self.extra)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Started {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origin = self.url.origin().ascii_serialization();
        f.debug_struct("Started")
            .field("url", &format_args!("{origin}{}?..", self.url.path()))
            .finish_non_exhaustive()
    }
}
