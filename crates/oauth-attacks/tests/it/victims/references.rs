//! Servers that get pushed requests and the references to them wrong.

use std::collections::{HashMap, HashSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::{HeaderMap, Method};
use mock_idp::MockIdp;
use oauth_attacks::redemption::basic;
use oauth_types::Params;

use super::front::{Answering, Bend, Call, answered_at};

/// What the mock server knows of its clients.
const REGISTERED: &str = "http://127.0.0.1:9/callback";

/// A server that takes whoever pushed a request for whoever uses it.
#[derive(Default)]
pub(crate) struct Ownerless {
    owners: Mutex<HashMap<String, String>>,
}

impl Bend for Ownerless {
    fn serve<'a>(&'a self, server: &'a MockIdp, mut call: Call) -> Answering<'a> {
        Box::pin(async move {
            let (path, client) = (call.path.clone(), call.get("client_id").unwrap_or_default());
            if let Some(reference) = call.get("request_uri")
                && let Some(owner) = self.owners.lock().expect("owners").get(&reference)
            {
                call.params().set("client_id", owner);
            }
            let reply = call.ask(server).await;
            if let Some(reference) = reply.document()["request_uri"].as_str().filter(|_| path == "/par") {
                self.owners.lock().expect("owners").insert(reference.to_owned(), client);
            }
            reply
        })
    }
}

/// The pair of RFC 7636 Appendix B, with which the front gets through where a server compares nothing.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A server that loses the challenge of a pushed request.
#[derive(Default)]
pub(crate) struct Challengeless {
    codes: Mutex<HashSet<String>>,
}

impl Bend for Challengeless {
    fn serve<'a>(&'a self, server: &'a MockIdp, mut call: Call) -> Answering<'a> {
        Box::pin(async move {
            let pushed = call.path == "/authorize" && call.get("request_uri").is_some();
            if call.path == "/par" {
                call.params().set("code_challenge", CHALLENGE);
            }
            if let Some(code) = call.get("code").filter(|_| call.path == "/token")
                && self.codes.lock().expect("codes").contains(&code)
            {
                call.params().set("code_verifier", VERIFIER);
            }
            let reply = call.ask(server).await;
            let query = reply.location().and_then(|location| location.split_once('?'));
            let sent = query.and_then(|(_, query)| Params::parse(query).ok());
            if let Some(code) = sent.as_ref().and_then(|sent| sent.get("code")).filter(|_| pushed) {
                self.codes.lock().expect("codes").insert(code.to_owned());
            }
            reply
        })
    }
}

/// A server that counts its references.
#[derive(Default)]
pub(crate) struct Numbered {
    references: Mutex<HashMap<String, String>>,
    last: AtomicUsize,
}

impl Bend for Numbered {
    fn serve<'a>(&'a self, server: &'a MockIdp, mut call: Call) -> Answering<'a> {
        Box::pin(async move {
            if let Some(own) = call.get("request_uri")
                && let Some(reference) = self.references.lock().expect("references").get(&own)
            {
                call.params().set("request_uri", reference);
            }
            let pushed = call.path == "/par";
            let mut reply = call.ask(server).await;
            let mut document = reply.document();
            if let Some(reference) = document["request_uri"].as_str().filter(|_| pushed) {
                let number = self.last.fetch_add(1, Ordering::Relaxed);
                let own = format!("urn:ietf:params:oauth:request_uri:{:06}", 100 + number);
                self.references.lock().expect("references").insert(own.clone(), reference.to_owned());
                document["request_uri"] = own.into();
                reply.body = document.to_string().into_bytes();
            }
            reply
        })
    }
}

/// A server that takes requests as they come: the front pushes them itself.
pub(crate) struct Bypassed;

impl Bend for Bypassed {
    fn serve<'a>(&'a self, server: &'a MockIdp, mut call: Call) -> Answering<'a> {
        Box::pin(async move {
            let bare = call.path == "/authorize" && call.get("request_uri").is_none();
            if !bare || call.get("client_id").as_deref() != Some("pushing") {
                return call.ask(server).await;
            }
            let mut push = call.clone();
            (push.method, push.path, push.form) = (Method::POST, "/par".to_owned(), Some(call.params().clone()));
            push.query = Params::new();
            push.headers = HeaderMap::new();
            let credentials = basic("pushing", &"worthless-secret-of-pushing".into());
            push.headers.insert("authorization", credentials.parse().expect("credentials"));
            let form = "application/x-www-form-urlencoded".parse().expect("a media type");
            push.headers.insert("content-type", form);
            let pushed = push.ask(server).await.document();
            let reference = pushed["request_uri"].as_str().expect("a reference").to_owned();
            *call.params() = Params::new().with("client_id", "pushing").with("request_uri", reference);
            call.ask(server).await
        })
    }
}

/// A server that takes a redirect URI on trust because it was pushed.
#[derive(Default)]
pub(crate) struct Anywhere {
    places: Mutex<HashMap<String, String>>,
}

impl Bend for Anywhere {
    fn serve<'a>(&'a self, server: &'a MockIdp, mut call: Call) -> Answering<'a> {
        Box::pin(async move {
            let pushed = call.path == "/par";
            let place = call.get("redirect_uri").filter(|place| pushed && place != REGISTERED);
            if place.is_some() {
                call.params().set("redirect_uri", REGISTERED);
            }
            let used = call.get("request_uri");
            let reply = call.ask(server).await;
            let mut places = self.places.lock().expect("places");
            if let (Some(reference), Some(place)) = (reply.document()["request_uri"].as_str(), place) {
                places.insert(reference.to_owned(), place);
            }
            match used.and_then(|used| places.get(&used).cloned()) {
                Some(place) => answered_at(reply, REGISTERED, &place),
                None => reply,
            }
        })
    }
}
