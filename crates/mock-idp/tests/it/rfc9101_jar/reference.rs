//! Request objects by reference (§5.2): where the server goes for them, and what it takes.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Request, Response, StatusCode};
use mock_idp::outbound::{Outbound, OutboundError, Reach};
use mock_idp::store::BoxFuture;
use mock_idp::{Builder, Client};
use oauth_types::Params;
use serde_json::{Value, json};

use super::{Stage, URL, code};
use crate::browser::{REDIRECT_URI, redeeming, without};
use crate::refusals::assert_refused;
use crate::signer::hashed;

/// A status, a media type and a body, or none of them.
type Said = Result<(u16, &'static str, Bytes), OutboundError>;

/// A place where request objects are.
#[derive(Debug, Default)]
pub(super) struct Host {
    answers: Mutex<VecDeque<Said>>,
    asked: Mutex<Vec<(String, Option<Reach>)>>,
}

const MEDIA_TYPE: &str = "application/oauth-authz-req+jwt";

impl Host {
    pub(super) fn says(&self, body: impl Into<Bytes>) {
        self.answers.lock().expect("no panic").push_back(Ok((200, MEDIA_TYPE, body.into())));
    }

    pub(super) fn answers(&self, answer: Said) {
        self.answers.lock().expect("no panic").push_back(answer);
    }

    fn asked(&self) -> Vec<(String, Option<Reach>)> {
        std::mem::take(&mut *self.asked.lock().expect("no panic"))
    }
}

impl Outbound for Host {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, OutboundError>> {
        assert_eq!(request.headers()["accept"], MEDIA_TYPE);
        let reach = request.extensions().get().copied();
        self.asked.lock().expect("no panic").push((request.uri().to_string(), reach));
        let answer = self.answers.lock().expect("no panic").pop_front().expect("an answer");
        let answer = answer.map(|(status, media_type, body)| {
            let mut response = Response::new(body);
            *response.status_mut() = StatusCode::from_u16(status).expect("a status");
            response.headers_mut().insert(CONTENT_TYPE, media_type.parse().expect("a value"));
            response
        });
        Box::pin(std::future::ready(answer))
    }
}

/// A client that publishes its objects, and the place.
pub(super) fn publishing(build: impl FnOnce(Builder) -> Builder) -> (Stage, Arc<Host>) {
    let host = Arc::new(Host::default());
    let own = |client: Client| client.metadata("request_uris", json!([URL, "http://127.0.0.1:9/r"]));
    (Stage::with(own, |builder| build(builder.outbound(host.clone()))), host)
}

pub(super) fn referring(url: &str) -> Params {
    [("client_id", "public"), ("request_uri", url), ("redirect_uri", REDIRECT_URI)].into_iter().collect()
}

#[tokio::test]
async fn an_object_is_fetched_from_where_it_is_registered() {
    let (stage, host) = publishing(|builder| builder);
    host.says(format!("{}\n", stage.key.sign(&stage.object())));
    let answer = stage.browser().authorize(&without(referring(URL), "redirect_uri")).await;
    assert_eq!(stage.browser().token(&redeeming(&code(&answer))).await.status, 200);
    assert_eq!(host.asked(), [(URL.to_owned(), Some(Reach::Configured))]);
    // What is published is there for every request, unless it is numbered.
    let object = stage.key.sign(&stage.object().claim("jti", Value::Null));
    for _ in 0..2 {
        host.says(object.clone());
        code(&stage.browser().authorize(&referring(URL)).await);
    }
    let object = stage.key.sign(&stage.object());
    host.says(object.clone());
    code(&stage.browser().authorize(&referring(URL)).await);
    host.says(object);
    let answer = stage.browser().authorize(&referring(URL)).await;
    assert_refused(&stage.idp, &answer, "rfc9101-request-object-replayed", "");
}

#[tokio::test]
async fn the_server_is_not_sent_anywhere_else() {
    let (stage, host) = publishing(|builder| builder);
    for url in [
        "https://evil.example/r",
        "https://client.example/request/../other",
        "https://client.example/request?x=y",
        "HTTPS://client.example/request",
        "http://127.0.0.1:9/",
        "http://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
        "gopher://127.0.0.1:25/",
        "urn:example:request",
        "canary",
    ] {
        let answer = stage.browser().authorize(&referring(url)).await;
        assert_eq!(answer.redirected().get("error"), Some("invalid_request_uri"), "{url}");
        assert_refused(&stage.idp, &answer, "rfc9101-request-uri-unregistered", "request_uris");
    }
    let long = format!("{URL}?{}", "x".repeat(512));
    let answer = stage.browser().authorize(&referring(&long)).await;
    assert_refused(&stage.idp, &answer, "rfc9101-request-uri-too-long", "octets");
    assert_eq!(host.asked(), [], "nothing was asked for");
}

#[tokio::test]
async fn an_unregistered_place_is_asked_where_that_is_allowed() {
    let (stage, host) = publishing(|builder| builder.on("request-uri-unregistered"));
    let (url, object) = ("https://other.example/r", stage.key.sign(&stage.object()));
    host.says(object);
    code(&stage.browser().authorize(&referring(url)).await);
    assert!(stage.idp.journal().pop().is_some_and(|entry| entry.relaxations == ["request-uri-unregistered"]));
    assert_eq!(host.asked(), [(url.to_owned(), Some(Reach::Outside))]);
    // Even then there are places that a stranger cannot send the server to.
    for (url, hint) in [
        ("http://169.254.169.254/latest/meta-data", "link-local"),
        ("http://10.0.0.1/", "private"),
        ("http://client.example:0/", "no absolute URL"),
        ("http://1.1.1.1/r", "without https"),
        ("file:///etc/passwd", "not asked"),
        ("https://user:canary@client.example/r", "user's name"),
    ] {
        let answer = stage.browser().authorize(&referring(url)).await;
        assert_refused(&stage.idp, &answer, "rfc9101-request-uri-unreachable", hint);
    }
    assert_eq!(host.asked(), []);
}

#[tokio::test]
async fn what_is_fetched_is_bounded_and_typed() {
    let (stage, host) = publishing(|builder| builder);
    let object = Bytes::from(stage.key.sign(&stage.object()));
    for (answer, hint) in [
        (Err(OutboundError::TimedOut), "within 5 seconds"),
        (Err(OutboundError::TooLarge), "64 KiB"),
        (Err(OutboundError::Redirected(StatusCode::FOUND)), "redirects are not followed"),
        (Ok((404, MEDIA_TYPE, object.clone())), "404"),
        (Ok((206, MEDIA_TYPE, object.clone())), "206"),
        (Ok((200, "text/html", object.clone())), "content type"),
        (Ok((200, "application/jwt", object.clone())), "content type"),
        (Ok((200, MEDIA_TYPE, Bytes::from_static(b"\xff"))), "no text"),
    ] {
        host.answers(answer);
        let answer = stage.browser().authorize(&referring(URL)).await;
        assert_refused(&stage.idp, &answer, "rfc9101-request-uri-unreachable", hint);
    }
    host.answers(Ok((200, "Application/OAuth-Authz-Req+JWT; charset=utf-8", object.clone())));
    code(&stage.browser().authorize(&referring(URL)).await);
    host.says("root:x:0:0:canary");
    let answer = stage.browser().authorize(&referring(URL)).await;
    assert_refused(&stage.idp, &answer, "rfc9101-request-object-malformed", "three parts");

    let (stage, host) = publishing(|builder| builder.on("request-object-openid"));
    host.answers(Ok((200, "application/jwt", stage.key.sign(&stage.object()).into())));
    code(&stage.browser().authorize(&referring(URL)).await);
    assert!(stage.idp.journal().pop().is_some_and(|entry| entry.relaxations == ["request-object-openid"]));
}

#[tokio::test]
async fn a_fragment_is_the_hash_of_what_is_there() {
    let (stage, host) = publishing(|builder| builder);
    let object = stage.key.sign(&stage.object());
    host.says(object.clone());
    code(&stage.browser().authorize(&referring(&format!("{URL}#{}", hashed(&object)))).await);
    assert_eq!(host.asked(), [(URL.to_owned(), Some(Reach::Configured))]);
    for hash in ["", "v2", &hashed("something else")] {
        host.says(stage.key.sign(&stage.object()));
        let answer = stage.browser().authorize(&referring(&format!("{URL}#{hash}"))).await;
        assert_refused(&stage.idp, &answer, "rfc9101-request-uri-altered", "");
    }
    // Where the hash is registered, no other will do.
    let own = |client: Client| client.metadata("request_uris", json!([format!("{URL}#{}", hashed(&object))]));
    let host = Arc::new(Host::default());
    let stage = Stage::with(own, |builder| builder.outbound(host.clone()));
    for url in [URL.to_owned(), format!("{URL}#{}", hashed("something else"))] {
        let answer = stage.browser().authorize(&referring(&url)).await;
        assert_refused(&stage.idp, &answer, "rfc9101-request-uri-unregistered", "");
    }
    host.says(object.clone());
    let answer = stage.browser().authorize(&referring(&format!("{URL}#{}", hashed(&object)))).await;
    assert_refused(&stage.idp, &answer, "rfc9101-request-object-signature", "");
}
