//! OpenID Connect Session Management 1.0: a client asks a page of this server, in a frame, whether the login has changed.
//!
//! Browsers that keep cookies from frames of other sites let nobody find out. It is on with the switch `check-session`.

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use http::{Method, StatusCode};
use oauth_types::fault::Point;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::ports::store::BoxFuture;
use crate::redirect;
use crate::refusal::Document;
use crate::reply::{AuthorizationResponse, Page, Reply};
use crate::request::Place;
use crate::sessions::state::{BrowserState, CHECK_SESSION, COOKIE};
use crate::spec::{Call, Endpoint, Facts, Spec};
use crate::world::Switch;

const PATH: &str = "/check-session";

static ENDPOINTS: &[Endpoint] = &[Endpoint { path: PATH, methods: &[Method::GET], at: Point::Page, page: true }];

#[derive(Debug)]
pub(crate) struct SessionManagement;

impl Spec for SessionManagement {
    fn document(&self) -> &'static Document {
        &DOCUMENT
    }

    fn optional(&self) -> bool {
        true
    }

    fn switches(&self) -> &'static [&'static Switch] {
        SWITCHES
    }

    fn endpoints(&self) -> &'static [Endpoint] {
        ENDPOINTS
    }

    fn serve<'a>(&'a self, call: &'a Call<'a>) -> Option<BoxFuture<'a, Reply>> {
        let reply = match call.policy.is_on(&CHECK_SESSION) {
            true => Reply::Html { status: StatusCode::OK, page: page(&COOKIE.full_name(call.arrival.place)) },
            false => Reply::Empty(StatusCode::NOT_FOUND),
        };
        Some(Box::pin(std::future::ready(reply)))
    }

    /// `check_session_iframe` (§3.3).
    fn metadata(&self, facts: &Facts<'_>, document: &mut Map<String, Value>) {
        if facts.policy.is_on(&CHECK_SESSION) {
            document.insert("check_session_iframe".to_owned(), facts.place.page(PATH).into());
        }
    }

    /// `session_state` (§2), where there is an origin that it can be told to.
    fn respond(&self, _place: &Place, response: &mut AuthorizationResponse) {
        if let (Some(state), Some(origin)) = (&response.browser, redirect::origin(&response.redirect_uri)) {
            let text = session_state(response.client.client_id(), &origin, state);
            response.params.push("session_state", text);
        }
    }
}

/// "a salted cryptographic hash of Client ID, origin URL, and OP User Agent state" (§3).
fn session_state(client_id: &str, origin: &str, state: &BrowserState) -> String {
    let BrowserState { value, salt } = state;
    let hash = Sha256::digest(format!("{client_id} {origin} {value} {salt}"));
    format!("{}.{salt}", BASE64_URL_SAFE_NO_PAD.encode(hash))
}

/// The page that clients put into a frame (§3.2). It answers `unchanged`, `changed` or `error`, and only whoever has the
/// origin of the page it is in, as far as the browser tells which that is.
fn page(cookie: &str) -> Page {
    let script = SCRIPT.replace("COOKIE", cookie);
    let hash = BASE64_STANDARD.encode(Sha256::digest(&script));
    Page {
        html: format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>Session</title></head>\n\
             <body>\n<script>{script}</script>\n</body>\n</html>\n"
        ),
        policy: format!("default-src 'none'; script-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'"),
    }
}

const SCRIPT: &str = r#"
"use strict";
const above = location.ancestorOrigins && location.ancestorOrigins[0]
  || document.referrer && new URL(document.referrer).origin;
addEventListener("message", async (event) => {
  if (event.source === window || above && event.origin !== above) return;
  const answer = (text) => event.source.postMessage(text, event.origin);
  const said = typeof event.data === "string" ? event.data : "";
  const at = said.lastIndexOf(" ");
  const [hash, salt] = said.slice(at + 1).split(".");
  if (at < 1 || !hash || !salt) return answer("error");
  const own = document.cookie.split("; ").find((pair) => pair.startsWith("COOKIE="));
  const state = own ? own.slice("COOKIE=".length) : "";
  const text = [said.slice(0, at), event.origin, state, salt].join(" ");
  const octets = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  const now = btoa(String.fromCharCode(...octets)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  answer(now === hash ? "unchanged" : "changed");
});
"#;

static SWITCHES: &[&Switch] = &[&CHECK_SESSION];

static DOCUMENT: Document = Document {
    name: "OpenID Connect Session Management 1.0",
    title: "OpenID Connect Session Management 1.0",
    url: "https://openid.net/specs/openid-connect-session-1_0.html",
};
