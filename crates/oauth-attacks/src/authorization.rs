//! Authorization requests: honest ones, and what is made of them.

use oauth_types::{Params, Secret};

use crate::agent::AgentError;
use crate::answer::Answer;
use crate::attack::Inconclusive;
use crate::bench::Bench;
use crate::browser::{Browser, Landing, Visit};
use crate::challenge::s256;
use crate::dice::fresh;
use crate::judge::{Finding, RefusedRequest, authorization_refusal, sent_to_client};
use crate::key::{Jwt, Key};
use crate::redemption::TokenRequest;
use crate::target::Registration;
use crate::trace::Party;
use crate::user_agent::forms_of;
use crate::verdict::{Level, Verdict};

/// How long a request object is good for.
const REQUEST_OBJECT_SECONDS: u64 = 60;

/// An authorization request that is being put together.
#[must_use = "nothing is sent until the request is opened"]
#[derive(Debug)]
pub struct Authorization<'a> {
    bench: &'a Bench,
    client: &'a Registration,
    params: Params,
    outside: Params,
    route: Route,
    verifier: Secret,
    expected: Expected<'a>,
    second_user: bool,
}

/// How a request gets to the authorization endpoint.
#[derive(Debug, Clone)]
struct Route {
    /// Through the pushed authorization request endpoint first (RFC 9126).
    pushed: bool,
    /// As a request object that is signed with this key (RFC 9101).
    signed: Option<Key>,
    /// As a POST (RFC 6749 section 3.1).
    posted: bool,
}

/// How a refusal should look.
#[derive(Debug, Clone, Copy)]
struct Expected<'a> {
    page_will_do: bool,
    errors: &'a [&'a str],
}

/// A code, and what it was asked for with.
#[derive(Debug, Clone)]
pub struct Grant {
    /// The code.
    pub code: Secret,
    /// The verifier of the honest request.
    pub verifier: Secret,
    /// The redirect URI of the request.
    pub redirect_uri: String,
}

impl Grant {
    /// The S256 challenge of the honest request (RFC 7636 section 4.2).
    pub fn challenge(&self) -> String {
        s256(self.verifier.expose())
    }
}

impl<'a> Authorization<'a> {
    pub(crate) fn new(bench: &'a Bench, client: &'a Registration) -> Self {
        let verifier = fresh();
        let scope = &bench.target().scope;
        let mut params = Params::new()
            .with("response_type", "code")
            .with("client_id", &client.client_id)
            .with("redirect_uri", client.redirect_uri())
            .with("scope", scope)
            .with("state", fresh());
        if scope.split(' ').any(|scope| scope == "openid") {
            params.push("nonce", fresh());
        }
        params.push("code_challenge", s256(&verifier));
        params.push("code_challenge_method", "S256");
        for (name, value) in &client.always {
            params.set(name, value);
        }
        bench.agent().keep_secret(&verifier);
        let pushed = client.pushes || bench.target().wants_pushed_requests();
        Self {
            bench,
            client,
            params,
            outside: Params::new(),
            route: Route { pushed, signed: client.signs.clone(), posted: false },
            verifier: verifier.into(),
            expected: Expected { page_will_do: false, errors: &["invalid_request"] },
            second_user: false,
        }
    }

    /// With another verifier, and its S256 challenge.
    pub fn verifier(mut self, verifier: &str) -> Self {
        self.bench.agent().keep_secret(verifier);
        self.verifier = verifier.into();
        self.set("code_challenge", s256(verifier))
    }

    /// The verifier that belongs to the request.
    pub fn current_verifier(&self) -> &Secret {
        &self.verifier
    }

    /// With this parameter instead of every one of its name.
    pub fn set(mut self, name: &str, value: impl Into<String>) -> Self {
        self.params.set(name, value);
        self
    }

    /// With one more parameter at the end.
    pub fn also(mut self, name: &str, value: impl Into<String>) -> Self {
        self.params.push(name, value);
        self
    }

    /// With one more parameter at the beginning.
    pub fn first(mut self, name: &str, value: impl Into<String>) -> Self {
        let rest = std::mem::take(&mut self.params);
        let whole = Params::new().with(name, value);
        self.params = whole.iter().chain(rest.iter()).collect();
        self
    }

    /// Without a parameter.
    pub fn without(mut self, name: &str) -> Self {
        self.params.remove(name);
        self
    }

    /// Without a challenge and its method.
    pub fn without_pkce(self) -> Self {
        self.without("code_challenge").without("code_challenge_method")
    }

    /// Logging in the second user, if the target has one.
    pub fn as_second_user(mut self) -> Self {
        self.second_user = true;
        match &self.bench.target().second_user {
            Some(hint) => self.set("login_hint", hint),
            None => self,
        }
    }

    /// As a POST with the parameters in its body (RFC 6749 section 3.1).
    pub fn posted(mut self) -> Self {
        self.route.posted = true;
        self
    }

    /// Through the pushed authorization request endpoint (RFC 9126).
    pub fn pushed(mut self) -> Self {
        self.route.pushed = true;
        self
    }

    /// Straight to the authorization endpoint, even if the client pushes its requests otherwise.
    pub fn not_pushed(mut self) -> Self {
        self.route.pushed = false;
        self
    }

    /// As a request object that is signed with this key, or with none (RFC 9101).
    pub fn signed_by(mut self, key: Option<Key>) -> Self {
        self.route.signed = key;
        self
    }

    /// With a parameter at the authorization endpoint besides the request that was pushed or signed. In a POST, it is
    /// in the query.
    pub fn outside(mut self, name: &str, value: impl Into<String>) -> Self {
        self.outside.push(name, value);
        self
    }

    /// Where a refusal on a page of the server's own is as good as a redirect.
    pub fn page_will_do(mut self) -> Self {
        self.expected.page_will_do = true;
        self
    }

    /// Where these errors are as good as `invalid_request`, or better: it is not among them unless it is named.
    pub fn refused_with(mut self, errors: &'a [&'a str]) -> Self {
        self.expected.errors = errors;
        self
    }

    /// The value of a parameter of the request.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.params.get(name)
    }

    /// The parameters as they stand, unsigned.
    pub fn params(&self) -> &Params {
        &self.params
    }

    /// The claims of a request object with these parameters, to be signed (RFC 9101 section 4).
    pub fn request_object(&self) -> Jwt {
        let now = self.bench.now();
        let claims = self.params.iter().map(|(name, value)| (name.to_owned(), value.into()));
        Jwt::of_type("oauth-authz-req+jwt")
            .claims(claims)
            .claim("iss", self.client.client_id.as_str())
            .claim("aud", self.bench.target().metadata().issuer.as_str())
            .claim("iat", now)
            .claim("nbf", now)
            .claim("exp", now + REQUEST_OBJECT_SECONDS)
            .claim("jti", fresh())
    }

    /// The parameters, signed if the request is to be.
    fn written(&self) -> Params {
        let Some(key) = &self.route.signed else { return self.params.clone() };
        // A key that does not sign leaves the request without an object, and the control fails.
        let object = self.request_object().signed_by(key).unwrap_or_default();
        Params::new().with("client_id", &self.client.client_id).with("request", object)
    }

    /// Pushes the request, whatever the client does otherwise (RFC 9126 section 2.1).
    pub fn push(&self) -> TokenRequest<'a> {
        let mut form = self.written();
        form.remove("client_id");
        let request = self.bench.request(self.client, "pushed_authorization_request_endpoint", form);
        let id = self.params.get("client_id").filter(|id| *id != self.client.client_id);
        id.into_iter().fold(request, |request, id| request.set("client_id", id)).from(Party::Client)
    }

    /// Opens the request in a browser without cookies.
    ///
    /// # Errors
    /// [`AgentError`] when there is no answer.
    pub async fn open(&self) -> Result<Answer, AgentError> {
        self.open_in(&self.bench.browser()).await
    }

    /// Opens the request in this browser.
    ///
    /// # Errors
    /// [`AgentError`] when there is no answer.
    pub async fn open_in(&self, browser: &Browser) -> Result<Answer, AgentError> {
        let visit = match self.begun().await? {
            Ok(visit) => visit,
            Err(refusal) => return Ok(refusal),
        };
        let answer = self.land(browser, visit).await?;
        if let Some(grant) = self.grant_in(&answer) {
            self.bench.agent().keep_secret(grant.code.expose());
        }
        Ok(answer)
    }

    /// What a browser has to open for the request, which is pushed first if it is to be.
    ///
    /// # Errors
    /// [`Inconclusive`] when it cannot be pushed.
    pub async fn address(&self) -> Result<Visit, Inconclusive> {
        let refused =
            |answer: Answer| Inconclusive::new(format!("a pushed request was answered {}", answer.summary()));
        self.begun().await?.map_err(refused)
    }

    /// What a browser has to open, or the refusal of the request when it was pushed.
    async fn begun(&self) -> Result<Result<Visit, Answer>, AgentError> {
        if !self.route.pushed {
            return Ok(Ok(self.visit(self.written())));
        }
        let answer = self.push().send().await?;
        let reference = answer.member("request_uri").filter(|_| answer.status == 201);
        let Some(reference) = reference else { return Ok(Err(answer)) };
        let sent = Params::new().with("client_id", &self.client.client_id).with("request_uri", reference);
        Ok(Ok(self.visit(sent)))
    }

    /// Opens the authorization endpoint in this browser with a reference to a request that was pushed before.
    ///
    /// # Errors
    /// [`AgentError`] when there is no answer.
    pub async fn open_pushed(&self, browser: &Browser, reference: &str) -> Result<Answer, AgentError> {
        let sent = Params::new().with("client_id", &self.client.client_id).with("request_uri", reference);
        self.land(browser, self.visit(sent)).await
    }

    /// Goes through login and consent, as the user it is to be.
    fn land<'b>(&'b self, browser: &'b Browser, visit: Visit) -> Landing<'b> {
        let login = &self.bench.target().login;
        match self.second_user {
            true => login.authorize_second(browser, visit),
            false => login.authorize(browser, visit),
        }
    }

    /// The visit of the authorization endpoint with these parameters.
    pub fn visit(&self, sent: Params) -> Visit {
        let endpoint = self.bench.target().metadata().authorization_endpoint.as_deref().unwrap_or_default();
        let (query, form) = match self.route.posted {
            true => (self.outside.clone(), Some(sent)),
            false => (sent.iter().chain(self.outside.iter()).collect(), None),
        };
        let url = if query.is_empty() { endpoint.to_owned() } else { query.append_to_query(endpoint) };
        Visit { url, form }
    }

    /// The visit of the authorization endpoint with the request as it stands, unless it is pushed.
    pub fn front_channel(&self) -> Visit {
        self.visit(self.written())
    }

    /// Opens the request, which is honest, in a browser without cookies.
    ///
    /// # Errors
    /// [`Inconclusive`] when the server issues no code.
    pub async fn grant(&self) -> Result<Grant, Inconclusive> {
        let answer = self.open().await?;
        self.grant_in(&answer).ok_or_else(|| {
            Inconclusive::new(format!("an honest authorization request was answered {}", answer.summary()))
        })
    }

    /// The code in an answer, if it was sent to where the request said.
    pub fn grant_in(&self, answer: &Answer) -> Option<Grant> {
        let redirect_uri = self.sent("redirect_uri").unwrap_or_default();
        let code = match sent_to_client(answer, redirect_uri) {
            Some(sent) => sent.get("code")?.to_owned(),
            None => posted_code(answer, redirect_uri)?,
        };
        Some(Grant { code: code.into(), verifier: self.verifier.clone(), redirect_uri: redirect_uri.to_owned() })
    }

    /// Opens the request, called `what`, which must be refused. Records the refusal, or returns the code it brought.
    ///
    /// # Errors
    /// [`Inconclusive`] when there is no answer.
    pub async fn must_be_refused(&self, what: &str) -> Result<Option<Grant>, Inconclusive> {
        let answer = self.open().await?;
        let grant = self.grant_in(&answer);
        if grant.is_none() {
            self.bench.found(self.refusal(&answer, what), Some(&answer));
        }
        Ok(grant)
    }

    /// Records that a request, called `what`, brought a code although it must not.
    pub fn was_granted(&self, what: &str, level: impl Into<Option<Level>>) {
        let because = format!("the server answered {what} with a code");
        self.bench.found(Finding { level: level.into(), ..Finding::new(Verdict::Vulnerable, because) }, None);
    }

    /// Judges an answer to the request, called `what`, that must be refused.
    pub fn refusal(&self, answer: &Answer, what: &str) -> Finding {
        authorization_refusal(answer, self.refused(), what)
    }

    fn refused(&self) -> RefusedRequest<'_> {
        let metadata = self.bench.target().metadata();
        RefusedRequest {
            redirect_uri: self.client.redirect_uri(),
            state: self.sent("state").unwrap_or_default(),
            issuer: metadata.authorization_response_iss_parameter_supported.then_some(metadata.issuer.as_str()),
            page_will_do: self.expected.page_will_do,
            errors: self.expected.errors,
            pushed: self.route.pushed,
        }
    }

    fn sent(&self, name: &str) -> Option<&str> {
        self.params.get(name)
    }
}

/// The code in a form that a browser would post to the client (OAuth 2.0 Form Post Response Mode section 2).
fn posted_code(answer: &Answer, redirect_uri: &str) -> Option<String> {
    if answer.status != 200 {
        return None;
    }
    let forms = forms_of(redirect_uri, answer);
    let posted = forms.iter().find(|form| form.posted && form.action.starts_with(redirect_uri))?;
    posted.value("code").map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_posted_code_is_read_from_its_form() {
        let page = r#"<form method="post" action="http://a/cb"><input type="hidden" name="state" value="s">
            <input type='hidden' name='code' value='abc'/></form>"#;
        let answer = Answer::of(200, &[("content-type", "text/html")], page);
        assert_eq!(posted_code(&answer, "http://a/cb").as_deref(), Some("abc"));
        assert_eq!(posted_code(&answer, "http://b/cb"), None);
    }
}
