//! Token requests: honest ones, and what is made of them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use http::header::AUTHORIZATION;
use oauth_types::{Params, Secret};

use crate::agent::{Agent, AgentError, Request};
use crate::answer::Answer;
use crate::authorization::Grant;
use crate::bench::Bench;
use crate::target::{ClientAuth, Registration};
use crate::trace::Party;

/// A token request that is being put together.
#[must_use = "nothing is sent until the request is sent"]
#[derive(Debug, Clone)]
pub struct TokenRequest<'a> {
    bench: &'a Bench,
    client: &'a Registration,
    from: Party,
    url: &'a str,
    query: Params,
    form: Params,
    aside: bool,
}

impl<'a> TokenRequest<'a> {
    fn new(bench: &'a Bench, client: &'a Registration, form: Params) -> Self {
        let url = bench.target().metadata().token_endpoint.as_deref().unwrap_or_default();
        Self { bench, client, from: Party::Attacker, url, query: Params::new(), form, aside: false }
    }

    /// RFC 6749 section 4.1.3 and RFC 7636 section 4.5.
    pub(crate) fn of_code(bench: &'a Bench, client: &'a Registration, grant: &Grant) -> Self {
        let form = Params::new()
            .with("grant_type", "authorization_code")
            .with("code", grant.code.expose())
            .with("redirect_uri", &grant.redirect_uri)
            .with("code_verifier", grant.verifier.expose());
        Self::new(bench, client, form)
    }

    /// RFC 6749 section 6.
    pub(crate) fn of_refresh_token(bench: &'a Bench, client: &'a Registration, token: &Secret) -> Self {
        let form = Params::new().with("grant_type", "refresh_token").with("refresh_token", token.expose());
        Self::new(bench, client, form)
    }

    /// RFC 7009 section 2.1.
    pub(crate) fn of_revocation(bench: &'a Bench, client: &'a Registration, token: &Secret) -> Self {
        Self::new(bench, client, Params::new().with("token", token.expose()))
    }

    /// Sent by somebody other than the attacker.
    pub fn from(mut self, party: Party) -> Self {
        self.from = party;
        self
    }

    /// With this parameter instead of every one of its name.
    pub fn set(mut self, name: &str, value: impl Into<String>) -> Self {
        self.form.set(name, value);
        self
    }

    /// Without a parameter.
    pub fn without(mut self, name: &str) -> Self {
        self.form.remove(name);
        self
    }

    /// Without its verifier.
    pub fn without_verifier(self) -> Self {
        self.without("code_verifier")
    }

    /// With this verifier.
    pub fn verifier(self, verifier: &str) -> Self {
        self.set("code_verifier", verifier)
    }

    /// With a parameter in the query of the URL.
    pub fn in_query(mut self, name: &str, value: impl Into<String>) -> Self {
        self.query.push(name, value);
        self
    }

    /// To another endpoint.
    pub(crate) fn to(mut self, url: &'a str) -> Self {
        self.url = url;
        self
    }

    /// Not to be written down.
    pub(crate) fn aside(mut self) -> Self {
        self.aside = true;
        self
    }

    /// Sends it.
    ///
    /// # Errors
    /// [`AgentError`] when there is no answer.
    pub async fn send(self) -> Result<Answer, AgentError> {
        let agent = if self.aside { self.bench.agent().aside() } else { self.bench.agent().clone() };
        self.send_over(&agent).await
    }

    /// Sends it over the connection of this agent.
    pub(crate) async fn send_over(&self, agent: &Agent) -> Result<Answer, AgentError> {
        let answer = agent.send(self.request()).await?;
        self.bench.remember(self.client, &answer);
        Ok(answer)
    }

    /// The request with the client's authentication (RFC 6749 section 2.3.1).
    pub(crate) fn request(&self) -> Request {
        let mut form = self.form.clone();
        let mut request = Request::post(self.from, Party::Server, self.url, Params::new());
        match &self.client.auth {
            ClientAuth::None => form.push("client_id", &self.client.client_id),
            ClientAuth::Post(secret) => {
                form.push("client_id", &self.client.client_id);
                form.push("client_secret", secret.expose());
            }
            ClientAuth::Basic(secret) => {
                // Both parts are form-encoded first, so the result is ASCII and fits into a header.
                let pair = format!("{}:{}", encoded(&self.client.client_id), encoded(secret.expose()));
                if let Ok(value) = HeaderValue::from_str(&format!("Basic {}", STANDARD.encode(pair))) {
                    request.headers.insert(AUTHORIZATION, value);
                }
            }
        }
        request.query.clone_from(&self.query);
        request.form = Some(form);
        request
    }

    /// The client that sends it.
    pub(crate) fn client(&self) -> &'a Registration {
        self.client
    }
}

/// `application/x-www-form-urlencoded`, of one value.
fn encoded(text: &str) -> String {
    Params::new().with("", text).encode().trim_start_matches('=').to_owned()
}

#[cfg(test)]
mod tests {
    use super::encoded;

    #[test]
    fn credentials_are_form_encoded_before_they_are_joined() {
        assert_eq!(encoded("a:b c"), "a%3Ab%20c");
        assert_eq!(encoded("="), "%3D");
    }
}
