//! Finds the tenant and the endpoint of a request, has it answered, and writes the journal.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::extract::{Request, State};
use bytes::Bytes;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_METHOD, ALLOW, CONNECTION, DATE,
};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use oauth_types::fault::Point;
use oauth_types::journal::Ending;
use oauth_types::{ErrorCode, Params};

use super::address::{self, OverHttp};
use super::attended::{Attended, Visit};
#[cfg(feature = "control")]
use super::control::{self, inspector};
use super::date;
use super::departure::Departing;
use super::encode::{self, Encoded, Encoder};
use super::extract::{self, MAX_BODY, NoBody, Read, Unreadable};
use super::journal::{self, Answer, Entry};
use super::lever::Lever;
use super::tap;
use super::tenants::{Live, Tenant, Tenants, is_name};
use crate::certificate::ClientCertificate;
use crate::client_keys;
use crate::doctor::paths;
use crate::documents;
use crate::endpoints::{authorize, jwks, login, metadata, token, userinfo};
use crate::pipeline;
use crate::ports::clock::Clock;
use crate::refusal::{Refusal, Refused, Rule};
use crate::reply::Reply;
use crate::request::{Arrival, Learned, Place, Seen};
use crate::spec::Endpoint;
use crate::world::World;

/// One server, as far as HTTP knows it.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) tenants: Tenants,
    /// Called with each entry of the journal, for whoever watches the server.
    pub(crate) watch: Option<fn(&Entry)>,
    /// Who may call the control API.
    #[cfg(feature = "control")]
    pub(crate) control: control::Access,
}

/// The endpoints of the spine; the others belong to documents.
pub(super) static SPINE: &[Endpoint] = &[
    Endpoint {
        path: "/authorize",
        methods: &[Method::GET, Method::POST],
        at: Point::AuthorizationResponse,
        page: true,
    },
    Endpoint { path: "/token", methods: &[Method::POST], at: Point::TokenResponse, page: false },
    Endpoint { path: "/jwks", methods: &[Method::GET, Method::HEAD], at: Point::Jwks, page: false },
    Endpoint { path: "/login", methods: &[Method::GET, Method::POST], at: Point::Page, page: true },
    Endpoint { path: "/otp", methods: &[Method::GET, Method::POST], at: Point::Page, page: true },
    Endpoint { path: "/select", methods: &[Method::GET, Method::POST], at: Point::Page, page: true },
    Endpoint { path: "/consent", methods: &[Method::GET, Method::POST], at: Point::Page, page: true },
    Endpoint { path: "/create", methods: &[Method::GET, Method::POST], at: Point::Page, page: true },
];

/// The methods that a script may try where there is nothing.
const ANY: &[Method] = &[Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::DELETE];

/// What the well-known paths of all documents begin with (RFC 8615).
const WELL_KNOWN: &str = "/.well-known/";

/// The server as an axum service.
pub(crate) fn router(app: Arc<App>) -> Router {
    Router::new().fallback(handle).with_state(app)
}

async fn handle(State(app): State<Arc<App>>, request: Request) -> Response<axum::body::Body> {
    #[cfg(feature = "control")]
    if app.controls(request.uri().path()) {
        return control::handle(&app, request).await;
    }
    #[cfg(feature = "control")]
    if app.inspects(request.uri().path()) {
        return inspector::handle(&app, request).await;
    }
    let (mut parts, body) = request.into_parts();
    parts.extensions.insert(OverHttp);
    let body = match parts.method == Method::POST || parts.method == Method::PUT {
        true => extract::collect(body, MAX_BODY).await,
        false => Ok(Bytes::new()),
    };
    let cut = matches!(body, Err(NoBody::TooLarge | NoBody::TooSlow));
    let lever = parts.extensions.get::<Lever>().cloned();
    let mut departing = app.answer(parts, body).await;
    if cut {
        // What is left of the body is not read; the connection cannot be used again.
        departing.response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    match lever {
        Some(lever) => departing.over(lever).await,
        None => departing.response.map(axum::body::Body::from),
    }
}

impl App {
    /// Answers a request whose body has been read, or not.
    pub(crate) async fn answer(self: &Arc<Self>, parts: Parts, body: Result<Bytes, NoBody>) -> Departing {
        #[cfg(feature = "control")]
        if self.controls(parts.uri.path()) {
            return control::answer(self, &parts, body).await.into();
        }
        #[cfg(feature = "control")]
        if self.inspects(parts.uri.path()) {
            return inspector::answer(self, &parts, body).await.into();
        }
        let Some((name, endpoint)) = self.route(parts.uri.path()) else {
            if parts.method == Method::OPTIONS && parts.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD) {
                // A script is to learn that the path does not exist, not that it may not ask.
                return preflight(ANY, &parts.headers, self.tenants.now()).into();
            }
            let refusal = NOT_FOUND.because(self.served(parts.uri.path()));
            return readable(self.lost(parts, refusal, StatusCode::NOT_FOUND), false).into();
        };
        let Endpoint { path, methods, at, page } = *endpoint;
        if parts.method == Method::OPTIONS && !page {
            return preflight(methods, &parts.headers, self.tenants.now()).into();
        }
        let Some(tenant) = self.tenants.find(name) else {
            let status = StatusCode::SERVICE_UNAVAILABLE;
            return readable(self.lost(parts, NOT_FOUND.because("Too many tenants"), status), page).into();
        };
        if tenant.is_frozen() {
            let mut response = encode::unreadable(StatusCode::SERVICE_UNAVAILABLE, &FROZEN.refuse());
            response.headers_mut().insert(DATE, date::value(tenant.clock.now()));
            return readable(response, page).into();
        }
        let (refusal, read) = if methods.contains(&parts.method) {
            match extract::read(&parts, body) {
                Ok(read) => (None, read),
                Err(unreadable) => {
                    let response = encode::unreadable(unreadable.status, &unreadable.refusal);
                    (Some(refused(response, unreadable.refusal)), Read::default())
                }
            }
        } else {
            let refusal = METHOD.because(wrong_method(&parts, methods));
            let mut response = encode::unreadable(StatusCode::METHOD_NOT_ALLOWED, &refusal);
            allow(&mut response, methods);
            (Some(refused(response, refusal)), Read::default())
        };
        let clock = &tenant.clock;
        let visit = Visit {
            path: Cow::Borrowed(path),
            point: Some(at),
            parts,
            read,
            now: clock.now(),
            seen: Seen::default(),
        };
        let attended = Attended::new(self, &tenant, visit);
        attended.arrive(endpoint).await;
        // Whoever was held is judged when it is let go on.
        let mut encoded = match refusal {
            Some(refused) => refused.at(at, &tenant.faults),
            None => judge(attended.visit(), &tenant, &tenant.live(), endpoint).await,
        };
        let response = &mut encoded.response;
        response.headers_mut().extend(attended.visit().seen.headers());
        response.headers_mut().insert(DATE, date::value(clock.now()));
        if !page {
            encode::share(response);
        }
        let departure = tap::answer::edit(&encoded.slots, encoded.at.unwrap_or(at), response, clock.now());
        attended.leave(encoded, departure).await
    }

    /// Answers a request that no tenant can be found for.
    fn lost(&self, parts: Parts, refusal: Refusal, status: StatusCode) -> Response<Bytes> {
        let now = self.tenants.now();
        let query = Params::parse(parts.uri.query().unwrap_or("")).unwrap_or_default();
        let path = Cow::Owned(parts.uri.path().to_owned());
        let mut encoded = refused(encode::unreadable(status, &refusal), refusal);
        encoded.response.headers_mut().insert(DATE, date::value(now));
        let (read, seen) = (Read { query, ..Read::default() }, Seen::default());
        let visit = Visit { path, point: None, parts, read, now, seen };
        self.note(self.tenants.root(), visit, (Some(&encoded), Ending::Answered));
        encoded.response
    }

    /// Writes the journal. There is nothing encoded if the client gave up before there was an answer.
    pub(super) fn note(&self, tenant: &Tenant, visit: Visit, (encoded, ending): (Option<&Encoded>, Ending)) {
        let Learned { client_id, auth_method, user, grant, relaxations, ignored, failure } = visit.seen.learned();
        let in_query = visit.read.query.len();
        let is_whole = visit.read.form.is_some() || journal::is_whole(&visit.read.body, &visit.parts.headers);
        let params = match (visit.read.query, visit.read.form) {
            (query, None) => query,
            (query, Some(form)) if query.is_empty() => form,
            (query, Some(form)) => query.iter().chain(form.iter()).collect(),
        };
        let entry = Entry {
            number: tenant.journal.number(),
            at: visit.now,
            point: visit.point,
            method: visit.parts.method,
            path: visit.path,
            params,
            in_query,
            headers: journal::kept(visit.parts.headers),
            body: journal::begin(&visit.read.body),
            is_whole,
            with_certificate: visit.parts.extensions.get::<ClientCertificate>().is_some(),
            status: encoded.map_or(0, |encoded| encoded.response.status().as_u16()),
            answer: encoded.map(|encoded| Answer::of(&encoded.response)).unwrap_or_default(),
            refusal: encoded.and_then(|encoded| encoded.refusal.as_ref()).map(Refused::from),
            relaxations,
            ignored,
            client_id,
            auth_method,
            user,
            grant,
            faults: encoded.map_or(0, |encoded| encoded.faults),
            altered: encoded.map_or_else(Vec::new, |encoded| encoded.altered.clone()),
            notices: encoded.map_or_else(Vec::new, |encoded| encoded.notices.clone()),
            failure,
            ending,
        };
        if let Some(watch) = self.watch {
            watch(&entry);
        }
        tenant.journal.write(entry);
    }

    /// The tenant and the endpoint of a path: at the root, below a tenant, or with the tenant after the well-known
    /// part (RFC 8414 §3.1), and before the path of a resource if that follows (RFC 9728 §3.1).
    fn route<'p>(&self, path: &'p str) -> Option<(&'p str, &'static Endpoint)> {
        if let Some(endpoint) = self.endpoint("", path) {
            return Some(("", endpoint));
        }
        if let Some(rest) = path.strip_prefix(WELL_KNOWN) {
            let (well_known, rest) = rest.split_once('/')?;
            let (name, below) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            let own = format!("{WELL_KNOWN}{well_known}{below}");
            return is_name(name).then_some(name).zip(self.endpoint(name, &own));
        }
        let rest = path.strip_prefix('/')?;
        let at = rest.find('/')?;
        let (name, rest) = rest.split_at(at);
        is_name(name).then_some(name).zip(self.endpoint(name, rest))
    }

    /// The endpoint of this path at a tenant. One that is not made yet will be like the one at the root.
    fn endpoint(&self, name: &str, path: &str) -> Option<&'static Endpoint> {
        let spine = SPINE.iter().find(|endpoint| endpoint.path == path);
        spine.or_else(|| {
            let live = self.tenants.known(name).unwrap_or_else(|| self.tenants.root().clone()).live();
            pipeline::endpoints(&live.world).find(|endpoint| endpoint.path == path)
        })
    }

    fn served(&self, path: &str) -> String {
        let live = self.tenants.root().live();
        let all: Vec<&str> =
            SPINE.iter().chain(pipeline::endpoints(&live.world)).map(|endpoint| endpoint.path).collect();
        let meant = paths::nearest(path, all.iter().copied()).map(|own| format!("Did you mean {own}? "));
        let meant = meant.unwrap_or_default();
        format!("{meant}Served, at the root and below /TENANT: {}", all.join(" "))
    }
}

/// Has a request answered at the address that it came to.
async fn judge(visit: &Visit, tenant: &Tenant, live: &Live, endpoint: &'static Endpoint) -> Encoded {
    let Visit { parts, read, seen, .. } = visit;
    let place = match address::place(&live.place, &live.world.policy, parts, seen) {
        Ok(place) => place,
        Err(refusal) => {
            let Unreadable { status, refusal } = refusal.into();
            return refused(encode::unreadable(status, &refusal), refusal).at(endpoint.at, &tenant.faults);
        }
    };
    let reading = Reading { place: &place, read, now: tenant.clock.now(), seen };
    run(parts, tenant, &live.world, (endpoint, reading)).await
}

/// Has a request answered, in the world of its tenant.
async fn run(
    parts: &Parts,
    tenant: &Tenant,
    world: &World,
    (endpoint, Reading { place, read, now, seen }): (&'static Endpoint, Reading<'_>),
) -> Encoded {
    let path = endpoint.path;
    let (method, headers) = (&parts.method, &parts.headers);
    let arrival = Arrival {
        place,
        method,
        path,
        headers,
        query: &read.query,
        form: read.form.as_ref(),
        body: &read.body,
        certificate: parts.extensions.get(),
        now,
        script: &tenant.script,
        seen,
    };
    let reply = match path {
        "/authorize" => authorize::authorize(world, &arrival).await,
        "/token" => token::token(world, &arrival).await,
        "/jwks" => jwks::jwks(world),
        "/login" | "/otp" | "/select" | "/consent" | "/create" => login::page(world, &arrival).await,
        "/userinfo" => userinfo::userinfo(world, &arrival).await,
        _ => match pipeline::serve(world, &arrival).await {
            Some(reply) => reply,
            None => metadata::metadata(world, place),
        },
    };
    let reply = client_keys::at_hand(reply, &world.ports, now).await;
    if let Reply::Broken { what, .. } = &reply {
        seen.failed(what.to_string());
    }
    let (faults, client_id, at) = (&tenant.faults, seen.client_id(), endpoint.at);
    let failure = OnceLock::new();
    let encoder = Encoder {
        world,
        place,
        faults,
        client_id,
        method,
        path,
        query: &read.query,
        form: read.form.as_ref(),
        at,
        now,
        failure: &failure,
    };
    let mut encoded = encoder.encode(reply).await;
    if let Some(what) = failure.get() {
        seen.failed(what.clone());
    }
    for outgoing in seen.outgoing() {
        let (notice, changed) = encoder.notify(outgoing).await;
        encoded.faults = encoded.faults.saturating_add(changed);
        encoded.notices.push(notice);
    }
    encoded
}

/// What was read of a request, when, at which address, and what is found out about it.
struct Reading<'a> {
    place: &'a Place,
    read: &'a Read,
    now: u64,
    seen: &'a Seen,
}

fn refused(response: Response<Bytes>, refusal: Refusal) -> Encoded {
    Encoded {
        response,
        refusal: Some(refusal),
        faults: 0,
        altered: Vec::new(),
        notices: Vec::new(),
        slots: Vec::new(),
        at: None,
    }
}

/// Lets scripts read an answer that is not for a person.
fn readable(mut response: Response<Bytes>, page: bool) -> Response<Bytes> {
    if !page {
        encode::share(&mut response);
    }
    response
}

/// Answers a script's question whether it may ask (Fetch Standard, CORS-preflight request).
fn preflight(methods: &[Method], asked: &HeaderMap, now: u64) -> Response<Bytes> {
    let mut response = encode::plain(StatusCode::NO_CONTENT);
    encode::share(&mut response);
    let headers = response.headers_mut();
    if let Ok(methods) = HeaderValue::try_from(list(methods)) {
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, methods);
    }
    headers.insert(
        ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static("authorization, content-type, dpop, mcp-protocol-version"),
    );
    headers.insert(DATE, date::value(now));
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
    // A page from elsewhere asks a server of this machine (Private Network Access §3.1.1).
    if asked.get("access-control-request-private-network").is_some_and(|value| value == "true") {
        headers.insert("access-control-allow-private-network", HeaderValue::from_static("true"));
    }
    response
}

/// Which methods an endpoint takes, and how another one may have come about.
fn wrong_method(parts: &Parts, methods: &[Method]) -> String {
    let likely = if parts.method == Method::GET && parts.uri.query().is_some() {
        ". Send the parameters in the body of a POST: queries end up in logs"
    } else if parts.method == Method::GET && methods == [Method::POST] {
        ". A redirect by 301 or 302 makes a GET of a POST: is the URL exactly the one of the metadata?"
    } else {
        ""
    };
    format!("This endpoint takes {}{likely}", list(methods))
}

fn allow(response: &mut Response<Bytes>, methods: &[Method]) {
    if let Ok(methods) = HeaderValue::try_from(list(methods)) {
        response.headers_mut().insert(ALLOW, methods);
    }
}

fn list(methods: &[Method]) -> String {
    methods.iter().map(Method::as_str).collect::<Vec<_>>().join(", ")
}

pub(crate) static RULES: &[&Rule] = &[&FROZEN, &METHOD, &NOT_FOUND];

static FROZEN: Rule = Rule {
    id: "rfc9110-tenant-frozen",
    document: &documents::RFC9110,
    section: "15.6.4",
    error: ErrorCode::TemporarilyUnavailable,
    says: "The tenant is frozen, so that it can be looked at: it answers again once it is let go on",
};

static METHOD: Rule = Rule {
    id: "rfc6749-method-not-allowed",
    document: &documents::RFC6749,
    section: "3.2",
    error: ErrorCode::InvalidRequest,
    says: "Token requests are made by POST, authorization requests by GET or POST",
};

static NOT_FOUND: Rule = Rule {
    id: "rfc8414-no-such-path",
    document: &documents::RFC8414,
    section: "2",
    error: ErrorCode::InvalidRequest,
    says: "The endpoints of a server are those of its metadata",
};
