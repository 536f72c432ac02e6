//! OpenID Connect CIBA: the client asks, the user decides elsewhere.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE};
use http::{Request, Response};
use mock_idp::outbound::{Outbound, OutboundError};
use mock_idp::store::BoxFuture;
use mock_idp::{Client, MockIdp, User};
use oauth_types::Params;
use serde_json::{Value, json};

use crate::browser::{Answer, Browser, CHALLENGE, VERIFIER, asking as logging_in, redeeming, with, without};
use crate::refusals::assert_refused;

const GRANT_TYPE: &str = "urn:openid:params:grant-type:ciba";
const NOTIFY: &str = "https://app.example/ping";
const TOKEN: &str = "notification-token-canary";

fn client(client_id: &str) -> Client {
    let client = Client::confidential(client_id, "s3cret").any_loopback_redirect();
    client.grant_types([GRANT_TYPE, "refresh_token", "authorization_code"])
}

fn pinged() -> Client {
    let client = client("pinged").metadata("backchannel_token_delivery_mode", "ping");
    client.metadata("backchannel_client_notification_endpoint", NOTIFY)
}

fn server() -> MockIdp {
    let public = Client::public("public").grant_types([GRANT_TYPE]);
    MockIdp::builder()
        .client(client("bank"))
        .client(client("other"))
        .client(pinged())
        .client(public)
        .in_process()
        .expect("a server")
}

fn asking() -> Params {
    let params = Params::new().with("client_id", "bank").with("client_secret", "s3cret");
    params.with("scope", "openid email").with("login_hint", "bob")
}

async fn begin(idp: &MockIdp, params: &Params) -> Answer {
    Browser::new(idp).post("/bc-authorize", params.encode(), None).await
}

fn polling(begun: &Value) -> Params {
    let request = begun["auth_req_id"].as_str().expect("an auth_req_id");
    let params = Params::new().with("grant_type", GRANT_TYPE).with("auth_req_id", request);
    params.with("client_id", "bank").with("client_secret", "s3cret")
}

/// Opens the page and decides on it.
async fn decide(idp: &MockIdp, begun: &Value, decision: &str) -> (Answer, Answer) {
    let uri = begun["mock_idp_decision_uri"].as_str().expect("a page").trim_start_matches(idp.issuer());
    let page = Browser::new(idp).fetch(uri).await;
    let cookie = page.header("set-cookie").and_then(|text| text.split(';').next()).unwrap_or_default().to_owned();
    let ticket = page.body.split_once("name=\"ticket\" value=\"").map_or("", |(_, after)| &after[..43]);
    let (_, handle) = uri.split_once("request=").expect("a handle");
    let params = Params::new().with("request", handle).with("decision", decision).with("ticket", ticket);
    let request = Request::post("/ciba").header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    let request = request.header(COOKIE, cookie).body(Bytes::from(params.encode())).expect("a request");
    let done = Browser::new(idp).send(request).await;
    (page, done)
}

#[tokio::test]
async fn a_client_polls_until_the_user_approves() {
    let idp = server();
    let begun = begin(&idp, &asking().with("binding_message", "W4SCT <b>")).await.tokens();
    assert_eq!((begun["expires_in"].as_u64(), begun["interval"].as_u64()), (Some(120), Some(5)));
    let browser = Browser::new(&idp);
    assert_refused(&idp, &browser.token(&polling(&begun)).await, "ciba-pending", "");
    let (page, done) = decide(&idp, &begun, "approve").await;
    assert!(page.body.contains("W4SCT &#60;b&#62;") && page.body.contains("<strong>bob</strong>"), "{}", page.body);
    assert!(done.body.contains("Approved"), "{}", done.body);
    idp.clock().advance(Duration::from_secs(5));
    let tokens = browser.token(&polling(&begun)).await.tokens();
    let claims = browser.userinfo(tokens["access_token"].as_str().expect("a token")).await.json();
    assert_eq!(claims["sub"], "bob");
    assert!(tokens["id_token"].is_string() && tokens["refresh_token"].is_string());
    assert_refused(&idp, &browser.token(&polling(&begun)).await, "ciba-auth-req-id-replayed", "revoked");
    assert_eq!(browser.userinfo(tokens["access_token"].as_str().expect("a token")).await.status, 401);
}

#[tokio::test]
async fn a_denial_is_final() {
    let idp = server();
    let begun = begin(&idp, &asking()).await.tokens();
    let (_, done) = decide(&idp, &begun, "deny").await;
    assert!(done.body.contains("Denied"), "{}", done.body);
    assert_refused(&idp, &Browser::new(&idp).token(&polling(&begun)).await, "ciba-denied", "");
    let (page, _) = decide(&idp, &begun, "approve").await;
    assert!(page.body.contains("ciba-already-decided"), "{}", page.body);
}

#[tokio::test]
async fn a_user_with_a_password_is_not_offered_to_strangers() {
    let bob = User::new("bob").password("canary-pass");
    let idp = MockIdp::builder().client(client("bank")).user(User::new("alice")).user(bob).in_process();
    let idp = idp.expect("a server");
    let begun = begin(&idp, &asking()).await.tokens();
    let (page, refused) = decide(&idp, &begun, "approve").await;
    assert!(page.body.contains("id=\"nobody\"") && page.body.contains("id=\"deny\""), "{}", page.body);
    assert!(!page.body.contains("<option") && !page.body.contains("id=\"approve\""), "{}", page.body);
    assert_refused(&idp, &refused, "ciba-not-confirmed", "logged in");
    let begun = begin(&idp, &with(asking(), "login_hint", "alice")).await.tokens();
    let (page, _) = decide(&idp, &begun, "approve").await;
    assert_eq!(page.body.matches("<option").count(), 1, "{}", page.body);
    assert!(page.body.contains("<option value=\"alice\">") && page.body.contains("id=\"approve\""));
}

#[tokio::test]
async fn polls_are_paced_and_requests_expire() {
    let idp = server();
    let begun = begin(&idp, &asking().with("requested_expiry", "30")).await.tokens();
    assert_eq!(begun["expires_in"], 30);
    let browser = Browser::new(&idp);
    assert_refused(&idp, &browser.token(&polling(&begun)).await, "ciba-pending", "");
    assert_refused(&idp, &browser.token(&polling(&begun)).await, "ciba-slow-down", "wait 10 seconds");
    idp.clock().advance(Duration::from_secs(30));
    assert_refused(&idp, &browser.token(&polling(&begun)).await, "ciba-auth-req-id-expired", "0 seconds");
    let (page, _) = decide(&idp, &begun, "approve").await;
    assert_refused(&idp, &page, "ciba-decision-unknown", "");
}

#[tokio::test]
async fn a_request_that_breaks_a_rule_is_refused() {
    let idp = server();
    let cases = [
        (with(without(asking(), "client_secret"), "client_id", "public"), "ciba-client-not-allowed", ""),
        (with(asking(), "scope", "email"), "ciba-scope-openid-missing", ""),
        (without(asking(), "login_hint"), "ciba-hint", "none"),
        (asking().with("id_token_hint", "x"), "ciba-hint", "two"),
        (without(asking(), "login_hint").with("login_hint_token", "x"), "ciba-hint", "login_hint_token"),
        (without(asking(), "login_hint").with("id_token_hint", "x.y.z"), "ciba-hint", "no ID token"),
        (with(asking(), "login_hint", "mallory"), "ciba-user-unknown", ""),
        (asking().with("requested_expiry", "0"), "ciba-requested-expiry", ""),
        (asking().with("requested_expiry", "+5"), "ciba-requested-expiry", ""),
        (asking().with("binding_message", "x".repeat(101)), "ciba-binding-message", ""),
        (asking().with("binding_message", "a\u{7}b"), "ciba-binding-message", ""),
        (with(asking(), "client_id", "pinged"), "ciba-notification-token", "none"),
        (
            with(asking(), "client_id", "pinged").with("client_notification_token", "a b"),
            "ciba-notification-token",
            "",
        ),
    ];
    for (params, rule, hint) in cases {
        assert_refused(&idp, &begin(&idp, &params).await, rule, hint);
    }
    let begun = begin(&idp, &asking()).await.tokens();
    let browser = Browser::new(&idp);
    let poll = polling(&begun);
    let other = browser.token(&with(poll.clone(), "client_id", "other")).await;
    assert_refused(&idp, &other, "ciba-auth-req-id-other-client", "");
    let unknown = browser.token(&with(poll.clone(), "auth_req_id", "unknown")).await;
    assert_refused(&idp, &unknown, "ciba-auth-req-id-unknown", "");
    let missing = browser.token(&without(poll, "auth_req_id")).await;
    assert_refused(&idp, &missing, "ciba-auth-req-id-missing", "");
}

#[tokio::test]
async fn an_id_token_of_this_issuer_names_its_user() {
    let idp = server();
    let browser = Browser::new(&idp);
    let code = browser.code(&with(logging_in(), "client_id", "bank")).await;
    let redemption = with(redeeming(&code), "client_id", "bank").with("client_secret", "s3cret");
    let id_token = browser.token(&redemption).await.tokens()["id_token"].clone();
    let hint = id_token.as_str().expect("an ID token");
    let hinted = without(asking(), "login_hint").with("id_token_hint", hint);
    let begun = begin(&idp, &hinted).await.tokens();
    let (page, _) = decide(&idp, &begun, "approve").await;
    assert!(page.body.contains("<strong>alice</strong>"), "{}", page.body);
    let mut forged = hint.to_owned();
    forged.truncate(hint.len() - 4);
    let answer = begin(&idp, &with(hinted, "id_token_hint", &forged)).await;
    assert_refused(&idp, &answer, "ciba-hint", "no ID token");
}

#[tokio::test]
async fn a_page_is_confirmed_by_whoever_saw_it() {
    let idp = server();
    let begun = begin(&idp, &asking()).await.tokens();
    let uri = begun["mock_idp_decision_uri"].as_str().expect("a page").trim_start_matches(idp.issuer());
    let browser = Browser::new(&idp);
    assert_refused(&idp, &browser.fetch(&format!("{uri}&decision=approve")).await, "ciba-not-confirmed", "POST");
    assert_refused(&idp, &browser.fetch("/ciba").await, "ciba-decision-unknown", "");
    assert_refused(&idp, &browser.token(&polling(&begun)).await, "ciba-pending", "");
}

/// Remembers what was sent.
#[derive(Debug, Default)]
struct Ears(Mutex<Vec<(String, String, Value)>>);

impl Outbound for Ears {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, OutboundError>> {
        let bearer = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let body = serde_json::from_slice(request.body()).expect("JSON");
        self.0.lock().expect("no panic").push((request.uri().to_string(), bearer.to_owned(), body));
        Box::pin(std::future::ready(Ok(Response::new(Bytes::new()))))
    }
}

#[tokio::test]
async fn a_client_is_pinged_once_the_user_has_decided() {
    for decision in ["approve", "deny"] {
        let ears = Arc::new(Ears::default());
        let idp = MockIdp::builder().client(pinged()).outbound(ears.clone()).in_process().expect("a server");
        let params = with(asking(), "client_id", "pinged").with("client_notification_token", TOKEN);
        let begun = begin(&idp, &params).await.tokens();
        assert!(ears.0.lock().expect("no panic").is_empty());
        decide(&idp, &begun, decision).await;
        let heard = ears.0.lock().expect("no panic").clone();
        let said = json!({ "auth_req_id": begun["auth_req_id"] });
        assert_eq!(heard, [(NOTIFY.to_owned(), format!("Bearer {TOKEN}"), said)]);
        let entry = idp.journal().pop().expect("an entry");
        assert_eq!((entry.notices.len(), &entry.notices[0].outcome), (1, &Ok(200)));
        let shown = format!("{entry:?} {entry}");
        assert!(!shown.contains(TOKEN) && !shown.contains(begun["auth_req_id"].as_str().expect("text")));
        let status = Browser::new(&idp).token(&with(polling(&begun), "client_id", "pinged")).await.status;
        assert_eq!(status, if decision == "approve" { 200 } else { 400 });
    }
}

#[tokio::test]
async fn a_request_may_be_approved_at_once_and_bound_to_a_verifier() {
    let builder = MockIdp::builder().client(client("bank"));
    let idp = builder.on("ciba-approved-at-once").amount("ciba-interval-seconds", 0).in_process().expect("a server");
    let bound = asking().with("code_challenge", CHALLENGE).with("code_challenge_method", "S256");
    let begun = begin(&idp, &bound).await.tokens();
    assert_eq!(idp.journal()[0].relaxations, ["ciba-approved-at-once"]);
    let browser = Browser::new(&idp);
    assert_refused(&idp, &browser.token(&polling(&begun)).await, "rfc7636-verifier-missing", "");
    let tokens = browser.token(&polling(&begun).with("code_verifier", VERIFIER)).await;
    assert_eq!(tokens.status, 200, "{}", tokens.body);
}
