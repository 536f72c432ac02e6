//! Token requests: honest ones, and what is made of them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use oauth_types::{Params, Secret};

use crate::agent::{Agent, AgentError, Request};
use crate::answer::Answer;
use crate::authorization::Grant;
use crate::bench::Bench;
use crate::key::Key;
use crate::target::{ClientAuth, Registration};
use crate::trace::Party;

/// A request to the token endpoint, or to another that a client authenticates at, which is being put together.
#[must_use = "nothing is sent until the request is sent"]
#[derive(Debug, Clone)]
pub struct TokenRequest<'a> {
    bench: &'a Bench,
    client: &'a Registration,
    from: Party,
    method: Method,
    endpoint: &'static str,
    url: Option<String>,
    query: Params,
    form: Params,
    body: Option<(String, Vec<u8>)>,
    written: Option<(&'static str, fn(&Params) -> Vec<u8>)>,
    headers: Vec<(&'static str, String)>,
    auth: ClientAuth,
    names_client: bool,
    proves: Option<Key>,
    aside: bool,
}

impl<'a> TokenRequest<'a> {
    /// A request of `client` with this form to the endpoint that the metadata names `endpoint`.
    pub(crate) fn new(bench: &'a Bench, client: &'a Registration, endpoint: &'static str, form: Params) -> Self {
        Self {
            bench,
            client,
            from: Party::Attacker,
            method: Method::POST,
            endpoint,
            url: None,
            query: Params::new(),
            form,
            body: None,
            written: None,
            headers: Vec::new(),
            auth: client.auth.clone(),
            names_client: true,
            proves: client.proves.clone().filter(|_| endpoint == "token_endpoint"),
            aside: false,
        }
    }

    /// RFC 6749 section 4.1.3 and RFC 7636 section 4.5.
    pub(crate) fn of_code(bench: &'a Bench, client: &'a Registration, grant: &Grant) -> Self {
        let form = Params::new()
            .with("grant_type", "authorization_code")
            .with("code", grant.code.expose())
            .with("redirect_uri", &grant.redirect_uri)
            .with("code_verifier", grant.verifier.expose());
        Self::new(bench, client, "token_endpoint", form)
    }

    /// RFC 6749 section 6.
    pub(crate) fn of_refresh_token(bench: &'a Bench, client: &'a Registration, token: &Secret) -> Self {
        let form = Params::new().with("grant_type", "refresh_token").with("refresh_token", token.expose());
        Self::new(bench, client, "token_endpoint", form)
    }

    /// RFC 7009 section 2.1.
    pub(crate) fn of_revocation(bench: &'a Bench, client: &'a Registration, token: &Secret) -> Self {
        Self::new(bench, client, "revocation_endpoint", Params::new().with("token", token.expose()))
    }

    /// RFC 7662 section 2.1.
    pub(crate) fn of_introspection(bench: &'a Bench, client: &'a Registration, token: &Secret) -> Self {
        Self::new(bench, client, "introspection_endpoint", Params::new().with("token", token.expose()))
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

    /// With one more parameter at the end.
    pub fn also(mut self, name: &str, value: impl Into<String>) -> Self {
        self.form.push(name, value);
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

    /// With another method. A GET has its parameters in the query.
    pub fn method(mut self, method: Method) -> Self {
        self.method = method;
        self
    }

    /// With this body instead of a form.
    pub fn body(mut self, media_type: &str, octets: impl Into<Vec<u8>>) -> Self {
        self.body = Some((media_type.to_owned(), octets.into()));
        self
    }

    /// With all its parameters, the client's authentication among them, written down in another way than as a form.
    pub fn written(mut self, media_type: &'static str, write: fn(&Params) -> Vec<u8>) -> Self {
        self.written = Some((media_type, write));
        self
    }

    /// With one more header.
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Authenticated in another way, or not at all.
    pub fn authenticated_by(mut self, auth: ClientAuth) -> Self {
        self.auth = auth;
        self
    }

    /// With the `client_id` and nothing to prove it.
    pub fn unauthenticated(self) -> Self {
        self.authenticated_by(ClientAuth::None)
    }

    /// With nothing that says which client sends it, except what the attack adds.
    pub fn anonymous(mut self) -> Self {
        self.names_client = false;
        self.unauthenticated()
    }

    /// With a DPoP proof of this key instead of the client's own, or with none.
    pub fn proving(mut self, key: Option<Key>) -> Self {
        self.proves = key;
        self
    }

    /// To this URL instead of the endpoint's.
    pub fn to(mut self, url: impl Into<String>) -> Self {
        self.url = Some(url.into());
        self
    }

    /// Not to be written down.
    pub(crate) fn aside(mut self) -> Self {
        self.aside = true;
        self
    }

    /// Sends it. A proof that lacks the server's nonce is made again with it (RFC 9449 section 8).
    ///
    /// # Errors
    /// [`AgentError`] when there is no answer.
    pub async fn send(self) -> Result<Answer, AgentError> {
        let mut agent = if self.aside { self.bench.agent().aside() } else { self.bench.agent().clone() };
        if let ClientAuth::MutualTls(identity) = &self.auth {
            agent = agent.with_certificate(identity)?;
        }
        self.send_over(&agent).await
    }

    /// Sends it over the connection of this agent.
    pub(crate) async fn send_over(&self, agent: &Agent) -> Result<Answer, AgentError> {
        let mut answer = agent.send(self.request()).await?;
        let fresh = self.bench.note_nonce(self.place(), &answer);
        if self.proves.is_some() && fresh && answer.member("error").as_deref() == Some("use_dpop_nonce") {
            answer = agent.send(self.request()).await?;
            self.bench.note_nonce(self.place(), &answer);
        }
        self.bench.remember(self.client, &answer);
        Ok(answer)
    }

    /// Where it goes.
    fn place(&self) -> &str {
        let target = self.bench.target();
        let own = self.url.as_deref();
        let aliased = || match self.auth {
            ClientAuth::MutualTls(_) => target.mtls_endpoint(self.endpoint),
            _ => None,
        };
        own.or_else(aliased).or_else(|| target.endpoint(self.endpoint)).unwrap_or_default()
    }

    /// The request with the client's authentication (RFC 6749 section 2.3) and proof.
    pub(crate) fn request(&self) -> Request {
        let mut form = self.form.clone();
        let id = self.client.client_id.as_str();
        let mut request = Request::post(self.from, Party::Server, self.place(), Params::new());
        match &self.auth {
            ClientAuth::None | ClientAuth::MutualTls(_) if self.names_client => form.push("client_id", id),
            ClientAuth::None | ClientAuth::MutualTls(_) => {}
            ClientAuth::Post(secret) => {
                form.push("client_id", id);
                form.push("client_secret", secret.expose());
            }
            ClientAuth::Basic(secret) => {
                request = request.with_header("authorization", &basic(id, secret));
                // RFC 9126 section 2.1: a pushed request has the parameters of any other, whoever sends it.
                if self.endpoint == "pushed_authorization_request_endpoint" && form.raw("client_id").is_none() {
                    form.push("client_id", id);
                }
            }
            ClientAuth::PrivateKeyJwt(key) => {
                // A key that does not sign leaves the request without an assertion, and the control fails.
                if let Ok(assertion) = self.bench.client_assertion(id).signed_by(key) {
                    form.push("client_id", id);
                    form.push("client_assertion_type", ASSERTION_TYPE);
                    form.push("client_assertion", assertion);
                }
            }
        }
        if let Some(key) = &self.proves
            && let Ok(proof) = self.bench.proof(key, self.method.as_str(), self.place(), None).signed_by(key)
        {
            request = request.with_header("dpop", &proof);
        }
        for (name, value) in &self.headers {
            request = request.with_header(name, value);
        }
        request.query.clone_from(&self.query);
        request.method.clone_from(&self.method);
        if self.method == Method::GET {
            request.query = request.query.iter().chain(form.iter()).collect();
            request.form = None;
        } else {
            request.form = Some(form);
        }
        request.body = match (&self.written, &request.form) {
            (Some((media_type, write)), Some(form)) => Some(((*media_type).to_owned(), write(form))),
            _ => self.body.clone(),
        };
        request
    }

    /// The client that sends it.
    pub(crate) fn client(&self) -> &'a Registration {
        self.client
    }
}

/// RFC 7523 section 2.2.
pub const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The value of an `Authorization` header with these credentials (RFC 6749 section 2.3.1). Both parts are form-encoded
/// first, so the result is ASCII and fits into a header.
pub fn basic(client_id: &str, secret: &Secret) -> String {
    let pair = format!("{}:{}", encoded(client_id), encoded(secret.expose()));
    format!("Basic {}", STANDARD.encode(pair))
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
