//! The control API: everything that a test in Rust can say to a server, said over HTTP from any language.
//!
//! There is one table of calls. The router, the OpenAPI document and docs/CONTROL.md are made from it, so that none of
//! them says what another does not.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_ENCODING, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use oauth_types::Params;

use super::extract::{self, NoBody};
use super::router::App;
use call::{Ask, Call, Handler, Outcome, Verb};
use problem::{BAD_QUERY, NO_JSON, NO_SUCH_CALL, OTHER_MEDIA_TYPE, Problem, TOO_LARGE, TOO_SLOW, UNEXPECTED_BODY};

mod access;
mod aside;
mod barriers;
mod call;
mod clients;
mod clock;
mod faults;
mod health;
pub(crate) mod inspector;
mod journal;
mod keys;
mod markdown;
mod openapi;
mod people;
mod problem;
mod tenants;
mod tokens;

pub(crate) use access::{Access, Token};
pub use markdown::markdown;
pub use openapi::openapi;

/// What the paths of all calls begin with.
const PREFIX: &str = "/_control";
/// The most octets of the body of a call.
pub(crate) const MAX_BODY: usize = 1024 * 1024;

/// The table, by group: a heading, what the group is, and its calls.
static GROUPS: &[Group] = &[
    health::GROUP,
    tenants::GROUP,
    clock::GROUP,
    people::GROUP,
    clients::GROUP,
    keys::GROUP,
    faults::GROUP,
    barriers::GROUP,
    journal::GROUP,
    tokens::GROUP,
];

/// Calls that belong together.
#[derive(Debug)]
struct Group {
    name: &'static str,
    says: &'static str,
    calls: &'static [Call],
}

/// Every call, in the order of the document.
fn calls() -> impl Iterator<Item = &'static Call> {
    GROUPS.iter().flat_map(|group| group.calls)
}

/// Whether a path is that of a call, or would be.
pub(crate) fn is_control(path: &str) -> bool {
    path.strip_prefix(PREFIX).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

impl App {
    /// Whether a path is for the control API, or asks whether there is one.
    pub(crate) fn controls(&self, path: &str) -> bool {
        match self.control.is_on() {
            true => is_control(path),
            // Healthchecks ask for it all the time. That there is none is told to them and to nobody else.
            false => path.strip_prefix(PREFIX) == Some(health::PATH),
        }
    }
}

/// What a healthcheck is answered where there is no control API.
fn none() -> Response<Bytes> {
    let mut response = Response::new(Bytes::from_static(b"There is no control API.\n"));
    *response.status_mut() = StatusCode::NOT_FOUND;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

/// Answers a request that came over a connection.
pub(crate) async fn handle(app: &Arc<App>, request: Request) -> Response<Body> {
    if !app.control.is_on() {
        return none().map(Body::from);
    }
    let (parts, body) = request.into_parts();
    // Whoever may not call is not listened to.
    let (response, cut) = match app.control.judge(&parts) {
        Err(problem) => (problem.told().into_response(), true),
        Ok(()) => {
            let body = extract::collect(body, MAX_BODY).await;
            let cut = body.is_err();
            (answer(app, &parts, body).await, cut)
        }
    };
    let mut response = response.map(Body::from);
    if cut {
        // What is left of the body is not read; the connection cannot be used again.
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// Answers a call whose body has been read, or not.
pub(crate) async fn answer(app: &Arc<App>, parts: &Parts, body: Result<Bytes, NoBody>) -> Response<Bytes> {
    if !app.control.is_on() {
        return none();
    }
    let told = match app.control.judge(parts) {
        Ok(()) => dispatch(app, parts, body).await,
        Err(problem) => Err(problem),
    };
    told.unwrap_or_else(Problem::told).into_response()
}

async fn dispatch(app: &Arc<App>, parts: &Parts, body: Result<Bytes, NoBody>) -> Outcome {
    let path = parts.uri.path().strip_prefix(PREFIX).unwrap_or_default();
    let of_path: Vec<_> = calls().filter_map(|call| Some((call, call.matches(path)?))).collect();
    let verbs: Vec<Verb> = of_path.iter().map(|(call, _)| call.verb).collect();
    if of_path.is_empty() {
        return Err(Problem::new(&NO_SUCH_CALL, "GET /_control lists the calls"));
    }
    let Some((call, named)) = of_path.into_iter().find(|(call, _)| call.verb.is(&parts.method)) else {
        return Err(Problem::not_by(verbs));
    };
    let query = query(call, parts.uri.query().unwrap_or_default())?;
    let body = given(call, &parts.headers, body)?;
    let ask = Ask { app, named, query, body };
    match call.handler {
        Handler::Now(handler) => handler(&ask),
        Handler::Later(handler) => handler(ask).await,
    }
}

/// The query of a call, if it has only parameters of the call, each once.
fn query(call: &Call, text: &str) -> Result<Params, Problem> {
    let query = Params::parse(text).map_err(|error| Problem::new(&BAD_QUERY, error.to_string()))?;
    let known = || call.query.iter().map(|parameter| parameter.name).collect::<Vec<_>>().join(", ");
    if query.iter().any(|(name, _)| !call.query.iter().any(|parameter| parameter.name == name)) {
        let detail = match call.query.is_empty() {
            true => "This call has no query".to_owned(),
            false => format!("A parameter is unknown; these are known: {}", known()),
        };
        return Err(Problem::new(&BAD_QUERY, detail));
    }
    match query.duplicate(&[]) {
        Some(name) => Err(Problem::new(&BAD_QUERY, format!("{name} is there twice"))),
        None => Ok(query),
    }
}

/// The body of a call, if it is one that the call is given.
fn given(call: &Call, headers: &HeaderMap, body: Result<Bytes, NoBody>) -> Result<Bytes, Problem> {
    let body = body.map_err(|why| match why {
        NoBody::TooLarge => Problem::new(&TOO_LARGE, format!("The body has more than {MAX_BODY} octets")),
        NoBody::TooSlow => Problem::new(&TOO_SLOW, "The body did not arrive in time"),
        NoBody::Broken => Problem::new(&NO_JSON, "The body ended too early"),
    })?;
    if call.body.is_none() {
        return match body.is_empty() {
            true => Ok(body),
            false => Err(Problem::new(&UNEXPECTED_BODY, "This call is not given anything")),
        };
    }
    if headers.contains_key(CONTENT_ENCODING) {
        return Err(Problem::new(&OTHER_MEDIA_TYPE, "The body must not be compressed"));
    }
    match is_json(headers) {
        true => Ok(body),
        false => Err(Problem::new(&OTHER_MEDIA_TYPE, "Say Content-Type: application/json")),
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let mut kinds = headers.get_all(CONTENT_TYPE).iter();
    let (Some(kind), None) = (kinds.next(), kinds.next()) else { return false };
    let kind = kind.to_str().ok().and_then(|kind| kind.split(';').next()).unwrap_or_default();
    kind.trim().eq_ignore_ascii_case("application/json")
}
