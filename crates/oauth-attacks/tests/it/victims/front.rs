//! The mock server with a mistake in front of it: everything that is asked goes through a [`Bend`], which may change
//! it, remember it, ask more than once, and change what is answered.

use std::collections::BTreeSet;
use std::future::Future;
use std::net::Ipv4Addr;
use std::pin::Pin;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::serve::ListenerExt as _;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use mock_idp::{Builder, MockIdp};
use oauth_attacks::mock::Cast;
use oauth_attacks::{Profile, Target};
use oauth_types::Params;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::certificates;

/// More than any attack sends.
const LONGEST_BODY: usize = 32 * 1024 * 1024;

/// A mistake that a server can make, and the server that makes it.
pub(crate) struct Bug {
    /// What the server lacks, in a few words.
    pub(crate) lacks: &'static str,
    /// The profile of the mock server.
    pub(crate) profile: mock_idp::Profile,
    /// The rules by which it is judged.
    pub(crate) judged_by: Profile,
    /// Whether the attack needs this server: the sound one of the strict profile has nothing that it is about.
    pub(crate) on_its_own: bool,
    /// What the server is like besides, with and without the mistake.
    pub(crate) built: fn(Builder) -> Builder,
    /// A policy that makes the mistake.
    pub(crate) weakened: fn(Builder) -> Builder,
    /// What stands in front of the server and makes the mistake.
    pub(crate) bend: Option<fn() -> Arc<dyn Bend>>,
    /// What else is known of the server.
    pub(crate) known: fn(Target) -> Target,
    /// Whether there is a way to it by https as well, for a client that shows a certificate.
    pub(crate) tls: bool,
}

impl Bug {
    /// No mistake, at a server of the strict profile.
    pub(crate) const NONE: Self = Self {
        lacks: "",
        profile: mock_idp::Profile::Strict,
        judged_by: Profile::Bcp,
        on_its_own: false,
        built: |builder| builder,
        weakened: |builder| builder,
        bend: None,
        known: |target| target,
        tls: false,
    };

    /// The same server without the mistake.
    pub(crate) fn mended(&self) -> Self {
        Self { weakened: |builder| builder, bend: None, ..*self }
    }
}

/// What stands in front of the mock server.
pub(crate) trait Bend: Send + Sync {
    /// Answers a request, mostly by asking the server.
    fn serve<'a>(&'a self, server: &'a MockIdp, call: Call) -> Answering<'a>;
}

/// An answer, once it is there.
pub(crate) type Answering<'a> = Pin<Box<dyn Future<Output = Reply> + Send + 'a>>;

/// A request that can be changed.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: Params,
    /// The body, if it is a form.
    pub(crate) form: Option<Params>,
    /// The body otherwise.
    pub(crate) body: Vec<u8>,
    pub(crate) headers: HeaderMap,
    /// The certificate that the client is said to have, in DER.
    pub(crate) certificate: Option<Vec<u8>>,
    /// The query as it arrived, if it cannot be read.
    unread: Option<String>,
}

/// An answer that can be changed.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Call {
    /// A request of the front's own with this form.
    pub(crate) fn post(path: &str, form: Params) -> Self {
        let content_type = http::HeaderValue::from_static("application/x-www-form-urlencoded");
        Self {
            method: Method::POST,
            path: path.to_owned(),
            query: Params::new(),
            form: Some(form),
            body: Vec::new(),
            headers: HeaderMap::from_iter([(http::header::CONTENT_TYPE, content_type)]),
            certificate: None,
            unread: None,
        }
    }

    /// Asks the server.
    pub(crate) async fn ask(self, server: &MockIdp) -> Reply {
        let query = self.unread.unwrap_or_else(|| self.query.encode());
        let target = if query.is_empty() { self.path } else { format!("{}?{query}", self.path) };
        let octets = self.form.map_or(self.body, |form| form.encode().into_bytes());
        let mut request = Request::builder().method(self.method).uri(target);
        if let Some(headers) = request.headers_mut() {
            *headers = self.headers;
            headers.remove(http::header::CONTENT_LENGTH);
        }
        let mut request = request.body(octets.into()).expect("a request that arrived can be passed on");
        if let Some(certificate) = self.certificate {
            request.extensions_mut().insert(mock_idp::ClientCertificate::new(certificate, []));
        }
        let (parts, body) = server.call(request).await.into_parts();
        Reply { status: parts.status, headers: parts.headers, body: body.to_vec() }
    }

    /// The parameters, wherever they are.
    pub(crate) fn params(&mut self) -> &mut Params {
        self.form.as_mut().unwrap_or(&mut self.query)
    }

    /// A parameter, wherever it is.
    pub(crate) fn get(&self, name: &str) -> Option<String> {
        self.form.as_ref().unwrap_or(&self.query).get(name).map(str::to_owned)
    }
}

impl Reply {
    /// An answer in JSON.
    pub(crate) fn json(status: StatusCode, document: &serde_json::Value) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", http::HeaderValue::from_static("application/json"));
        headers.insert("cache-control", http::HeaderValue::from_static("no-store"));
        Self { status, headers, body: document.to_string().into_bytes() }
    }

    /// The body, if it is JSON.
    pub(crate) fn document(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// Where it redirects to.
    pub(crate) fn location(&self) -> Option<&str> {
        self.headers.get("location")?.to_str().ok()
    }

    /// The same answer, redirecting elsewhere.
    pub(crate) fn leading_to(mut self, location: &str) -> Self {
        self.headers.insert("location", location.parse().expect("an address"));
        self
    }
}

/// The same answer, sent to another redirect URI.
pub(crate) fn answered_at(mut reply: Reply, own: &str, other: &str) -> Reply {
    let Some(response) = reply.location().and_then(|location| location.strip_prefix(own)) else { return reply };
    let response = if other.contains('?') { response.replacen('?', "&", 1) } else { response.to_owned() };
    let location = http::HeaderValue::from_bytes(format!("{other}{response}").as_bytes()).expect("an address");
    reply.headers.insert("location", location);
    reply
}

/// A bend that only changes requests to one path.
pub(crate) struct Changed {
    pub(crate) path: &'static str,
    pub(crate) change: fn(&mut Call),
}

impl Bend for Changed {
    fn serve<'a>(&'a self, server: &'a MockIdp, mut call: Call) -> Answering<'a> {
        if call.path == self.path {
            (self.change)(&mut call);
        }
        Box::pin(call.ask(server))
    }
}

/// A bend that only changes answers of one path.
pub(crate) struct Answered {
    pub(crate) path: &'static str,
    pub(crate) change: fn(&Call, &mut Reply),
}

impl Bend for Answered {
    fn serve<'a>(&'a self, server: &'a MockIdp, call: Call) -> Answering<'a> {
        Box::pin(async move {
            let asked = call.clone();
            let mut reply = call.ask(server).await;
            if asked.path == self.path {
                (self.change)(&asked, &mut reply);
            }
            reply
        })
    }
}

/// The mock server behind what may stand in front of it.
pub(crate) struct Front {
    idp: Arc<MockIdp>,
    cast: Cast,
    known: fn(Target) -> Target,
    task: JoinHandle<()>,
}

/// What each request is answered with.
#[derive(Clone)]
struct Shared {
    idp: Arc<MockIdp>,
    bend: Option<Arc<dyn Bend>>,
}

impl Front {
    /// Starts the server with this mistake, or a sound one of the strict profile.
    pub(crate) async fn start(bug: Option<&Bug>) -> Self {
        let bug = bug.unwrap_or(&Bug::NONE);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let issuer = format!("http://{}", listener.local_addr().expect("an address"));
        let cast = Cast::new(bug.profile).expect("keys");
        // Some bends send the same request again after it brought tokens.
        let builder = cast.enter(MockIdp::builder()).off("challenge-once");
        let builder = (bug.weakened)((bug.built)(builder)).issuer(issuer);
        let idp = Arc::new(match bug.tls {
            true => certificates::start(builder).await,
            false => builder.in_process().expect("a server"),
        });
        let shared = Shared { idp: Arc::clone(&idp), bend: bug.bend.map(|bend| bend()) };
        let router = Router::new().fallback(answer).with_state(shared);
        let task = tokio::spawn(async move {
            let listener = listener.tap_io(|stream| stream.set_nodelay(true).expect("a socket without delay"));
            axum::serve(listener, router).await.expect("a server that runs until it is dropped");
        });
        Self { idp, cast, known: bug.known, task }
    }

    /// The server as a target, with everything an attack may need.
    pub(crate) async fn target(&self) -> Target {
        let target = self.cast.target(&self.idp).await.expect("a target");
        (self.known)(certificates::cast(&self.idp, target))
    }

    /// The rules by which the server refused anything.
    pub(crate) fn refusals(&self) -> BTreeSet<&'static str> {
        let tenants = self.idp.tenants().into_iter().map(|tenant| tenant.journal());
        let journals = std::iter::once(self.idp.journal()).chain(tenants);
        journals.flat_map(|journal| journal.into_iter().filter_map(|entry| Some(entry.refusal?.rule))).collect()
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(State(shared): State<Shared>, request: Request<Body>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let octets = to_bytes(body, LONGEST_BODY).await.unwrap_or_default();
    let media_type = parts.headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let form = std::str::from_utf8(&octets).ok().filter(|_| media_type.starts_with("application/x-www-form"));
    let (query, unread) = match Params::parse(parts.uri.query().unwrap_or_default()) {
        Ok(query) => (query, None),
        Err(_) => (Params::new(), parts.uri.query().map(str::to_owned)),
    };
    let call = Call {
        method: parts.method,
        path: parts.uri.path().to_owned(),
        query,
        form: form.and_then(|form| Params::parse(form).ok()),
        body: octets.to_vec(),
        headers: parts.headers,
        certificate: None,
        unread,
    };
    let describes = call.path.starts_with("/.well-known/");
    let mut reply = match &shared.bend {
        None => call.ask(&shared.idp).await,
        Some(bend) => bend.serve(&shared.idp, call).await,
    };
    if let Some(address) = shared.idp.address().filter(|_| describes) {
        certificates::announce(&mut reply, address);
    }
    let mut response = Response::new(Body::from(reply.body));
    *response.status_mut() = reply.status;
    *response.headers_mut() = reply.headers;
    response.headers_mut().remove(http::header::CONTENT_LENGTH);
    response
}
