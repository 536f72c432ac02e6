//! Mistakes that servers make with the forms of their pages.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use http::{Method, StatusCode};
use mock_idp::MockIdp;
use oauth_types::Params;

use super::front::{Answering, Bend, Bug, Call, Reply};
use super::pages::PAGES;

/// The last form is redirected by a status that repeats it.
pub(crate) static FORM_REPEATED: Bug = Bug {
    lacks: "a redirect that does not repeat the form",
    bend: Some(|| {
        Arc::new(Rewritten(|reply| {
            if reply.location().is_some_and(|to| to.contains("code=")) {
                reply.status = StatusCode::TEMPORARY_REDIRECT;
            }
        }))
    }),
    ..PAGES
};

/// Nothing keeps codes out of caches and out of the Referer header.
pub(crate) static HEADERS_MISSING: Bug = Bug {
    lacks: "headers against caches and Referer",
    bend: Some(|| {
        Arc::new(Rewritten(|reply| {
            reply.headers.remove("referrer-policy");
            reply.headers.remove("cache-control");
        }))
    }),
    ..Bug::NONE
};

/// A page fetches a picture from somebody else.
pub(crate) static FOREIGN_LOGO: Bug = Bug {
    lacks: "a login page of its own",
    bend: Some(|| {
        Arc::new(Rewritten(|reply| {
            if reply.status == StatusCode::OK && reply.body.starts_with(b"<!DOCTYPE html>") {
                reply.body.extend(b"<img src=\"https://cdn.example/logo.png\">");
            }
        }))
    }),
    ..PAGES
};

/// What forms say of the request counts.
pub(crate) static FORM_BELIEVED: Bug = Bug {
    lacks: "a memory of the request that is apart from the form",
    bend: Some(|| Arc::new(Believing::default())),
    ..PAGES
};

/// Changes every answer but those of metadata and of the token endpoint.
struct Rewritten(fn(&mut Reply));

impl Bend for Rewritten {
    fn serve<'a>(&'a self, server: &'a MockIdp, call: Call) -> Answering<'a> {
        Box::pin(async move {
            let machine = call.path == "/token" || call.path.starts_with("/.well-known");
            let mut reply = call.ask(server).await;
            if !machine {
                (self.0)(&mut reply);
            }
            reply
        })
    }
}

/// Asks for everything anew with what the consent form says.
#[derive(Default)]
struct Believing(Mutex<BTreeMap<String, Params>>);

impl Bend for Believing {
    fn serve<'a>(&'a self, server: &'a MockIdp, call: Call) -> Answering<'a> {
        Box::pin(async move {
            let asked = call.clone();
            let Some(changed) = self.changed(&call) else {
                let reply = call.ask(server).await;
                if let Some(id) = interaction(&reply).filter(|_| asked.path == "/authorize") {
                    self.0.lock().unwrap().insert(id, asked.query);
                }
                return reply;
            };
            let get = |path: &str, query: Params| instead(&asked, (Method::GET, path), query, None);
            let begun = get("/authorize", changed).ask(server).await;
            let Some(id) = interaction(&begun) else { return begun };
            let page = get("/consent", Params::new().with("interaction", id.as_str())).ask(server).await;
            let mut form = Params::new().with("interaction", id).with("decision", "approve");
            for name in ["csrf", "session"] {
                form.push(name, hidden(&page, name).unwrap_or_default());
            }
            instead(&asked, (Method::POST, "/consent"), Params::new(), Some(form)).ask(server).await
        })
    }
}

impl Believing {
    /// The request with what a consent form says of it, if that is another.
    fn changed(&self, call: &Call) -> Option<Params> {
        let form = call.form.as_ref().filter(|_| call.path == "/consent")?;
        let mut asked = self.0.lock().unwrap().get(form.get("interaction")?)?.clone();
        let before = asked.clone();
        for name in ["code_challenge", "code_challenge_method", "scope", "client_id"] {
            if let Some(value) = form.get(name) {
                asked.set(name, value);
            }
        }
        (asked != before).then_some(asked)
    }
}

/// Another request of the same browser.
fn instead(call: &Call, (method, path): (Method, &str), query: Params, form: Option<Params>) -> Call {
    let mut other = call.clone();
    (other.method, other.path, other.query, other.form) = (method, path.to_owned(), query, form);
    other
}

/// The interaction that a redirect leads to.
fn interaction(reply: &Reply) -> Option<String> {
    reply.location()?.split_once("interaction=").map(|(_, id)| id.to_owned())
}

/// The value of a field that the user does not see.
pub(crate) fn hidden(reply: &Reply, name: &str) -> Option<String> {
    let page = String::from_utf8_lossy(&reply.body);
    let rest = page.split_once(&format!("name=\"{name}\" value=\""))?.1.to_owned();
    rest.split_once('"').map(|(value, _)| value.to_owned())
}
