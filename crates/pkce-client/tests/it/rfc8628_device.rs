//! RFC 8628: logins on devices without a browser.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use mock_idp::MockIdp;
use oauth_types::Params;
use pkce_client::{
    BoxFuture, Clock, Defect, DeviceError, DeviceLogin, Endpoint, Error, JwtError, Session, TransportError,
};
use pkce_core::{Challenge, Verifier};
use serde_json::{Value, json};

use crate::idp::Idp;
use crate::stage::{Answer, CLIENT_ID, START, Stage, TestClock, response};

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// A clock that waiting moves, and how long was waited each time.
#[derive(Clone)]
struct Hurried(TestClock, Arc<Mutex<Vec<u64>>>);

impl Hurried {
    fn waits(&self) -> Vec<u64> {
        self.1.lock().expect("no panic").clone()
    }
}

impl Clock for Hurried {
    fn now(&self) -> u64 {
        self.0.now()
    }

    fn wait(&self, duration: Duration) -> BoxFuture<'_, ()> {
        self.0.advance(duration.as_secs());
        self.1.lock().expect("no panic").push(duration.as_secs());
        Box::pin(std::future::ready(()))
    }
}

fn codes() -> Value {
    json!({
        "device_code": "dc-1",
        "user_code": "WDJB-MJHT",
        "verification_uri": "https://issuer.example/device",
        "verification_uri_complete": "https://issuer.example/device?user_code=WDJB-MJHT",
        "expires_in": 600
    })
}

/// A server that answers the request for codes like this, and polls with these answers, then with tokens.
fn stage(codes: &Value, polls: impl IntoIterator<Item = Poll> + 'static) -> (Stage, Hurried) {
    let stage = Stage::new();
    stage.with(|script| {
        script.metadata["device_authorization_endpoint"] = json!("https://issuer.example/device_authorization");
    });
    let codes = codes.to_string();
    let mut polls = polls.into_iter().collect::<Vec<_>>().into_iter();
    stage.instead(move |seen| match seen.endpoint {
        Endpoint::DeviceAuthorization => Some(Ok(response(200, "application/json", codes.clone()))),
        Endpoint::Token => polls.next().map(Poll::answer),
        _ => None,
    });
    let clock = Hurried(stage.clock.clone(), Arc::default());
    (stage, clock)
}

#[derive(Clone, Copy)]
enum Poll {
    Error(&'static str),
    Status(u16),
    Timeout,
    Broken,
    TooLarge,
}

impl Poll {
    fn answer(self) -> Answer {
        match self {
            Self::Error(code) => Ok(response(400, "application/json", json!({"error": code}).to_string())),
            Self::Status(status) => Ok(response(status, "text/html", "")),
            Self::Timeout => Err(TransportError::Timeout),
            Self::Broken => Err(TransportError::connection("broken")),
            Self::TooLarge => Err(TransportError::TooLarge { limit: 1 }),
        }
    }
}

const PENDING: Poll = Poll::Error("authorization_pending");
const SLOW_DOWN: Poll = Poll::Error("slow_down");

async fn begun(stage: &Stage, clock: &Hurried) -> Result<DeviceLogin, Error> {
    let client = stage.client_of(stage.builder().clock(clock.clone()));
    client.device().scopes(["openid", "email"]).begin().await
}

/// What comes of a login whose polls are answered like this, and how long was waited before each of them.
async fn waited(codes: Value, polls: impl IntoIterator<Item = Poll> + 'static) -> (Result<Session, Error>, Vec<u64>) {
    let (stage, clock) = stage(&codes, polls);
    let mut login = begun(&stage, &clock).await.expect("codes");
    let outcome = login.wait().await;
    (outcome, clock.waits())
}

fn device_error(outcome: Result<Session, Error>) -> DeviceError {
    match outcome {
        Err(Error::Device(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_device_shows_a_code_and_gets_a_session() {
    let (stage, clock) = stage(&codes(), [PENDING, PENDING]);
    let mut login = begun(&stage, &clock).await.expect("codes");
    assert_eq!(login.user_code(), "WDJB-MJHT");
    assert_eq!(login.verification_uri().as_str(), "https://issuer.example/device");
    let complete = login.verification_uri_complete().expect("an address").as_str();
    assert_eq!(complete, "https://issuer.example/device?user_code=WDJB-MJHT");
    assert_eq!(login.expires_at(), START + 600);
    assert!(!format!("{login:?}").contains("dc-1"));
    let session = login.wait().await.expect("a session");
    assert_eq!(session.claims().expect("claims").subject(), "alice");
    assert_eq!(clock.waits(), [5, 5, 5]);

    let asked = stage.seen(Endpoint::DeviceAuthorization).remove(0).params;
    assert_eq!((asked.get("client_id"), asked.get("scope")), (Some(CLIENT_ID), Some("openid email")));
    assert_eq!(asked.get("code_challenge_method"), Some("S256"));
    let polls = stage.seen(Endpoint::Token);
    assert_eq!(polls.len(), 3);
    for poll in polls.iter().map(|seen| &seen.params) {
        assert_eq!((poll.get("grant_type"), poll.get("device_code")), (Some(GRANT_TYPE), Some("dc-1")));
        let verifier: Verifier = poll.get("code_verifier").expect("a verifier").parse().expect("a verifier");
        assert_eq!(asked.get("code_challenge"), Some(verifier.challenge().as_str()));
    }
    assert_eq!(Challenge::METHOD, "S256");
    assert_eq!(device_error(login.wait().await), DeviceError::Over);
}

#[tokio::test]
async fn the_server_says_how_often_it_is_asked() {
    let with = |interval: Value| {
        let mut codes = codes();
        codes["interval"] = interval;
        codes
    };
    assert_eq!(waited(with(json!(2)), [PENDING]).await.1, [2, 2]);
    assert_eq!(waited(with(json!("7")), [PENDING]).await.1, [7, 7]);
    assert_eq!(waited(with(json!(0)), [PENDING]).await.1, [1, 1], "no busy loop");
    let (stage, clock) = stage(&with(json!(-1)), []);
    let error = begun(&stage, &clock).await.expect_err("a refusal");
    assert!(matches!(error, Error::Protocol { defect: Defect::Member("interval"), .. }), "{error:?}");
}

#[tokio::test]
async fn slow_down_slows_down_for_good() {
    let (outcome, waits) = waited(codes(), [PENDING, SLOW_DOWN, PENDING, SLOW_DOWN, PENDING]).await;
    assert!(outcome.is_ok());
    assert_eq!(waits, [5, 5, 10, 10, 15, 15]);
}

#[tokio::test]
async fn polls_that_nobody_answers_are_repeated_ever_more_slowly() {
    let polls = [Poll::Timeout, Poll::Broken, Poll::Status(503), PENDING, Poll::Timeout];
    let (outcome, waits) = waited(codes(), polls).await;
    assert!(outcome.is_ok());
    assert_eq!(waits, [5, 10, 20, 40, 5, 10]);
    let mut codes = codes();
    codes["expires_in"] = json!(3600);
    let (_, waits) = waited(codes, [Poll::Timeout; 20]).await;
    assert_eq!(waits[..8], [5, 10, 20, 40, 80, 160, 300, 300]);
}

#[tokio::test]
async fn what_is_final_is_told_and_nothing_is_sent_after_it() {
    let outcome = |poll| async move { waited(codes(), [PENDING, poll]).await.0 };
    assert_eq!(device_error(outcome(Poll::Error("access_denied")).await), DeviceError::Denied);
    assert_eq!(device_error(outcome(Poll::Error("expired_token")).await), DeviceError::Expired);
    let Err(Error::OAuth { error, .. }) = outcome(Poll::Error("invalid_grant")).await else { panic!("a refusal") };
    assert_eq!(error.code(), "invalid_grant");
    let error = outcome(Poll::Status(404)).await.expect_err("a failure");
    assert!(matches!(error, Error::Protocol { defect: Defect::Status(404), .. }), "{error:?}");
    assert!(matches!(outcome(Poll::TooLarge).await, Err(Error::Transport { .. })));
}

#[tokio::test]
async fn a_login_ends_when_its_codes_expire() {
    let mut codes = codes();
    codes["expires_in"] = json!(12);
    let (outcome, waits) = waited(codes.clone(), [PENDING; 9]).await;
    assert_eq!(device_error(outcome), DeviceError::Expired);
    assert_eq!(waits, [5, 5, 2]);
    codes["expires_in"] = json!(10 * 24 * 60 * 60);
    let (stage, clock) = stage(&codes, []);
    assert_eq!(begun(&stage, &clock).await.expect("codes").expires_at(), START + 24 * 60 * 60);
}

#[tokio::test]
async fn the_id_token_is_verified_and_has_no_nonce() {
    let outcome = |change: fn(&Stage)| async move {
        let (stage, clock) = stage(&codes(), []);
        change(&stage);
        let outcome = begun(&stage, &clock).await.expect("codes").wait().await;
        assert_eq!(stage.seen(Endpoint::Token).len(), 1);
        outcome
    };
    assert!(outcome(|_| ()).await.is_ok());
    let error = |outcome| match outcome {
        Err(Error::IdToken(error)) => error,
        other => panic!("{other:?}"),
    };
    assert_eq!(error(outcome(|stage| stage.claim("nonce", json!("n"))).await), JwtError::Nonce);
    assert_eq!(error(outcome(|stage| stage.claim("aud", json!("other"))).await), JwtError::Audience);
    assert!(matches!(error(outcome(|stage| stage.member("id_token", json!("x.y"))).await), JwtError::NotCompact));
    // The code is spent: that the keys cannot be had does not make it be sent again.
    let unavailable = |stage: &Stage| stage.with(|script| script.jwks = json!({"keys": 1}));
    assert!(matches!(outcome(unavailable).await, Err(Error::Protocol { endpoint: Endpoint::Jwks, .. })));
}

#[tokio::test]
async fn what_is_shown_to_the_user_is_harmless() {
    let defect = async |name: &str, value: Value| {
        let mut codes = codes();
        codes[name] = value;
        let (stage, clock) = stage(&codes, []);
        match begun(&stage, &clock).await {
            Err(Error::Protocol { endpoint: Endpoint::DeviceAuthorization, defect }) => Some(defect),
            Ok(_) => None,
            Err(other) => panic!("{other:?}"),
        }
    };
    for code in ["", "a\u{1b}[2J", "a\nb", "a\u{202e}b", "é", &"x".repeat(65)] {
        assert_eq!(defect("user_code", json!(code)).await, Some(Defect::Member("user_code")), "{code:?}");
    }
    assert_eq!(defect("user_code", json!("x".repeat(64))).await, None);
    for uri in [
        "",
        "/device",
        "http://issuer.example/device",
        "http://127.0.0.1/device",
        "javascript:alert(1)",
        "https://user@issuer.example/",
        "https://issuer.example/\u{202e}",
        &format!("https://issuer.example/{}", "x".repeat(2048)),
    ] {
        for name in ["verification_uri", "verification_uri_complete"] {
            let found = defect(name, json!(uri)).await;
            assert!(matches!(found, Some(Defect::Member(found)) if found == name), "{name} {uri}: {found:?}");
        }
    }
    assert_eq!(defect("verification_uri", json!("https://issuer.example/#/device")).await, None);
    for name in ["device_code", "user_code", "verification_uri", "expires_in"] {
        let mut without = codes();
        without.as_object_mut().expect("an object").remove(name);
        let (stage, clock) = stage(&without, []);
        let error = begun(&stage, &clock).await.expect_err("a refusal");
        assert!(
            matches!(error, Error::Protocol { defect: Defect::Missing(found), .. } if found == name),
            "{error:?}"
        );
    }
    assert_eq!(defect("device_code", json!("a\nb")).await, Some(Defect::Member("device_code")));
}

#[tokio::test]
async fn a_login_that_is_cancelled_can_go_on() {
    let (stage, _) = stage(&codes(), []);
    let client = stage.client();
    let mut login = client.device().scopes(["openid"]).begin().await.expect("codes");
    // While it waits for the time of the first poll.
    tokio::select! {
        biased;
        outcome = login.wait() => panic!("{outcome:?}"),
        () = tokio::task::yield_now() => {}
    }
    assert!(stage.seen(Endpoint::Token).is_empty());
    stage.clock.advance(5);
    // While the poll that spends the code is under way.
    stage.gate.send_replace(Some(Endpoint::Token));
    tokio::select! {
        biased;
        outcome = login.wait() => panic!("{outcome:?}"),
        () = stage.arrived(Endpoint::Token, 1) => {}
    }
    stage.gate.send_replace(None);
    login.wait().await.expect("a session");
    assert_eq!(stage.seen(Endpoint::Token).len(), 1);
}

#[tokio::test]
async fn a_server_without_devices_is_asked_nothing() {
    let stage = Stage::new();
    let outcome = stage.client().device().begin().await;
    assert!(matches!(outcome, Err(Error::NoEndpoint(Endpoint::DeviceAuthorization))));
    assert!(matches!(stage.client().device().scopes(["a b"]).begin().await, Err(Error::Config(_))));
    assert!(matches!(stage.client().device().resource("/x").begin().await, Err(Error::Config(_))));
}

/// The person in front of another device decides.
async fn decide(idp: &Idp, login: &DeviceLogin, decision: &str) {
    let page = idp.visit(login.verification_uri_complete().expect("an address")).await;
    let cookie =
        page.headers()["set-cookie"].to_str().expect("ASCII").split(';').next().expect("a cookie").to_owned();
    let body = String::from_utf8(page.into_body().to_vec()).expect("a page");
    let (_, ticket) = body.split_once("name=\"ticket\" value=\"").expect("a ticket");
    let params = Params::new()
        .with("user_code", login.user_code())
        .with("decision", decision)
        .with("user", "bob")
        .with("ticket", ticket.split('"').next().expect("its end"));
    let request = http::Request::post(login.verification_uri().as_str()).header("cookie", cookie);
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let answer = idp.call(request.body(params.encode().into_bytes()).expect("a request")).await;
    assert_eq!(answer.status(), 200);
}

fn idp() -> Idp {
    let tv = mock_idp::Client::public("tv").grant_types([GRANT_TYPE, "refresh_token"]);
    Idp::new(MockIdp::builder().client(tv))
}

#[tokio::test]
async fn the_mock_server_lets_a_device_in() {
    let idp = idp();
    let client = idp.client("tv").discover().await.expect("a client");
    let mut login = client.device().scopes(["openid", "email"]).begin().await.expect("codes");
    decide(&idp, &login, "approve").await;
    let session = login.wait().await.expect("a session");
    assert_eq!(session.claims().expect("claims").subject(), "bob");
    session.refresh().await.expect("new tokens");
    assert_eq!(session.userinfo().await.expect("userinfo").subject(), "bob");
    assert!(idp.mock().journal().iter().all(|entry| entry.refusal.is_none()));

    let mut login = client.device().scopes(["openid"]).begin().await.expect("codes");
    decide(&idp, &login, "deny").await;
    assert_eq!(device_error(login.wait().await), DeviceError::Denied);

    let mut login = client.device().scopes(["openid"]).begin().await.expect("codes");
    assert_eq!(device_error(login.wait().await), DeviceError::Expired);
    let rules: Vec<&str> =
        idp.mock().journal().iter().filter_map(|entry| entry.refusal.as_ref()).map(|refused| refused.rule).collect();
    assert!(rules.iter().all(|rule| ["rfc8628-pending", "rfc8628-denied"].contains(rule)), "{rules:?}");
    assert!(rules.contains(&"rfc8628-pending"), "it was asked at the right pace");
}
