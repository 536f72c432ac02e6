//! RFC 8628: a device without a browser, and the person in front of another one.

use std::time::Duration;

use base64::Engine;
use bytes::Bytes;
use http::Request;
use http::header::{CONTENT_TYPE, COOKIE};
use mock_idp::{Client, MockIdp, User};
use oauth_types::Params;
use serde_json::Value;

use crate::browser::{Answer, Browser, CHALLENGE, VERIFIER, asking as logging_in, with, without};
use crate::person;
use crate::refusals::assert_refused;

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:device_code";

fn server() -> MockIdp {
    MockIdp::builder().client(tv()).client(tv_called("other")).in_process().expect("a server")
}

fn tv() -> Client {
    tv_called("tv")
}

fn tv_called(client_id: &str) -> Client {
    Client::public(client_id).grant_types([GRANT_TYPE, "refresh_token"])
}

pub(crate) async fn begin(idp: &MockIdp, params: &Params) -> Answer {
    Browser::new(idp).post("/device_authorization", params.encode(), None).await
}

fn asking() -> Params {
    Params::new().with("client_id", "tv").with("scope", "openid email")
}

pub(crate) fn polling(begun: &Value) -> Params {
    let code = begun["device_code"].as_str().expect("a device code");
    Params::new().with("grant_type", GRANT_TYPE).with("client_id", "tv").with("device_code", code)
}

/// A browser that keeps the cookie of the page.
pub(crate) struct Person<'a> {
    idp: &'a MockIdp,
    cookie: String,
    ticket: String,
}

impl<'a> Person<'a> {
    pub(crate) async fn look(idp: &'a MockIdp, begun: &Value) -> Self {
        let uri = begun["verification_uri_complete"].as_str().expect("a page");
        let answer = Browser::new(idp).fetch(uri.trim_start_matches(idp.issuer())).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let cookie =
            answer.header("set-cookie").and_then(|text| text.split(';').next()).expect("a cookie").to_owned();
        let (_, after) = answer.body.split_once("name=\"ticket\" value=\"").expect("a ticket");
        Self { idp, cookie, ticket: after.split('"').next().expect("its end").to_owned() }
    }

    pub(crate) async fn decide(&self, begun: &Value, decision: &str) -> Answer {
        let code = begun["user_code"].as_str().expect("a user code");
        let params = Params::new().with("user_code", code).with("decision", decision).with("user", "bob");
        self.send(&params.with("ticket", self.ticket.as_str())).await
    }

    async fn send(&self, params: &Params) -> Answer {
        let request = Request::post("/device").header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let request = request.header(COOKIE, &self.cookie).body(Bytes::from(params.encode()));
        Browser::new(self.idp).send(request.expect("a request")).await
    }
}

#[tokio::test]
async fn a_device_gets_tokens_once_a_person_approves() {
    let idp = server();
    let begun = begin(&idp, &asking()).await.tokens();
    assert_eq!((begun["expires_in"].as_u64(), begun["interval"].as_u64()), (Some(600), Some(5)));
    assert_eq!(begun["verification_uri"], format!("{}/device", idp.issuer()));
    let browser = Browser::new(&idp);
    let answer = browser.token(&polling(&begun)).await;
    assert_refused(&idp, &answer, "rfc8628-pending", "");
    let done = Person::look(&idp, &begun).await.decide(&begun, "approve").await;
    assert!(done.body.contains("Approved"), "{}", done.body);
    idp.clock().advance(Duration::from_secs(5));
    let tokens = browser.token(&polling(&begun)).await.tokens();
    assert_eq!(tokens["scope"], "openid email");
    let claims = browser.userinfo(tokens["access_token"].as_str().expect("a token")).await.json();
    assert_eq!(claims["sub"], "bob");
    assert!(tokens["id_token"].is_string());
    let refresh = tokens["refresh_token"].as_str().expect("a refresh token");
    let refreshing = Params::new().with("grant_type", "refresh_token").with("client_id", "tv");
    assert_eq!(browser.token(&refreshing.with("refresh_token", refresh)).await.status, 200);
}

#[tokio::test]
async fn a_device_code_is_used_once_and_its_replay_revokes() {
    let idp = server();
    let begun = begin(&idp, &asking()).await.tokens();
    Person::look(&idp, &begun).await.decide(&begun, "approve").await;
    let browser = Browser::new(&idp);
    let tokens = browser.token(&polling(&begun)).await.tokens();
    let replay = browser.token(&polling(&begun)).await;
    assert_refused(&idp, &replay, "rfc8628-device-code-replayed", "revoked");
    assert_eq!(browser.userinfo(tokens["access_token"].as_str().expect("a token")).await.status, 401);
}

#[tokio::test]
async fn a_denial_is_final() {
    let idp = server();
    let begun = begin(&idp, &asking()).await.tokens();
    let person = Person::look(&idp, &begun).await;
    assert!(person.decide(&begun, "deny").await.body.contains("Denied"));
    let answer = Browser::new(&idp).token(&polling(&begun)).await;
    assert_refused(&idp, &answer, "rfc8628-denied", "");
    let second = person.decide(&begun, "approve").await;
    assert_refused(&idp, &second, "rfc8628-already-decided", "");
}

#[tokio::test]
async fn a_device_that_polls_too_fast_waits_longer_each_time() {
    let idp = server();
    let begun = begin(&idp, &asking()).await.tokens();
    let browser = Browser::new(&idp);
    let mut rules = Vec::new();
    for wait in [0, 4, 9, 15, 5, 15] {
        idp.clock().advance(Duration::from_secs(wait));
        browser.token(&polling(&begun)).await;
        rules.push(idp.journal().pop().and_then(|entry| entry.refusal).expect("a refusal").rule);
    }
    let (pending, slower) = ("rfc8628-pending", "rfc8628-slow-down");
    // 5 seconds at first; then 10, then 15.
    assert_eq!(rules, [pending, slower, slower, pending, slower, slower]);
}

#[tokio::test]
async fn codes_expire() {
    let idp = server();
    let begun = begin(&idp, &asking()).await.tokens();
    idp.clock().advance(Duration::from_secs(600));
    let answer = Browser::new(&idp).token(&polling(&begun)).await;
    assert_refused(&idp, &answer, "rfc8628-device-code-expired", "0 seconds ago");
    let page = begun["verification_uri_complete"].as_str().expect("a page").trim_start_matches(idp.issuer());
    let answer = Browser::new(&idp).fetch(page).await;
    assert_refused(&idp, &answer, "rfc8628-user-code-unknown", "expired");
}

#[tokio::test]
async fn a_device_code_belongs_to_its_client() {
    let idp = server();
    let begun = begin(&idp, &asking()).await.tokens();
    let browser = Browser::new(&idp);
    let answer = browser.token(&with(polling(&begun), "client_id", "other")).await;
    assert_refused(&idp, &answer, "rfc8628-device-code-other-client", "");
    let answer = browser.token(&with(polling(&begun), "device_code", "unknown")).await;
    assert_refused(&idp, &answer, "rfc8628-device-code-unknown", "");
    let answer = browser.token(&without(polling(&begun), "device_code")).await;
    assert_refused(&idp, &answer, "rfc8628-device-code-missing", "");
    let client = Client::public("tv").grant_types(["authorization_code"]);
    let other = MockIdp::builder().client(client).in_process().expect("a server");
    let answer = begin(&other, &asking()).await;
    assert_refused(&other, &answer, "rfc8628-client-not-allowed", "");
}

#[tokio::test]
async fn a_page_is_confirmed_by_whoever_saw_it() {
    let idp = server();
    let begun = begin(&idp, &asking()).await.tokens();
    let code = begun["user_code"].as_str().expect("a user code");
    let forged = Params::new().with("user_code", code).with("decision", "approve").with("user", "alice");
    let by_get = Browser::new(&idp).fetch(&format!("/device?{}", forged.encode())).await;
    assert_refused(&idp, &by_get, "rfc8628-not-confirmed", "POST");
    let answer = Browser::new(&idp).post("/device", forged.encode(), None).await;
    assert_refused(&idp, &answer, "rfc8628-not-confirmed", "ticket");
    let (one, other) = (Person::look(&idp, &begun).await, Person::look(&idp, &begun).await);
    let mixed = Person { idp: &idp, cookie: one.cookie.clone(), ticket: other.ticket };
    assert_refused(&idp, &mixed.decide(&begun, "approve").await, "rfc8628-not-confirmed", "");
    let stranger = with(forged, "user", "mallory").with("ticket", one.ticket.as_str());
    assert_refused(&idp, &one.send(&stranger).await, "rfc8628-user-unknown", "");
    let answer = Browser::new(&idp).token(&polling(&begun)).await;
    assert_refused(&idp, &answer, "rfc8628-pending", "");
}

#[tokio::test]
async fn whoever_may_approve_is_offered_and_not_too_many() {
    let builder = MockIdp::builder().client(tv()).client(Client::public("public").any_loopback_redirect());
    let builder = builder.on("login-pages").user(User::new("paula").password("canary-pass"));
    let builder = builder.user(User::new("otto").one_time_code("123456"));
    let idp = (0..3_000).fold(builder, |builder, number| builder.user(User::new(format!("user-{number}"))));
    let idp = idp.in_process().expect("a server");
    let begun = begin(&idp, &asking()).await.tokens();
    let path = begun["verification_uri_complete"].as_str().expect("a page").trim_start_matches(idp.issuer());
    let person = person::Person::new(&idp);
    let offered = |page: &Answer| -> Vec<String> {
        let options = page.body.split("<option value=\"").skip(1);
        options.filter_map(|option| option.split('"').next()).map(str::to_owned).collect()
    };
    let strangers = offered(&person.opens(path).await);
    assert_eq!((strangers.len(), strangers[0].as_str()), (50, "user-0"), "{strangers:?}");
    assert!(strangers.iter().all(|name| name.starts_with("user-")), "{strangers:?}");
    let page = person.asks(&logging_in()).await;
    person.submits(&page, "login-form", &[("username", "paula"), ("password", "canary-pass")]).await;
    let known = offered(&person.opens(path).await);
    assert_eq!((known.len(), known[0].as_str(), known[1].as_str()), (50, "paula", "user-0"), "{known:?}");
    assert!(!known.contains(&"otto".to_owned()));
}

#[tokio::test]
async fn a_code_may_be_written_as_people_write() {
    let idp = server();
    let begun = begin(&idp, &asking()).await.tokens();
    let code = begun["user_code"].as_str().expect("a user code");
    let shown: Vec<char> = code.chars().filter(|letter| *letter != '-').collect();
    assert_eq!(shown.len(), 8);
    assert!(shown.iter().all(|letter| "BCDFGHJKLMNPQRSTVWXZ".contains(*letter)), "{code}");
    let spelt: String = shown.iter().map(|letter| format!("{}%20", letter.to_ascii_lowercase())).collect();
    assert_eq!(Browser::new(&idp).fetch(&format!("/device?user_code={spelt}")).await.status, 200);
    assert!(Browser::new(&idp).fetch("/device").await.body.contains("id=\"user_code\""));
}

#[tokio::test]
async fn user_codes_cannot_be_guessed() {
    let idp = server();
    let begun = begin(&idp, &asking()).await.tokens();
    let browser = Browser::new(&idp);
    for _ in 0..20 {
        let answer = browser.fetch("/device?user_code=BBBB-BBBB").await;
        assert_refused(&idp, &answer, "rfc8628-user-code-unknown", "");
    }
    let right = format!("/device?user_code={}", begun["user_code"].as_str().expect("a user code"));
    assert_refused(&idp, &browser.fetch(&right).await, "rfc8628-too-many-guesses", "minute");
    idp.clock().advance(Duration::from_secs(60));
    assert_eq!(browser.fetch(&right).await.status, 200);
}

#[tokio::test]
async fn a_device_may_bind_its_request_to_a_verifier() {
    let idp = MockIdp::builder().client(tv()).on("device-approved-at-once").in_process().expect("a server");
    let bound = asking().with("code_challenge", CHALLENGE).with("code_challenge_method", "S256");
    let browser = Browser::new(&idp);
    let begun = begin(&idp, &bound).await.tokens();
    let answer = browser.token(&polling(&begun)).await;
    assert_refused(&idp, &answer, "rfc7636-verifier-missing", "");
    idp.clock().advance(Duration::from_secs(5));
    let answer = browser.token(&polling(&begun).with("code_verifier", VERIFIER.replace('d', "e"))).await;
    assert_refused(&idp, &answer, "rfc7636-verifier-wrong", "");
    idp.clock().advance(Duration::from_secs(5));
    assert_eq!(browser.token(&polling(&begun).with("code_verifier", VERIFIER)).await.status, 200);
    assert_eq!(idp.journal()[0].relaxations, ["device-approved-at-once"]);
    let begun = begin(&idp, &asking()).await.tokens();
    let answer = browser.token(&polling(&begun).with("code_verifier", VERIFIER)).await;
    assert_eq!(answer.status, 200, "without a challenge a verifier means nothing here: {}", answer.body);
}

#[tokio::test]
async fn no_refusal_shows_a_code() {
    let idp = server();
    let begun = begin(&idp, &asking()).await.tokens();
    let code = begun["device_code"].as_str().expect("a device code").to_owned();
    let browser = Browser::new(&idp);
    let answers = [
        browser.token(&polling(&begun)).await,
        browser.token(&polling(&begun)).await,
        browser.token(&with(polling(&begun), "client_id", "other")).await,
    ];
    for answer in answers {
        assert!(!answer.body.contains(&code));
    }
    for entry in idp.journal() {
        assert!(!format!("{entry:?} {entry}").contains(&code));
        assert!(!format!("{entry:?}").contains(&base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(&code)));
    }
}
