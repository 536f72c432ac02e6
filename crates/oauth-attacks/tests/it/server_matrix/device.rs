//! What the attacks of the family `device` need to be off.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use http::{HeaderMap, Method, StatusCode};
use mock_idp::MockIdp;
use oauth_attacks::Level;
use oauth_types::Params;
use tokio::sync::Mutex as Queue;

use super::{Row, must};
use crate::victims::forms::hidden;
use crate::victims::front::{Answered, Answering, Bend, Bug, Call, Changed, Reply};

pub(super) const ROWS: &[Row] = &[
    must(
        "as-device-other-client",
        &ANYBODYS_CODE,
        "an approved device code of another client",
        &["rfc8628-device-code-other-client"],
    ),
    Row::bug(
        "as-device-fast-poll",
        &PATIENCE,
        Level::Should,
        "10 polls without a pause are answered alike",
        &["rfc8628-slow-down"],
    ),
    must(
        "as-device-replay",
        &GOOD_FOR_EVER,
        "10 polls at once brought 10 access tokens",
        &["rfc8628-device-code-replayed"],
    ),
    must("as-device-expired", &LIVES_LONGER, "past its time", &["rfc8628-device-code-expired"]),
    Row::bug(
        "as-device-user-code-bruteforce",
        &GUESS_ON,
        Level::Should,
        "a user code is taken after 200 wrong ones",
        &["rfc8628-too-many-guesses"],
    ),
    Row::bug(
        "as-device-phish-auto",
        &APPROVED_BY_LINK,
        Level::Should,
        "opening an address with a user code approves a device",
        &[],
    ),
    Row::bug(
        "as-device-phish-auto",
        &NO_TICKET,
        Level::Should,
        "a form of another site approves a device",
        &["rfc8628-not-confirmed"],
    ),
    must("as-device-denied", &NO_IS_YES, "a device code that was denied", &["rfc8628-denied"]),
];

static ANYBODYS_CODE: Bug = Bug {
    lacks: "a tie between a device code and its client",
    bend: Some(|| Arc::new(FirstOwner::default())),
    ..Bug::NONE
};

/// Takes every poll for one of the client that the code was issued to.
#[derive(Default)]
struct FirstOwner(Mutex<BTreeMap<String, String>>);

impl Bend for FirstOwner {
    fn serve<'a>(&'a self, server: &'a MockIdp, mut call: Call) -> Answering<'a> {
        let owner =
            call.get("device_code").and_then(|code| self.0.lock().expect("no panic elsewhere").get(&code).cloned());
        if let Some(owner) = owner {
            call.params().set("client_id", owner);
        }
        Box::pin(async move {
            let client = call.get("client_id").unwrap_or_default();
            let reply = call.ask(server).await;
            if let Some(code) = reply.document()["device_code"].as_str() {
                self.0.lock().expect("no panic elsewhere").insert(code.to_owned(), client);
            }
            reply
        })
    }
}

static PATIENCE: Bug = Bug {
    lacks: "a measure for how often a device polls",
    bend: Some(|| {
        let change = |_: &Call, reply: &mut Reply| {
            if reply.document()["error"] == "slow_down" {
                let pending = serde_json::json!({ "error": "authorization_pending" });
                *reply = Reply::json(StatusCode::BAD_REQUEST, &pending);
            }
        };
        Arc::new(Answered { path: "/token", change })
    }),
    ..Bug::NONE
};

static GOOD_FOR_EVER: Bug = Bug {
    lacks: "a mark on device codes that were used",
    bend: Some(|| Arc::new(Reissuing::default())),
    ..Bug::NONE
};

/// Answers every poll with a used code with tokens of the same grant.
#[derive(Default)]
struct Reissuing(Queue<BTreeMap<String, String>>);

impl Bend for Reissuing {
    fn serve<'a>(&'a self, server: &'a MockIdp, mut call: Call) -> Answering<'a> {
        Box::pin(async move {
            let Some(code) = call.get("device_code") else { return call.ask(server).await };
            let mut used = self.0.lock().await;
            if let Some(token) = used.get(&code) {
                let client = call.get("client_id").unwrap_or_default();
                let form = Params::new().with("grant_type", "refresh_token").with("refresh_token", token);
                call.form = Some(form.with("client_id", client));
            }
            let reply = call.ask(server).await;
            if let Some(token) = reply.document()["refresh_token"].as_str() {
                used.insert(code, token.to_owned());
            }
            reply
        })
    }
}

static LIVES_LONGER: Bug = Bug {
    lacks: "an end of codes when expires_in is over",
    bend: Some(|| {
        let change = |_: &Call, reply: &mut Reply| {
            let mut document = reply.document();
            document["expires_in"] = 60.into();
            reply.body = document.to_string().into_bytes();
        };
        Arc::new(Answered { path: "/device_authorization", change })
    }),
    ..Bug::NONE
};

static GUESS_ON: Bug =
    Bug { lacks: "a bound for guesses", bend: Some(|| Arc::new(Unbounded::default())), ..Bug::NONE };

/// Answers wrong user codes itself, so that nobody counts them.
#[derive(Default)]
struct Unbounded(Mutex<BTreeSet<String>>);

impl Bend for Unbounded {
    fn serve<'a>(&'a self, server: &'a MockIdp, call: Call) -> Answering<'a> {
        let entered = call.get("user_code").filter(|_| call.path == "/device");
        let wrong =
            entered.is_some_and(|code| !self.0.lock().expect("no panic elsewhere").contains(&code.replace('-', "")));
        Box::pin(async move {
            if wrong {
                let mut headers = HeaderMap::new();
                headers.insert("content-type", http::HeaderValue::from_static("text/html"));
                return Reply { status: StatusCode::BAD_REQUEST, headers, body: b"<p>Try again.</p>".to_vec() };
            }
            let reply = call.ask(server).await;
            if let Some(code) = reply.document()["user_code"].as_str() {
                self.0.lock().expect("no panic elsewhere").insert(code.replace('-', ""));
            }
            reply
        })
    }
}

static APPROVED_BY_LINK: Bug = Bug {
    lacks: "a decision of the user",
    bend: Some(|| Arc::new(Deciding(|call| call.method == Method::GET && call.query.get("user_code").is_some()))),
    ..Bug::NONE
};

static NO_TICKET: Bug = Bug {
    lacks: "a token in the form of the verification page",
    bend: Some(|| Arc::new(Deciding(|call| call.method == Method::POST && call.get("ticket").is_none()))),
    ..Bug::NONE
};

/// Gets a page of its own for some of the requests to the verification page, and approves there.
struct Deciding(fn(&Call) -> bool);

impl Bend for Deciding {
    fn serve<'a>(&'a self, server: &'a MockIdp, call: Call) -> Answering<'a> {
        Box::pin(async move {
            if call.path != "/device" || !(self.0)(&call) {
                return call.ask(server).await;
            }
            let code = call.get("user_code").unwrap_or_default();
            let mut look = call.clone();
            (look.method, look.form) = (Method::GET, None);
            look.query = Params::new().with("user_code", code.as_str());
            look.headers.remove("cookie");
            let page = look.clone().ask(server).await;
            let cookie = page.headers.get("set-cookie").expect("a cookie").to_str().expect("text").to_owned();
            let ticket = hidden(&page, "ticket").expect("a ticket");
            let form = Params::new().with("user_code", code).with("ticket", ticket);
            (look.method, look.query) = (Method::POST, Params::new());
            look.form = Some(form.with("decision", "approve").with("user", "alice"));
            let pair = cookie.split(';').next().unwrap_or_default();
            look.headers.insert("cookie", pair.parse().expect("a cookie"));
            look.headers.insert("content-type", "application/x-www-form-urlencoded".parse().expect("a type"));
            look.ask(server).await
        })
    }
}

static NO_IS_YES: Bug = Bug {
    lacks: "an eye for what the user decides",
    bend: Some(|| {
        let change = |call: &mut Call| {
            if call.get("decision").as_deref() == Some("deny") {
                call.params().set("decision", "approve");
            }
        };
        Arc::new(Changed { path: "/device", change })
    }),
    ..Bug::NONE
};
