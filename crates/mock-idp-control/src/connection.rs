//! How calls are sent, and how answers are read.

use std::time::Duration;

use oauth_types::Secret;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Certificate, Client, Method, RequestBuilder, Response, StatusCode, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Call, Error, Problem};

/// How long anything but waiting may take. Making keys takes longest.
const PATIENCE: Duration = Duration::from_secs(30);
/// The most octets of an answer: a whole journal with every body.
const MOST: usize = 512 * 1024 * 1024;
/// How much of an answer that is none of the control API is told.
const TOLD: usize = 200;

/// A server, and how it is called.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
    base: Url,
    http: Client,
    pub(crate) token: Option<Secret>,
    pub(crate) patience: Duration,
}

/// An answer to a call that is in order.
pub(crate) struct Answer {
    call: Call,
    status: StatusCode,
    body: Vec<u8>,
}

impl Connection {
    pub(crate) fn to(base: &str) -> Result<Self, Error> {
        let base = Url::parse(base).map_err(|_| Error::Address)?;
        let plain = base.username().is_empty() && base.password().is_none();
        if !plain || !["http", "https"].contains(&base.scheme()) || base.query().or(base.fragment()).is_some() {
            return Err(Error::Address);
        }
        Ok(Self { base, http: client(Vec::new())?, token: None, patience: PATIENCE })
    }

    pub(crate) fn trusting(mut self, pem: &str) -> Result<Self, Error> {
        let trusted =
            Certificate::from_pem_bundle(pem.as_bytes()).map_err(|error| Error::Certificate(error.into()))?;
        if trusted.is_empty() {
            return Err(Error::Certificate("there is no certificate in it".into()));
        }
        self.http = client(trusted)?;
        Ok(self)
    }

    /// A call without a body. `parts` go into the places of the names in its path.
    pub(crate) async fn ask(&self, call: Call, parts: &[&str]) -> Result<Answer, Error> {
        self.send(call, self.request(call, parts, &[])?, Duration::ZERO).await
    }

    /// A call with a query.
    pub(crate) async fn query(&self, call: Call, parts: &[&str], query: &[(&str, String)]) -> Result<Answer, Error> {
        self.send(call, self.request(call, parts, query)?, Duration::ZERO).await
    }

    /// A call with a query that the server may answer so much later.
    pub(crate) async fn wait(
        &self,
        call: Call,
        parts: &[&str],
        (query, longer): (&[(&str, String)], Duration),
    ) -> Result<Answer, Error> {
        self.send(call, self.request(call, parts, query)?, longer).await
    }

    /// A call with a body.
    pub(crate) async fn tell(&self, call: Call, parts: &[&str], body: &impl Serialize) -> Result<Answer, Error> {
        self.send(call, self.request(call, parts, &[])?.json(body), Duration::ZERO).await
    }

    fn request(&self, call: Call, parts: &[&str], query: &[(&str, String)]) -> Result<RequestBuilder, Error> {
        // A path loses what says "here" and "one up".
        if parts.iter().any(|part| ["", ".", ".."].contains(part)) {
            return Err(Error::Name { call });
        }
        let mut url = self.base.clone();
        url.path_segments_mut().map_err(|()| Error::Address)?.pop_if_empty().extend(call.segments(parts));
        let method = Method::from_bytes(call.method.as_bytes()).map_err(|_| Error::Name { call })?;
        let mut request = self.http.request(method, url);
        if !query.is_empty() {
            request = request.query(query);
        }
        Ok(match &self.token {
            Some(token) => request.bearer_auth(token.expose()),
            None => request,
        })
    }

    async fn send(&self, call: Call, request: RequestBuilder, longer: Duration) -> Result<Answer, Error> {
        let failed = |error: reqwest::Error| match error.is_timeout() {
            true => Error::TimedOut { call },
            false => Error::NoAnswer { call, source: error.without_url().into() },
        };
        let response = request.timeout(self.patience.saturating_add(longer)).send().await.map_err(failed)?;
        let (status, is_problem) = (response.status(), is_problem(&response));
        let Some(body) = read(response).await.map_err(failed)? else {
            let says = format!("it has more than {MOST} octets");
            return Err(Error::Unexpected { call, status: status.as_u16(), says });
        };
        let answer = Answer { call, status, body };
        match status.is_success() {
            true => Ok(answer),
            false if is_problem => Err(Error::Refused { call, problem: answer.json::<Box<Problem>>()? }),
            false => Err(answer.unexpected(String::new())),
        }
    }
}

impl Answer {
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(&self.body).map_err(|error| {
            // What serde says may quote a value of the answer, which may be a token.
            self.unexpected(format!("no such JSON at line {} column {}", error.line(), error.column()))
        })
    }

    pub(crate) fn text(self) -> Result<String, Error> {
        let (call, status) = (self.call, self.status.as_u16());
        String::from_utf8(self.body).map_err(|_| Error::Unexpected { call, status, says: "it is no text".to_owned() })
    }

    /// An answer of somebody else, such as a proxy, says best itself what is wrong.
    pub(crate) fn unexpected(&self, says: String) -> Error {
        let said = if self.status.is_success() { String::new() } else { beginning(&self.body) };
        Error::Unexpected { call: self.call, status: self.status.as_u16(), says: format!("{says}{said}") }
    }
}

fn client(trusted: Vec<Certificate>) -> Result<Client, Error> {
    // Only what was named is trusted: a certificate of a mock server is none that a system knows.
    let client = Client::builder()
        .tls_certs_only(trusted)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .referer(false)
        .retry(reqwest::retry::never())
        .connect_timeout(PATIENCE)
        .user_agent(concat!("mock-idp-control/", env!("CARGO_PKG_VERSION")))
        .build();
    client.map_err(|error| Error::Certificate(error.into()))
}

fn is_problem(response: &Response) -> bool {
    response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind == "application/problem+json")
}

/// The body; `None` if it is too long.
async fn read(mut response: Response) -> Result<Option<Vec<u8>>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if chunk.len() > MOST - body.len() {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body))
}

fn beginning(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(TOLD)]);
    text.trim().escape_debug().to_string()
}
