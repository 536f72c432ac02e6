//! What the attacks of the family `redirect_uri` need to be off.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use http::{HeaderMap, StatusCode};
use mock_idp::MockIdp;
use oauth_attacks::Level;
use oauth_types::Params;

use super::{Row, must};
use crate::victims::front::{Answering, Bend, Bug, Call, Changed, Reply, answered_at};

pub(super) const ROWS: &[Row] = &[
    row("as-redirect-unregistered", &ANY, "a foreign redirect URI is given a code"),
    row("as-redirect-path", &PREFIX, "a longer path is given a code"),
    row("as-redirect-query", &WITHOUT_QUERY, "a query with one more parameter is given a code"),
    must(
        "as-redirect-fragment",
        &WITHOUT_FRAGMENT,
        "a redirect URI with a fragment is given a code",
        &["rfc6749-redirect-uri-fragment"],
    ),
    row("as-redirect-authority", &ORIGIN_PREFIX, "the client's host as a user name is given a code"),
    row("as-redirect-case-normalise", &CASELESS, "the path in other case is given a code"),
    must("as-redirect-unicode", &NORMALISED, "a wide character is given a code", &["rfc6749-redirect-uri-malformed"]),
    must(
        "as-redirect-control",
        &FIRST_LINE,
        "a redirect URI with a line break brings a header of the attacker's",
        &["rfc6749-redirect-uri-malformed"],
    ),
    row("as-redirect-scheme", &SCHEMELESS, "the address under another scheme is given a code"),
    row("as-redirect-scheme", &PRIVATE_SCHEMES, "a redirect URI that is a script is given a code"),
    row("as-redirect-wildcard", &SUBDOMAINS, "a subdomain is given a code"),
    must("as-redirect-loopback-port", &FIXED_PORT, "is refused with 400", &["rfc6749-token-redirect-uri-differs"]),
    must(
        "as-redirect-loopback-port",
        &PORT_FORGOTTEN,
        "200 with tokens to a code with another port",
        &["rfc6749-token-redirect-uri-differs"],
    ),
    row("as-redirect-loopback-abuse", &ANY_LOOPBACK, "another path at another port is given a code"),
    must(
        "as-redirect-missing",
        &PICKED,
        "the server picked one of several redirect URIs",
        &["rfc6749-redirect-uri-missing"],
    ),
    must(
        "as-redirect-duplicate",
        &ONE_OF_TWO,
        "a foreign redirect URI behind the registered one is given a code",
        &["rfc6749-authorization-parameter-twice", "rfc6749-authorization-query-and-body"],
    ),
    row("as-redirect-error-open", &EARLY_ERROR, "with an unknown response type is given the browser"),
    Row::bug(
        "as-redirect-registered-phish",
        &HASTY,
        Level::Should,
        "reached at once by a scope that the client does not have",
        &["rfc6749-scope-not-allowed"],
    ),
    Row::bug(
        "as-redirect-registered-phish",
        &SILENT,
        Level::Info,
        "reached at once by prompt=none",
        &["oidc-login-required"],
    ),
];

/// A server that takes a redirect URI that is not registered.
const fn row(id: &'static str, bug: &'static Bug, because: &'static str) -> Row {
    must(id, bug, because, &["rfc9700-redirect-uri-unregistered"])
}

/// What the mock server knows of its clients.
const REGISTERED: &str = "http://127.0.0.1:9/callback";
const NATIVE: &str = "http://127.0.0.1/callback";

static ANY: Bug = Bug {
    lacks: "the comparison of redirect URIs",
    bend: Some(|| Arc::new(Lax { takes: |_, sent| sent.starts_with("https://") })),
    ..Bug::NONE
};

static PREFIX: Bug = Bug {
    lacks: "the end of the comparison: a registered beginning will do",
    bend: Some(|| Arc::new(Lax { takes: |own, sent| sent.starts_with(own) && !sent.contains(['?', '#']) })),
    ..Bug::NONE
};

static WITHOUT_QUERY: Bug = Bug {
    lacks: "the query in the comparison",
    bend: Some(|| Arc::new(Lax { takes: |own, sent| sent.split('?').next() == Some(own) })),
    ..Bug::NONE
};

static WITHOUT_FRAGMENT: Bug = Bug {
    lacks: "the fragment in the comparison",
    bend: Some(|| Arc::new(Lax { takes: |own, sent| sent.split('#').next() == Some(own) })),
    ..Bug::NONE
};

static ORIGIN_PREFIX: Bug = Bug {
    lacks: "the end of the host: an address that begins with a registered origin will do",
    bend: Some(|| Arc::new(Lax { takes: |_, sent| sent.starts_with("http://127.0.0.1:") })),
    ..Bug::NONE
};

static CASELESS: Bug = Bug {
    lacks: "case in the comparison, as databases do",
    bend: Some(|| Arc::new(Lax { takes: |own, sent| sent.starts_with("http://") && sent.eq_ignore_ascii_case(own) })),
    ..Bug::NONE
};

static NORMALISED: Bug = Bug {
    lacks: "the text as it was sent: look-alikes are folded before it is compared",
    bend: Some(|| Arc::new(Lax { takes: |own, sent| folded(sent) == own })),
    ..Bug::NONE
};

static FIRST_LINE: Bug = Bug {
    lacks: "the lines after the first in the comparison, and their escape in headers",
    bend: Some(|| Arc::new(FirstLine)),
    ..Bug::NONE
};

static SCHEMELESS: Bug = Bug {
    lacks: "the scheme in the comparison",
    bend: Some(|| Arc::new(Lax { takes: |own, sent| sent.strip_prefix("https") == own.strip_prefix("http") })),
    ..Bug::NONE
};

static PRIVATE_SCHEMES: Bug = Bug {
    lacks: "the comparison of redirect URIs that are not on the web, as of applications",
    bend: Some(|| Arc::new(Lax { takes: |_, sent| !sent.starts_with("http") && sent.contains(':') })),
    ..Bug::NONE
};

static SUBDOMAINS: Bug = Bug {
    lacks: "the beginning of the host: subdomains will do",
    bend: Some(|| Arc::new(Lax { takes: |_, sent| sent.ends_with(".127.0.0.1:9/callback") && !sent.contains('*') })),
    ..Bug::NONE
};

static FIXED_PORT: Bug = Bug {
    lacks: "the exception for the port of a loopback address",
    bend: Some(|| Arc::new(Changed { path: "/authorize", change: fix_port })),
    ..Bug::NONE
};

static PORT_FORGOTTEN: Bug = Bug {
    lacks: "the port in what a code is bound to",
    bend: Some(|| Arc::new(PortForgotten::default())),
    ..Bug::NONE
};

static ANY_LOOPBACK: Bug = Bug {
    lacks: "the path of a loopback address in the comparison",
    bend: Some(|| Arc::new(Lax { takes: |_, sent| sent.starts_with("http://127.0.0.1:49152/") })),
    ..Bug::NONE
};

static PICKED: Bug = Bug {
    lacks: "the redirect URI in requests of clients that have several",
    bend: Some(|| Arc::new(Changed { path: "/authorize", change: pick })),
    ..Bug::NONE
};

static ONE_OF_TWO: Bug = Bug {
    lacks: "the refusal of repeated parameters: the first is checked, the last is used",
    bend: Some(|| Arc::new(OneOfTwo)),
    ..Bug::NONE
};

static EARLY_ERROR: Bug = Bug {
    lacks: "the order of the checks: the response type comes before the redirect URI",
    bend: Some(|| Arc::new(EarlyError)),
    ..Bug::NONE
};

/// A server that shows pages to its users.
const ON_PAGES: Bug = Bug { on_its_own: true, built: |builder| builder.on("login-pages"), ..Bug::NONE };

static HASTY: Bug = Bug {
    lacks: "a page between errors and clients that nobody has looked at",
    weakened: |builder| builder.on("redirect-for-strangers"),
    ..ON_PAGES
};

static SILENT: Bug = Bug {
    lacks: "a page between silent requests and clients that nobody has looked at",
    bend: Some(|| Arc::new(Silent)),
    ..ON_PAGES
};

/// A server that answers silent requests by redirect, whoever the client is.
struct Silent;

impl Bend for Silent {
    fn serve<'a>(&'a self, server: &'a MockIdp, call: Call) -> Answering<'a> {
        Box::pin(async move {
            let silent = call.path == "/authorize" && call.get("prompt").as_deref() == Some("none");
            let to = call.get("redirect_uri").unwrap_or_default();
            let reply = call.ask(server).await;
            if !silent || reply.status != StatusCode::BAD_REQUEST {
                return reply;
            }
            let reply = Reply { status: StatusCode::FOUND, headers: HeaderMap::new(), body: Vec::new() };
            reply.leading_to(&format!("{to}?error=login_required"))
        })
    }
}

/// A server that compares redirect URIs in a way of its own.
struct Lax {
    takes: fn(&str, &str) -> bool,
}

impl Bend for Lax {
    fn serve<'a>(&'a self, server: &'a MockIdp, mut call: Call) -> Answering<'a> {
        let own = if call.get("client_id").as_deref() == Some("native") { NATIVE } else { REGISTERED };
        let sent = call.get("redirect_uri").filter(|sent| call.path == "/authorize" && sent != own);
        Box::pin(async move {
            let Some(sent) = sent.filter(|sent| (self.takes)(own, sent)) else { return call.ask(server).await };
            call.params().set("redirect_uri", own);
            answered_at(call.ask(server).await, own, &sent)
        })
    }
}

/// What compatibility normalisation makes of an address, as far as it matters here.
fn folded(sent: &str) -> String {
    let plain = |c: char| match u32::from(c) {
        wide @ 0xff01..=0xff5e => char::from_u32(wide - 0xfee0),
        0x3002 => Some('.'),
        0x200d | 0xad => None,
        _ => Some(c),
    };
    // What is the same before is not folded.
    if sent.is_ascii() { String::new() } else { sent.chars().filter_map(plain).collect() }
}

/// A server that compares the first line, and writes headers as they come.
struct FirstLine;

impl Bend for FirstLine {
    fn serve<'a>(&'a self, server: &'a MockIdp, mut call: Call) -> Answering<'a> {
        let sent = call.get("redirect_uri").unwrap_or_default();
        Box::pin(async move {
            let Some((first, second)) = sent.split_once("\r\n") else { return call.ask(server).await };
            call.params().set("redirect_uri", first);
            let mut reply = call.ask(server).await;
            if let Some((_, cookie)) = second.split_once(": ") {
                reply.headers.append("set-cookie", cookie.parse().expect("a cookie"));
            }
            reply
        })
    }
}

/// Only the registered port will do.
fn fix_port(call: &mut Call) {
    let native = call.get("client_id").as_deref() == Some("native");
    let own = call.get("redirect_uri").is_some_and(|uri| uri == NATIVE);
    if native && !own {
        call.params().set("redirect_uri", "http://127.0.0.1/not-this-port");
    }
}

/// A server that binds a code to its address without the port.
#[derive(Default)]
struct PortForgotten {
    codes: Mutex<HashMap<String, String>>,
}

impl Bend for PortForgotten {
    fn serve<'a>(&'a self, server: &'a MockIdp, mut call: Call) -> Answering<'a> {
        Box::pin(async move {
            let (path, sent) = (call.path.clone(), call.get("redirect_uri").unwrap_or_default());
            if let Some(code) = call.get("code").filter(|_| path == "/token")
                && let Some(own) = self.codes.lock().expect("codes").get(&code)
            {
                call.params().set("redirect_uri", own);
            }
            let reply = call.ask(server).await;
            let query = reply.location().and_then(|location| location.split_once('?'));
            let sent_back = query.and_then(|(_, query)| Params::parse(query).ok());
            if let Some(code) = sent_back.as_ref().and_then(|params| params.get("code")) {
                self.codes.lock().expect("codes").insert(code.to_owned(), sent);
            }
            reply
        })
    }
}

/// The first registered one is taken for the one that is missing.
fn pick(call: &mut Call) {
    if call.get("client_id").is_some() && call.get("request_uri").is_none() && call.get("redirect_uri").is_none() {
        call.params().set("redirect_uri", REGISTERED);
    }
}

/// A server that checks the first of two redirect URIs and uses the last.
struct OneOfTwo;

impl Bend for OneOfTwo {
    fn serve<'a>(&'a self, server: &'a MockIdp, mut call: Call) -> Answering<'a> {
        Box::pin(async move {
            let sent: Vec<_> = call.params().all("redirect_uri").map(str::to_owned).collect();
            let [first, last] = sent.as_slice() else { return call.ask(server).await };
            call.params().set("redirect_uri", first);
            answered_at(call.ask(server).await, first, last)
        })
    }
}

/// A server that tells of an unknown response type before it has looked where to.
struct EarlyError;

impl Bend for EarlyError {
    fn serve<'a>(&'a self, server: &'a MockIdp, call: Call) -> Answering<'a> {
        Box::pin(async move {
            let (kind, to) = (call.get("response_type"), call.get("redirect_uri"));
            match (kind, to) {
                (Some(kind), Some(to)) if call.path == "/authorize" && kind != "code" => {
                    let reply = Reply { status: StatusCode::FOUND, headers: HeaderMap::new(), body: Vec::new() };
                    reply.leading_to(&format!("{to}?error=unsupported_response_type"))
                }
                _ => call.ask(server).await,
            }
        })
    }
}
