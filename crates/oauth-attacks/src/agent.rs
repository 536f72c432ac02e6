//! The HTTP of the attacker: follows no redirect, sends parameters exactly as given, and writes down what was said.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::{HeaderMap, Method};
use oauth_types::{Params, Secret};

use crate::answer::Answer;
use crate::exchange::Exchange;
use crate::trace::{Party, Step, Trace, shown};
use crate::user_agent::NotUnderstood;

/// How long one exchange may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The most octets of a body that are read.
const LONGEST_BODY: usize = 256 * 1024;
/// Shorter texts are not treated as secrets: they occur by chance.
const SHORTEST_SECRET: usize = 8;

/// Sends requests and records them.
#[derive(Debug, Clone)]
pub struct Agent {
    http: reqwest::Client,
    tls: Tls,
    trace: Option<Arc<Mutex<Trace>>>,
    secrets: Arc<Mutex<Secrets>>,
}

/// Whether connections may be encrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tls {
    /// They may, and certificates are checked against those the system trusts.
    Trusted,
    /// They may, and certificates are checked against these authorities alone, in PEM.
    Only(Arc<str>),
    /// No certificate is trusted, so only `http` addresses can be reached. It saves loading the system's certificates
    /// for every connection.
    Untrusted,
    /// They may, with any certificate: for servers of the attacks' own, whose authorities are made for the occasion.
    Any,
}

impl Tls {
    /// What is needed to reach this address.
    pub fn for_url(url: &str) -> Self {
        let plain = url.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("http:"));
        if plain { Self::Untrusted } else { Self::Trusted }
    }
}

/// A request as an attacker wants it: any parameters, in any order, any number of times.
#[derive(Debug, Clone)]
pub struct Request {
    /// Who sends it.
    pub from: Party,
    /// Who receives it.
    pub to: Party,
    /// The method; with a form, `POST`.
    pub method: Method,
    /// Where it goes, without the parameters below.
    pub url: String,
    /// Parameters that are added to the query.
    pub query: Params,
    /// Parameters of the body, if there is one.
    pub form: Option<Params>,
    /// A body that is no form: its media type and its octets. It is sent instead of the form.
    pub body: Option<(String, Vec<u8>)>,
    /// More headers.
    pub headers: HeaderMap,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AgentError {
    /// No connection, or it broke, or it took longer than ten seconds.
    #[error("no answer from {place}: {cause}")]
    NoAnswer {
        /// Host and path.
        place: String,
        /// What went wrong.
        cause: String,
    },
    /// The body is longer than 256 KiB.
    #[error("the answer of {0} is longer than {LONGEST_BODY} octets")]
    TooLong(String),
    /// A page of the server that a user cannot be got past.
    #[error(transparent)]
    Page(#[from] Box<NotUnderstood>),
    /// An HTTP client could not be made.
    #[error("cannot make an HTTP client: {0}")]
    NoClient(String),
}

/// Texts that must not be shown, whatever they are called.
#[derive(Default)]
struct Secrets {
    /// Concealed wherever they occur.
    long: Vec<String>,
    /// Concealed where they are all there is.
    short: Vec<String>,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "<{} secrets>", self.long.len() + self.short.len())
    }
}

impl Request {
    /// A GET with these parameters in the query.
    pub fn get(from: Party, to: Party, url: impl Into<String>, query: Params) -> Self {
        let (method, url) = (Method::GET, url.into());
        Self { from, to, method, url, query, form: None, body: None, headers: HeaderMap::new() }
    }

    /// A POST with this form as its body.
    pub fn post(from: Party, to: Party, url: impl Into<String>, form: Params) -> Self {
        Self { method: Method::POST, form: Some(form), ..Self::get(from, to, url, Params::new()) }
    }

    /// A POST with this JSON document as its body.
    pub fn json(from: Party, to: Party, url: impl Into<String>, document: &serde_json::Value) -> Self {
        let body = ("application/json".to_owned(), document.to_string().into_bytes());
        Self { method: Method::POST, body: Some(body), ..Self::get(from, to, url, Params::new()) }
    }

    /// The same request with a header, unless the value does not fit into one.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(value) = http::HeaderValue::from_str(value) {
            self.headers.append(name, value);
        }
        self
    }

    /// `GET /authorize`, without the parameters.
    fn summary(&self) -> String {
        format!("{} {}", self.method, path_of(&self.url))
    }
}

impl Agent {
    /// An agent with an empty trace.
    ///
    /// # Errors
    /// [`AgentError::NoClient`] when the TLS library cannot be set up.
    pub fn new(tls: Tls) -> Result<Self, AgentError> {
        Ok(Self { http: connection(&tls, None)?, tls, trace: Some(Arc::default()), secrets: Arc::default() })
    }

    /// Another agent with an empty trace and no secrets, sharing connections.
    #[must_use]
    pub fn another(&self) -> Self {
        Self { trace: Some(Arc::default()), secrets: Arc::default(), ..self.clone() }
    }

    /// The same agent for exchanges that are no part of the story: nothing is written down.
    #[must_use]
    pub fn aside(&self) -> Self {
        Self { trace: None, ..self.clone() }
    }

    /// The same agent on a connection of its own, and nothing is written down.
    ///
    /// # Errors
    /// [`AgentError::NoClient`] when the TLS library cannot be set up.
    pub fn on_own_connection(&self) -> Result<Self, AgentError> {
        Ok(Self { http: connection(&self.tls, None)?, ..self.aside() })
    }

    /// The same agent, showing this certificate where it is asked for one. `identity` is the certificate and its
    /// private key in PEM.
    ///
    /// # Errors
    /// [`AgentError::NoClient`] when they are unreadable.
    pub fn with_certificate(&self, identity: &Secret) -> Result<Self, AgentError> {
        Ok(Self { http: connection(&self.tls, Some(identity))?, ..self.clone() })
    }

    /// Sends a request and reads the answer to its end.
    ///
    /// # Errors
    /// [`AgentError`] when there is no answer, or an endless one.
    pub async fn send(&self, request: Request) -> Result<Answer, AgentError> {
        let place = place_of(&request.url);
        let no_answer = |error: reqwest::Error| AgentError::NoAnswer {
            place: place.clone(),
            cause: innermost(&error.without_url()),
        };
        let mut call = self.http.request(request.method.clone(), with_query(&request.url, &request.query));
        call = call.headers(request.headers.clone());
        if let Some((media_type, octets)) = &request.body {
            call = call.header(http::header::CONTENT_TYPE, media_type).body(octets.clone());
        } else if let Some(form) = &request.form {
            let media_type = (http::header::CONTENT_TYPE, "application/x-www-form-urlencoded");
            call = call.header(media_type.0, media_type.1).body(form.encode());
        }
        let mut response = call.send().await.map_err(no_answer)?;
        let mut octets = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(no_answer)? {
            octets.extend_from_slice(&chunk);
            if octets.len() > LONGEST_BODY {
                return Err(AgentError::TooLong(place));
            }
        }
        let mut answer = Answer {
            status: response.status().as_u16(),
            headers: std::mem::take(response.headers_mut()),
            body: String::from_utf8_lossy(&octets).into_owned(),
            step: None,
        };
        answer.step = self.record(&request, &answer);
        Ok(answer)
    }

    /// Remembers a text that must not be shown.
    pub fn keep_secret(&self, text: &str) {
        if text.len() >= SHORTEST_SECRET {
            lock(&self.secrets).long.push(text.to_owned());
        }
    }

    /// Remembers a password, which must not be shown however short it is.
    pub(crate) fn keep_password(&self, text: &str) {
        if !text.is_empty() && text.len() < SHORTEST_SECRET {
            lock(&self.secrets).short.push(text.to_owned());
        }
        self.keep_secret(text);
    }

    /// `text` with every known secret taken out.
    pub fn conceal(&self, text: &str) -> String {
        let secrets = lock(&self.secrets);
        if secrets.short.iter().any(|secret| secret == text) {
            return "<secret>".to_owned();
        }
        secrets.long.iter().fold(text.to_owned(), |text, secret| {
            // A search begins with a look at all of what is searched for, and some verifiers are a mebibyte.
            if secret.len() > text.len() { text } else { text.replace(secret.as_str(), "<secret>") }
        })
    }

    /// Writes down a step that was not a single request.
    pub fn note(&self, step: Step) {
        if let Some(trace) = &self.trace {
            lock(trace).steps.push(step);
        }
    }

    /// Marks the exchange that brought `answer` as the one that stopped the attack, or the last step without one.
    pub(crate) fn stopped_at(&self, answer: Option<&Answer>) {
        let Some(trace) = &self.trace else { return };
        let steps = &mut lock(trace).steps;
        let at = answer.map_or_else(|| steps.len().checked_sub(1), |answer| answer.step);
        if let Some(step) = at.and_then(|at| steps.get_mut(at)) {
            step.stopped = true;
        }
    }

    /// Whether an answer that was written down answers a POST.
    pub(crate) fn was_posted(&self, answer: &Answer) -> bool {
        let Some(trace) = &self.trace else { return false };
        let trace = lock(trace);
        answer.step.and_then(|at| trace.steps.get(at)).is_some_and(|step| step.message.starts_with("POST "))
    }

    /// What was said so far. A text that turned out to be a secret is taken out of earlier steps as well.
    pub fn trace(&self) -> Trace {
        let mut trace = self.trace.as_ref().map(|trace| lock(trace).clone()).unwrap_or_default();
        for step in &mut trace.steps {
            let values = step.parameters.iter_mut().map(|(_, value)| value);
            for text in values.chain(&mut step.answer).chain(&mut step.remark) {
                *text = self.conceal(text);
            }
            if let Some(exchange) = &mut step.exchange {
                exchange.texts().for_each(|text| *text = self.conceal(text));
            }
        }
        trace
    }

    fn record(&self, request: &Request, answer: &Answer) -> Option<usize> {
        let trace = self.trace.as_ref()?;
        let pairs = request.query.iter().chain(request.form.iter().flat_map(Params::iter));
        let parameters = pairs.map(|(name, value)| (name.to_owned(), self.conceal(&shown(name, value)))).collect();
        let step = Step {
            from: request.from,
            to: request.to,
            message: request.summary(),
            parameters,
            answer: Some(answer.summary()),
            remark: answer.member("error_description").map(|text| self.conceal(&shown("", &text))),
            stopped: false,
            exchange: Some(Box::new(Exchange::of(request, answer, &|text| self.conceal(text)))),
        };
        let steps = &mut lock(trace).steps;
        steps.push(step);
        steps.len().checked_sub(1)
    }
}

fn connection(tls: &Tls, identity: Option<&Secret>) -> Result<reqwest::Client, AgentError> {
    let no_client = |error: reqwest::Error| AgentError::NoClient(innermost(&error));
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .timeout(TIMEOUT)
        .no_proxy();
    let client = match tls {
        Tls::Trusted => client,
        Tls::Untrusted => client.tls_certs_only([]),
        Tls::Any => client.tls_certs_only([]).tls_danger_accept_invalid_certs(true),
        Tls::Only(pem) => {
            client.tls_certs_only(reqwest::Certificate::from_pem_bundle(pem.as_bytes()).map_err(no_client)?)
        }
    };
    let client = match identity {
        None => client,
        Some(pem) => client.identity(reqwest::Identity::from_pem(pem.expose().as_bytes()).map_err(no_client)?),
    };
    client.build().map_err(no_client)
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn with_query(url: &str, query: &Params) -> String {
    if query.is_empty() { url.to_owned() } else { query.append_to_query(url) }
}

/// The path of a URL, without its query.
fn path_of(url: &str) -> String {
    url::Url::parse(url).map_or_else(|_| "?".to_owned(), |url| url.path().to_owned())
}

/// Host and path of a URL, without its query.
pub(crate) fn place_of(url: &str) -> String {
    let Ok(url) = url::Url::parse(url) else { return "an unreadable address".to_owned() };
    format!("{}{}", &url[url::Position::BeforeHost..url::Position::AfterPort], url.path())
}

/// The message of the error that caused all the others.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_secrets_are_concealed_wherever_they_occur() {
        let agent = Agent::new(Tls::Untrusted).expect("an agent");
        agent.keep_secret("canary-secret");
        agent.keep_secret("short");
        assert_eq!(agent.conceal("short canary-secrets"), "short <secret>s");
        agent.keep_password("pw");
        assert_eq!((agent.conceal("pw"), agent.conceal("pwd")), ("<secret>".to_owned(), "pwd".to_owned()));
    }

    #[test]
    fn only_an_http_address_does_without_certificates() {
        assert_eq!(Tls::for_url("HTTP://127.0.0.1"), Tls::Untrusted);
        for url in ["https://a.example", "httpx", "", "ftp://a"] {
            assert_eq!(Tls::for_url(url), Tls::Trusted, "{url}");
        }
    }

    #[test]
    fn a_place_is_told_without_query_and_credentials() {
        assert_eq!(place_of("http://u:p@127.0.0.1:80/token?code=canary"), "127.0.0.1/token");
        assert_eq!(place_of("http://127.0.0.1:8080/token?code=canary"), "127.0.0.1:8080/token");
    }
}
