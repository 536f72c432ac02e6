//! OpenID Connect Back-Channel Logout 1.0: every client of a session is told by a token that it has ended.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Request, Response};
use mock_idp::jose::Jws;
use mock_idp::outbound::{Outbound, OutboundError};
use mock_idp::store::BoxFuture;
use mock_idp::{Client, MockIdp};
use oauth_types::fault::{Edit, Fault, Point};
use oauth_types::{Algorithm, Params, Secret};
use serde_json::{Value, json};

use crate::browser::{Browser, asking, basic, decode, redeeming, with};
use crate::person::Person;

const SECRET: &str = "a-secret-of-thirty-two-octets-or-more";

/// Hears what is sent to clients, and answers with a status.
#[derive(Debug, Default)]
struct Ears {
    heard: Mutex<Vec<(String, Params)>>,
    status: u16,
}

impl Outbound for Ears {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, OutboundError>> {
        assert_eq!(request.headers()[CONTENT_TYPE], "application/x-www-form-urlencoded");
        let body = std::str::from_utf8(request.body()).expect("text");
        let heard = (request.uri().to_string(), Params::parse(body).expect("a form"));
        self.heard.lock().expect("no panic").push(heard);
        let answer = Response::builder().status(self.status).body(Bytes::new()).expect("an answer");
        Box::pin(std::future::ready(Ok(answer)))
    }
}

impl Ears {
    /// The tokens that were heard, by where they were sent to.
    fn tokens(&self) -> Vec<(String, String)> {
        let heard = std::mem::take(&mut *self.heard.lock().expect("no panic"));
        let token = |params: &Params| params.get("logout_token").expect("a logout token").to_owned();
        heard.into_iter().map(|(to, params)| (to, token(&params))).collect()
    }
}

fn server(status: u16) -> (MockIdp, Arc<Ears>) {
    let ears = Arc::new(Ears { status, ..Ears::default() });
    let client = |id: &str| {
        let to = format!("https://{id}.example/out");
        Client::public(id).any_loopback_redirect().metadata("backchannel_logout_uri", to)
    };
    let web = Client::confidential("web", SECRET)
        .any_loopback_redirect()
        .id_token_signed_response_alg(Algorithm::Hs256)
        .metadata("backchannel_logout_uri", "https://web.example/out")
        .metadata("subject_type", "pairwise");
    let idp = MockIdp::builder()
        .client(client("public"))
        .client(client("app"))
        .client(web)
        .client(Client::public("deaf").any_loopback_redirect())
        .outbound(ears.clone())
        .in_process()
        .expect("a server");
    (idp, ears)
}

async fn log_in(idp: &MockIdp, person: &Person<'_>, client: &str) -> Value {
    let params = person.asks(&with(asking(), "client_id", client)).await.redirected();
    let redeems = with(redeeming(params.get("code").expect("a code")), "client_id", client);
    let secret = (client == "web").then(|| basic("web", SECRET));
    Browser::new(idp).post("/token", redeems.encode(), secret.as_deref()).await.tokens()
}

fn leaving(tokens: &Value) -> String {
    format!("/logout?id_token_hint={}", tokens["id_token"].as_str().expect("an ID token"))
}

#[tokio::test]
async fn every_client_of_a_session_is_told() {
    let (idp, ears) = server(200);
    idp.clock().set(2_000_000_000);
    let person = Person::new(&idp);
    let mut told = Vec::new();
    for client in ["public", "app", "web", "deaf", "app"] {
        told.push(decode(&log_in(&idp, &person, client).await["id_token"]).1);
    }
    let other = Person::new(&idp);
    log_in(&idp, &other, "public").await;
    let hint = log_in(&idp, &person, "public").await;
    assert!(ears.tokens().is_empty());
    person.opens(&leaving(&hint)).await;
    let mut tokens = ears.tokens();
    tokens.sort();
    let to: Vec<&str> = tokens.iter().map(|(to, _)| to.as_str()).collect();
    assert_eq!(to, ["https://app.example/out", "https://public.example/out", "https://web.example/out"]);
    for ((_, token), (client, at)) in tokens.iter().zip([("app", 1), ("public", 0), ("web", 2)]) {
        let (header, claims) = decode(&json!(token));
        let id_token = &told[at];
        assert_eq!(header["typ"], "logout+jwt");
        for name in ["iss", "sub", "aud", "sid"] {
            assert_eq!(claims[name], id_token[name], "{client}: {name}");
        }
        assert_eq!(claims["events"], json!({"http://schemas.openid.net/event/backchannel-logout": {}}));
        assert_eq!((&claims["iat"], &claims["exp"]), (&json!(2_000_000_000_u64), &json!(2_000_000_120_u64)));
        assert!(claims["jti"].as_str().is_some_and(|jti| jti.len() == 43) && claims.get("nonce").is_none());
    }
    let keyed = Jws::parse(&tokens[2].1).expect("a token");
    assert_eq!(keyed.verify_secret(&Secret::new(SECRET), &[Algorithm::Hs256]), Ok(()));
    assert_ne!(told[2]["sub"], "alice", "its own identifier for her");
    person.opens(&leaving(&hint)).await;
    assert!(ears.tokens().is_empty(), "once");
}

#[tokio::test]
async fn a_login_without_a_browser_is_a_session_too() {
    let (idp, ears) = server(204);
    let browser = Browser::new(&idp);
    let tokens = browser.log_in().await;
    browser.fetch(&leaving(&tokens)).await;
    let (_, claims) = decode(&json!(ears.tokens()[0].1));
    assert_eq!(claims["sid"], decode(&tokens["id_token"]).1["sid"]);
}

#[tokio::test]
async fn a_client_that_does_not_listen_keeps_nobody_logged_in() {
    let (idp, _ears) = server(500);
    let person = Person::new(&idp);
    let tokens = log_in(&idp, &person, "public").await;
    let answer = person.opens(&leaving(&tokens)).await;
    assert_eq!(answer.status, 200);
    let notices = idp.journal().pop().expect("an entry").notices;
    assert_eq!((notices[0].url.as_str(), &notices[0].outcome), ("https://public.example/out", &Ok(500)));
    assert_eq!(Browser::new(&idp).userinfo(tokens["access_token"].as_str().expect("a token")).await.status, 401);
}

#[tokio::test]
async fn a_logout_token_can_lie() {
    let (idp, ears) = server(200);
    let person = Person::new(&idp);
    let tokens = log_in(&idp, &person, "public").await;
    let guard = idp.mount(Fault::always(Point::LogoutToken, Edit::set("nonce", "n")).and(Edit::remove("events")));
    person.opens(&leaving(&tokens)).await;
    assert_eq!(guard.fired(), 1);
    let (_, claims) = decode(&json!(ears.tokens()[0].1));
    assert_eq!((&claims["nonce"], claims.get("events")), (&json!("n"), None));
}

#[tokio::test]
async fn it_is_announced_and_names_sessions_only_where_it_is_on() {
    let (idp, _ears) = server(200);
    let metadata = Browser::new(&idp).fetch("/.well-known/openid-configuration").await.json();
    for name in ["backchannel_logout_supported", "backchannel_logout_session_supported"] {
        assert_eq!(metadata[name], true, "{name}");
    }
    let without = MockIdp::builder()
        .without("OpenID Connect Back-Channel Logout 1.0")
        .without("OpenID Connect Front-Channel Logout 1.0")
        .in_process()
        .expect("a server");
    let browser = Browser::new(&without);
    let metadata = browser.fetch("/.well-known/openid-configuration").await.json();
    assert_eq!(metadata.get("backchannel_logout_supported"), None);
    let tokens = browser.log_in().await;
    assert_eq!(decode(&tokens["id_token"]).1.get("sid"), None);
}
