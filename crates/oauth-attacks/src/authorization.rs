//! Authorization requests: honest ones, and what is made of them.

use oauth_types::{Params, Secret};

use crate::agent::AgentError;
use crate::answer::Answer;
use crate::attack::Inconclusive;
use crate::bench::Bench;
use crate::browser::{Browser, Visit};
use crate::challenge::s256;
use crate::dice::fresh;
use crate::judge::{Finding, RefusedRequest, authorization_refusal, sent_to_client};
use crate::target::Registration;
use crate::verdict::{Level, Verdict};

/// An authorization request that is being put together.
#[must_use = "nothing is sent until the request is opened"]
#[derive(Debug)]
pub struct Authorization<'a> {
    bench: &'a Bench,
    client: &'a Registration,
    query: Params,
    form: Option<Params>,
    verifier: Secret,
    page_will_do: bool,
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
        let mut query = Params::new()
            .with("response_type", "code")
            .with("client_id", &client.client_id)
            .with("redirect_uri", client.redirect_uri())
            .with("scope", scope)
            .with("state", fresh());
        if scope.split(' ').any(|scope| scope == "openid") {
            query.push("nonce", fresh());
        }
        query.push("code_challenge", s256(&verifier));
        query.push("code_challenge_method", "S256");
        bench.agent().keep_secret(&verifier);
        Self { bench, client, query, form: None, verifier: verifier.into(), page_will_do: false }
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
        self.query.set(name, value);
        self
    }

    /// With one more parameter at the end.
    pub fn also(mut self, name: &str, value: impl Into<String>) -> Self {
        self.query.push(name, value);
        self
    }

    /// With one more parameter at the beginning.
    pub fn first(mut self, name: &str, value: impl Into<String>) -> Self {
        let rest = std::mem::take(&mut self.query);
        let whole = Params::new().with(name, value);
        self.query = whole.iter().chain(rest.iter()).collect();
        self
    }

    /// Without a parameter.
    pub fn without(mut self, name: &str) -> Self {
        self.query.remove(name);
        self
    }

    /// Without a challenge and its method.
    pub fn without_pkce(self) -> Self {
        self.without("code_challenge").without("code_challenge_method")
    }

    /// Logging in the second user, if the target has one.
    pub fn as_second_user(self) -> Self {
        match &self.bench.target().second_user {
            Some(hint) => self.set("login_hint", hint),
            None => self,
        }
    }

    /// As a POST with the parameters in its body (RFC 6749 section 3.1).
    pub fn posted(mut self) -> Self {
        self.form = Some(std::mem::take(&mut self.query));
        self
    }

    /// Where a refusal on a page of the server's own is as good as a redirect.
    pub fn page_will_do(mut self) -> Self {
        self.page_will_do = true;
        self
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
        let target = self.bench.target();
        let endpoint = target.metadata().authorization_endpoint.as_deref().unwrap_or_default();
        let url = if self.query.is_empty() { endpoint.to_owned() } else { self.query.append_to_query(endpoint) };
        let answer = target.login.authorize(browser, Visit { url, form: self.form.clone() }).await?;
        if let Some(grant) = self.grant_in(&answer) {
            self.bench.agent().keep_secret(grant.code.expose());
        }
        Ok(answer)
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
            self.bench.found(authorization_refusal(&answer, self.refused(), what), Some(&answer));
        }
        Ok(grant)
    }

    /// Records that a request, called `what`, brought a code although it must not.
    pub fn was_granted(&self, what: &str, level: impl Into<Option<Level>>) {
        let because = format!("the server answered {what} with a code");
        self.bench.found(Finding { level: level.into(), ..Finding::new(Verdict::Vulnerable, because) }, None);
    }

    fn refused(&self) -> RefusedRequest<'_> {
        let metadata = self.bench.target().metadata();
        RefusedRequest {
            redirect_uri: self.client.redirect_uri(),
            state: self.sent("state").unwrap_or_default(),
            issuer: metadata.authorization_response_iss_parameter_supported.then_some(metadata.issuer.as_str()),
            page_will_do: self.page_will_do,
        }
    }

    fn sent(&self, name: &str) -> Option<&str> {
        self.query.get(name).or_else(|| self.form.as_ref()?.get(name))
    }
}

/// The code in a form that a browser would post to the client (OAuth 2.0 Form Post Response Mode section 2).
fn posted_code(answer: &Answer, redirect_uri: &str) -> Option<String> {
    let page = answer.body.as_str();
    if answer.status != 200 || !page.contains(redirect_uri) {
        return None;
    }
    let inputs = page.split('<').filter(|tag| tag.get(..5).is_some_and(|name| name.eq_ignore_ascii_case("input")));
    let code = inputs.filter(|tag| attribute(tag, "name") == Some("code")).find_map(|tag| attribute(tag, "value"));
    code.map(str::to_owned)
}

/// The quoted value of an attribute of a tag.
fn attribute<'t>(tag: &'t str, name: &str) -> Option<&'t str> {
    let at = tag.find(&format!("{name}="))? + name.len() + 1;
    let quote = tag[at..].chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    tag[at + 1..].split(quote).next()
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
