//! Protected resources: logins for them (RFC 9728, RFC 8707), calls, and more scope where a call needs it (RFC 9470).

use oauth_attacks::{Done, Provider, Rejected, Visitor};
use reqwest::header::{LOCATION, WWW_AUTHENTICATE};
use serde_json::Value;
use url::Url;

use super::{COOKIE, Defence, Login, Victim};

/// What a login is for.
#[derive(Debug, Clone)]
pub(super) enum Purpose {
    /// To know who the visitor is.
    Login,
    /// To know another account of theirs.
    Link,
    /// To call a resource.
    Resource { url: String, scope: String },
    /// To call with more scope than before.
    StepUp { scope: String },
}

/// Who is logged in, and what they brought.
#[derive(Debug, Clone)]
pub(super) struct SignedIn {
    provider: Provider,
    access: String,
    bound: bool,
}

/// How often more scope is asked for, at most.
const STEP_UPS: u32 = 2;

impl Purpose {
    /// The resource that the token is for.
    pub(super) fn resource(&self) -> Option<&str> {
        match self {
            Self::Resource { url, .. } => Some(url),
            _ => None,
        }
    }

    /// The scope that is asked for.
    pub(super) fn scope(&self) -> &str {
        match self {
            Self::Resource { scope, .. } | Self::StepUp { scope } => scope,
            Self::Login | Self::Link => super::SCOPE,
        }
    }
}

impl Victim {
    /// Writes down who is logged in. A linked account changes nothing about that.
    pub(super) fn sign_in(&self, cookie: &str, login: &Login, tokens: &Value) {
        if matches!(login.purpose, Purpose::Link) {
            return;
        }
        let access = tokens["access_token"].as_str().unwrap_or_default().to_owned();
        let bound = self.is_bound(login, tokens).unwrap_or(false);
        let signed_in = SignedIn { provider: login.provider.clone(), access, bound };
        self.sessions().entry(cookie.to_owned()).or_default().signed_in = Some(signed_in);
    }

    /// The token of a session is another one now, or there is none any more.
    pub(super) fn renew(&self, visitor: &Visitor, access: Option<String>) {
        self.of(visitor, |session| {
            let former = session.signed_in.take();
            session.signed_in = former.zip(access).map(|(own, access)| SignedIn { access, ..own });
        });
    }

    /// Begins a login for a resource, with what its metadata say.
    pub(super) async fn begin_for(&self, visitor: &Visitor, resource: &str) -> Result<Done, Rejected> {
        let metadata = self.resource_metadata(resource).await?;
        if metadata["resource"] != resource && self.on(Defence::ResourceCompared) {
            return Err(Rejected::new("metadata of another resource"));
        }
        let server = metadata["authorization_servers"][0].as_str().unwrap_or_default();
        let known = self.known();
        let provider = known.iter().find(|own| own.issuer == server).cloned();
        let same = known.first().filter(|_| !self.on(Defence::RegistrationsKeptByServer));
        let same = same.map(|own| Provider { issuer: server.to_owned(), ..own.clone() });
        let provider = provider.or(same).ok_or_else(|| Rejected::new("not registered with this server"))?;
        let purpose = Purpose::Resource { url: resource.to_owned(), scope: "openid".to_owned() };
        Ok(Done::Sent { url: self.begin_with(visitor, &provider, purpose).await? })
    }

    /// Calls a resource with the token of the session.
    pub(super) async fn call(&self, visitor: &Visitor, url: &str) -> Result<Done, Rejected> {
        let cookie = visitor.cookie(COOKIE).unwrap_or_default();
        let signed_in = self.sessions().get(&cookie).and_then(|session| session.signed_in.clone());
        let signed_in = signed_in.ok_or_else(|| Rejected::new("nobody is logged in"))?;
        if self.on(Defence::TokensForTheirResources) && !self.trusts(url, &signed_in.provider).await? {
            return Err(Rejected::new("the resource does not trust the server of the token"));
        }
        let request = self.with_token((&signed_in.provider, url), &signed_in.access, signed_in.bound)?;
        let mut response = request.send().await.map_err(|_| Rejected::new("no answer"))?;
        let elsewhere = response.headers().get(LOCATION).and_then(|place| place.to_str().ok()).map(str::to_owned);
        if let Some(place) = elsewhere.filter(|_| !self.on(Defence::TokenStaysAtOrigin)) {
            let request = self.http.get(place).bearer_auth(&signed_in.access);
            response = request.send().await.map_err(|_| Rejected::new("no answer"))?;
        }
        let status = response.status().as_u16();
        let challenge = response.headers().get(WWW_AUTHENTICATE).and_then(|text| text.to_str().ok());
        match challenge.and_then(wanted).filter(|_| status == 403 && self.may_ask_again(&cookie)) {
            Some(scope) => {
                let purpose = Purpose::StepUp { scope };
                Ok(Done::Sent { url: self.begin_with(visitor, &signed_in.provider, purpose).await? })
            }
            None => Ok(Done::Answered { status }),
        }
    }

    fn may_ask_again(&self, cookie: &str) -> bool {
        let mut sessions = self.sessions();
        let session = sessions.entry(cookie.to_owned()).or_default();
        session.step_ups += 1;
        session.step_ups <= STEP_UPS || !self.on(Defence::StepUpBounded)
    }

    /// Whether the resource says that it takes tokens of this server.
    async fn trusts(&self, url: &str, provider: &Provider) -> Result<bool, Rejected> {
        let servers = self.resource_metadata(url).await?["authorization_servers"].take();
        let mut servers = servers.as_array().into_iter().flatten();
        Ok(servers.any(|own| *own == provider.issuer.as_str()))
    }

    /// RFC 9728 section 3.1.
    async fn resource_metadata(&self, resource: &str) -> Result<Value, Rejected> {
        let url = Url::parse(resource).map_err(|_| Rejected::new("no resource"))?;
        let place = url.join(&format!("/.well-known/oauth-protected-resource{}", url.path().trim_end_matches('/')));
        let place = place.map_err(|_| Rejected::new("no resource"))?;
        Ok(self.json(self.http.get(place)).await?.1)
    }
}

/// The scope that a challenge asks for (RFC 6750 section 3).
fn wanted(challenge: &str) -> Option<String> {
    let insufficient = challenge.contains("insufficient_scope");
    let (_, scope) = challenge.split_once("scope=\"").filter(|_| insufficient)?;
    Some(scope.split('"').next().unwrap_or_default().to_owned())
}
