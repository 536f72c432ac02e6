//! The inspector: what happened at a server, as people look at it. Each flow is a diagram with every request, decision
//! and token; buttons move the clock, mount a fault, and send a request again as an attacker who saw it.
//!
//! Its pages are plain forms and work without scripts. Whoever may call the control API may look: see [`Access`].
//! Beside it stands a small client to try the server with ([`relying_party`]), which everybody may use.
//!
//! [`Access`]: super::Access

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use bytes::Bytes;
use http::header::{
    ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderName, LOCATION, REFERRER_POLICY, REFRESH, SET_COOKIE,
    WWW_AUTHENTICATE,
};
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode};
use oauth_types::Params;

use super::call::{ROOT, own_name};
use super::problem::Problem;
use crate::escape::html;
use crate::http::encode;
use crate::http::extract::{self, NoBody};
use crate::http::router::App;
use crate::pages;
use crate::ports::dice::Dice;

mod attack;
mod checks;
mod diagram;
mod entrance;
mod entries;
mod flow;
mod outside;
mod overview;
mod relying_party;
mod within;

/// What the paths of the inspector begin with.
const INSPECT: &str = "/_inspect";
/// What the paths of the client begin with.
const TRY: &str = "/_try";
/// The most octets of a form.
const MAX_BODY: usize = 16 * 1024;
/// What its pages may do: nothing but show themselves and send forms. The client's form leads to wherever browsers log in.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; \
                      form-action 'self' http: https:";
/// How often a page that is kept up to date is loaded again, in seconds.
const REFRESHED: &str = "2";

/// What somebody asks for.
struct Visit<'a> {
    app: &'a Arc<App>,
    parts: &'a Parts,
    /// The parameters of the query or of the form.
    asked: Params,
}

/// What they get.
enum Shown {
    Page(Page),
    /// Another page (RFC 9110 §15.4.4).
    GoTo(String),
    /// Another page, and a cookie.
    With(String, String),
    /// A page that asks who they are, and the challenge that comes with it (RFC 9110 §15.5.2).
    Closed(Page, &'static str),
}

/// A page. The title and the body are HTML already.
struct Page {
    title: String,
    body: String,
    /// Whether it is loaded again by itself.
    live: bool,
    /// A cookie that comes with it.
    cookie: Option<String>,
}

/// Why they do not get it.
struct Wrong {
    status: StatusCode,
    says: String,
    /// A header that comes with the status.
    header: Option<(HeaderName, &'static str)>,
}

type Outcome = Result<Shown, Wrong>;

impl App {
    /// Whether a path is one of these pages, or would be.
    pub(crate) fn inspects(&self, path: &str) -> bool {
        self.control.is_on() && [INSPECT, TRY].iter().any(|prefix| below(path, prefix).is_some())
    }
}

/// What follows `prefix` in a path.
fn below<'p>(path: &'p str, prefix: &str) -> Option<&'p str> {
    path.strip_prefix(prefix).filter(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Answers a request that came over a connection.
pub(crate) async fn handle(app: &Arc<App>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = extract::collect(body, MAX_BODY).await;
    let cut = body.is_err();
    let mut response = answer(app, &parts, body).await.map(Body::from);
    if cut {
        // What is left of the body is not read; the connection cannot be used again.
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// Answers a request whose body has been read, or not.
pub(crate) async fn answer(app: &Arc<App>, parts: &Parts, body: Result<Bytes, NoBody>) -> Response<Bytes> {
    let outcome = match asked(parts, body) {
        Ok(asked) => dispatch(&Visit { app, parts, asked }).await,
        Err(wrong) => Err(wrong),
    };
    match outcome {
        Ok(Shown::Page(page)) => shown(StatusCode::OK, &page),
        Ok(Shown::GoTo(path)) => elsewhere(&path),
        Ok(Shown::Closed(page, challenge)) => {
            with(shown(StatusCode::UNAUTHORIZED, &page), WWW_AUTHENTICATE, challenge)
        }
        Ok(Shown::With(path, cookie)) => with(elsewhere(&path), SET_COOKIE, &cookie),
        Err(wrong) => wrong.shown(),
    }
}

async fn dispatch(visit: &Visit<'_>) -> Outcome {
    let path = visit.parts.uri.path();
    if let Some(rest) = below(path, TRY) {
        return match (rest, visit.is_post()) {
            ("" | "/", false) => relying_party::offer(visit),
            ("" | "/", true) => relying_party::begin(visit),
            ("/callback", false) => relying_party::finish(visit).await,
            _ => Err(Wrong::nothing()),
        };
    }
    let segments = segments(path);
    if segments == [entrance::ENTER] {
        return entrance::enter(visit);
    }
    if let Some(entrance) = entrance::closed(visit)? {
        return Ok(entrance);
    }
    match (visit.is_post(), segments.as_slice()) {
        (false, []) => Ok(Shown::GoTo(format!("{INSPECT}/{ROOT}"))),
        (false, [tenant]) => overview::show(visit, tenant).await,
        (false, [tenant, "flows", id]) => flow::show(visit, tenant, id).await,
        (true, [tenant, "clock"]) => overview::turn(visit, tenant),
        (true, [tenant, "faults"]) => overview::mount(visit, tenant),
        (true, [tenant, "behave"]) => overview::behave(visit, tenant),
        (true, [tenant, "forget"]) => overview::forget(visit, tenant),
        (true, [tenant, "attack"]) => attack::attack(visit, tenant).await,
        _ => Err(Wrong::nothing()),
    }
}

/// The segments of a path after [`INSPECT`].
fn segments(path: &str) -> Vec<&str> {
    let rest = below(path, INSPECT).unwrap_or_default();
    rest.split('/').filter(|segment| !segment.is_empty()).collect()
}

/// The methods by which a path is asked for; none if there is no such page.
fn methods(path: &str) -> Option<&'static str> {
    let (seen, sent, both) = ("GET, HEAD", "POST", "GET, HEAD, POST");
    if let Some(rest) = below(path, TRY) {
        return match rest {
            "" | "/" => Some(both),
            "/callback" => Some(seen),
            _ => None,
        };
    }
    match segments(path).as_slice() {
        [entrance::ENTER] => Some(both),
        [] | [_] | [_, "flows", _] => Some(seen),
        [_, "clock" | "faults" | "behave" | "forget" | "attack"] => Some(sent),
        _ => None,
    }
}

/// The parameters of a request: those of the query, or those of the form.
fn asked(parts: &Parts, body: Result<Bytes, NoBody>) -> Result<Params, Wrong> {
    if let Some(methods) = methods(parts.uri.path())
        && !methods.split(", ").any(|own| own == parts.method.as_str())
    {
        // "The origin server MUST generate an Allow header field in a 405 response" (RFC 9110 §15.5.6).
        let says = format!("This path is asked for by {methods}");
        return Err(Wrong::of(StatusCode::METHOD_NOT_ALLOWED, says).with(ALLOW, methods));
    }
    let text = match parts.method {
        // What HEAD leads to is sent without its content (RFC 9110 §9.3.2), by whoever writes it down.
        Method::GET | Method::HEAD => parts.uri.query().unwrap_or_default().to_owned(),
        Method::POST => {
            let body = body.and_then(|body| if body.len() > MAX_BODY { Err(NoBody::TooLarge) } else { Ok(body) })?;
            String::from_utf8(body.to_vec()).map_err(|_| Wrong::of(StatusCode::BAD_REQUEST, "The form is no text"))?
        }
        _ => return Err(Wrong::nothing()),
    };
    let asked = Params::parse(&text).map_err(|error| Wrong::of(StatusCode::BAD_REQUEST, error.to_string()))?;
    // The client says itself what is wrong with a response that it got.
    match asked.duplicate(&[]).filter(|_| below(parts.uri.path(), TRY) != Some("/callback")) {
        Some(name) => Err(Wrong::of(StatusCode::BAD_REQUEST, format!("{name} is there twice"))),
        None => Ok(asked),
    }
}

impl Visit<'_> {
    fn is_post(&self) -> bool {
        self.parts.method == Method::POST
    }

    /// The tenant that a path names.
    fn tenant(&self, name: &str) -> Result<crate::Tenant, Wrong> {
        match self.app.tenants.known(own_name(name)) {
            Some(tenant) => Ok(crate::Tenant::of(self.app.clone(), tenant)),
            None => {
                Err(Wrong::of(StatusCode::NOT_FOUND, "There is no tenant of this name: its first request makes it"))
            }
        }
    }

    /// The value of a cookie.
    fn cookie(&self, name: &str) -> Option<&str> {
        let lines = self.parts.headers.get_all(http::header::COOKIE).iter();
        let mut pairs = lines.filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(';'));
        pairs.find_map(|pair| pair.trim().split_once('=').filter(|(own, _)| *own == name)).map(|(_, value)| value)
    }

    /// Where randomness comes from.
    fn dice(&self) -> Arc<dyn Dice> {
        self.app.tenants.root().live().world.ports.dice.clone()
    }

    /// Whether browsers reach the server by TLS.
    fn is_secure(&self) -> bool {
        self.app.tenants.root().address.issuer.starts_with("https://")
    }

    /// What must be said, in words.
    fn must(&self, name: &str) -> Result<&str, Wrong> {
        self.asked.get(name).ok_or_else(|| Wrong::of(StatusCode::BAD_REQUEST, format!("{name} is missing")))
    }
}

impl Page {
    fn new(title: impl Into<String>, body: String) -> Self {
        Self { title: title.into(), body, live: false, cookie: None }
    }
}

impl From<Page> for Shown {
    fn from(page: Page) -> Self {
        Self::Page(page)
    }
}

impl From<Problem> for Wrong {
    fn from(problem: Problem) -> Self {
        let wrong = Self::of(problem.status(), problem.detail());
        match problem.challenge() {
            Some(challenge) => wrong.with(WWW_AUTHENTICATE, challenge),
            None => wrong,
        }
    }
}

impl From<NoBody> for Wrong {
    fn from(why: NoBody) -> Self {
        match why {
            NoBody::TooLarge => {
                Self::of(StatusCode::PAYLOAD_TOO_LARGE, format!("The form has more than {MAX_BODY} octets"))
            }
            NoBody::TooSlow => Self::of(StatusCode::REQUEST_TIMEOUT, "The form did not arrive in time"),
            NoBody::Broken => Self::of(StatusCode::BAD_REQUEST, "The form ended too early"),
        }
    }
}

impl Wrong {
    fn of(status: StatusCode, says: impl Into<String>) -> Self {
        Self { status, says: says.into(), header: None }
    }

    fn with(self, name: HeaderName, value: &'static str) -> Self {
        Self { header: Some((name, value)), ..self }
    }

    fn nothing() -> Self {
        Self::of(StatusCode::NOT_FOUND, format!("There is no such page. The flows are at {INSPECT}"))
    }

    fn shown(self) -> Response<Bytes> {
        let body = format!("<p id=\"says\">{}.</p>\n<p><a href=\"{INSPECT}\">All flows</a></p>", html(&self.says));
        let response = shown(self.status, &Page::new("That did not work", body));
        match self.header {
            Some((name, value)) => with(response, name, value),
            None => response,
        }
    }
}

fn shown(status: StatusCode, page: &Page) -> Response<Bytes> {
    let mut response = encode::html_response(status, pages::wide(&page.title, &page.body), POLICY);
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Without it browsers say `Origin: null` when a form is sent (Fetch Standard, "append a request `Origin` header").
    response.headers_mut().insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    if page.live {
        response.headers_mut().insert(REFRESH, HeaderValue::from_static(REFRESHED));
    }
    match &page.cookie {
        Some(cookie) => with(response, SET_COOKIE, cookie),
        None => response,
    }
}

fn elsewhere(path: &str) -> Response<Bytes> {
    let mut response = encode::plain(StatusCode::SEE_OTHER);
    response.headers_mut().remove(CONTENT_TYPE);
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    with(response, LOCATION, path)
}

fn with(mut response: Response<Bytes>, name: HeaderName, value: &str) -> Response<Bytes> {
    // What is not fit for a header is left out; whatever is put here is percent-encoded or in base64.
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
    response
}
