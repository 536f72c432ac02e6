//! RFC 8707: a token is for the resources it was asked for, and for no more than was authorized.

use std::collections::BTreeSet;
use std::time::Duration;

use mock_idp::{Client, MockIdp, Policy};
use oauth_types::Params;
use serde_json::{Value, json};

use crate::browser::{Browser, asking, basic, decode, redeeming, refreshing, with};
use crate::refusals::assert_refused;
use crate::rfc8628_device::{Person, begin, polling};
use crate::rfc8693_token_exchange::{self, ACCESS, REFRESH, exchange, giving};

const ONE: &str = "https://one.example/api";
const TWO: &str = "https://two.example/api";
const THREE: &str = "https://three.example/api";

fn server() -> MockIdp {
    MockIdp::builder().in_process().expect("nothing can fail")
}

/// The audience of the access token of a token response.
fn audience(tokens: &Value) -> Value {
    decode(&tokens["access_token"]).1["aud"].clone()
}

#[tokio::test]
async fn a_token_is_for_the_resource_that_was_asked_for() {
    let idp = server();
    let browser = Browser::new(&idp);
    let tokens = browser.log_in().await;
    assert_eq!(audience(&tokens), json!(idp.issuer()), "without a resource it is for the server itself");
    let code = browser.code(&asking().with("resource", ONE)).await;
    let tokens = browser.token(&redeeming(&code)).await.tokens();
    assert_eq!(audience(&tokens), json!(ONE));
    assert_eq!(decode(&tokens["id_token"]).1["aud"], json!("public"), "an ID token is for the client");
    let code = browser.code(&asking().with("resource", ONE).with("resource", TWO).with("resource", ONE)).await;
    assert_eq!(audience(&browser.token(&redeeming(&code)).await.tokens()), json!([ONE, TWO]));
    let code = browser.code(&asking().with("resource", "")).await;
    assert_eq!(audience(&browser.token(&redeeming(&code)).await.tokens()), json!(idp.issuer()));
}

#[tokio::test]
async fn a_token_for_another_resource_is_none_for_userinfo() {
    let idp = server();
    let browser = Browser::new(&idp);
    let token = async |params: &Params| {
        let tokens = browser.token(&redeeming(&browser.code(params).await)).await.tokens();
        tokens["access_token"].as_str().expect("a token").to_owned()
    };
    let other = token(&asking().with("resource", ONE)).await;
    let answer = browser.userinfo(&other).await;
    assert_eq!(answer.status, 401);
    assert_refused(&idp, &answer, "rfc9068-userinfo-audience", "for that resource");
    let both = token(&asking().with("resource", ONE).with("resource", idp.issuer())).await;
    assert_eq!(browser.userinfo(&both).await.status, 200, "it is for the issuer too");
}

#[tokio::test]
async fn a_token_request_narrows_what_was_authorized() {
    let idp = server();
    let browser = Browser::new(&idp);
    let asked = asking().with("resource", ONE).with("resource", TWO);
    let code = browser.code(&asked).await;
    let answer = browser.token(&redeeming(&code).with("resource", THREE)).await;
    assert_eq!(answer.json()["error"], "invalid_target");
    assert_refused(&idp, &answer, "rfc8707-resource-not-authorized", "nearest is https://two.example/api");
    let answer = browser.token(&redeeming(&code).with("resource", format!("{ONE}/"))).await;
    assert_refused(&idp, &answer, "rfc8707-resource-not-authorized", "trailing slash");
    let answer = browser.token(&redeeming(&code).with("resource", ONE).with("resource", THREE)).await;
    assert_refused(&idp, &answer, "rfc8707-resource-not-authorized", "");
    let tokens = browser.token(&redeeming(&code).with("resource", TWO)).await.tokens();
    assert_eq!(audience(&tokens), json!(TWO));

    // What was narrowed once is not lost: the refresh token keeps what the grant was for.
    let answer = browser.token(&refreshing(&tokens["refresh_token"]).with("resource", THREE)).await;
    assert_refused(&idp, &answer, "rfc8707-resource-not-authorized", "");
    let tokens = browser.token(&refreshing(&tokens["refresh_token"]).with("resource", ONE)).await.tokens();
    assert_eq!(audience(&tokens), json!(ONE));
    let tokens = browser.token(&refreshing(&tokens["refresh_token"])).await.tokens();
    assert_eq!(audience(&tokens), json!([ONE, TWO]));
}

#[tokio::test]
async fn a_resource_is_authorized_before_a_token_is_asked_for() {
    let idp = server();
    let browser = Browser::new(&idp);
    let code = browser.code(&asking()).await;
    let answer = browser.token(&redeeming(&code).with("resource", ONE)).await;
    assert_refused(&idp, &answer, "rfc8707-resource-not-authorized", "authorization request as well");
    let tokens = browser.token(&redeeming(&code)).await.tokens();
    let answer = browser.token(&refreshing(&tokens["refresh_token"]).with("resource", ONE)).await;
    assert_refused(&idp, &answer, "rfc8707-resource-not-authorized", "");

    let idp = MockIdp::builder().on("resource-at-token-alone").in_process().expect("a switch");
    let browser = Browser::new(&idp);
    let code = browser.code(&asking()).await;
    let tokens = browser.token(&redeeming(&code).with("resource", ONE)).await.tokens();
    assert_eq!(audience(&tokens), json!(ONE));
    assert!(idp.journal().pop().is_some_and(|entry| entry.relaxations == ["resource-at-token-alone"]));
    let next = browser.token(&refreshing(&tokens["refresh_token"])).await.tokens();
    assert_eq!(audience(&next), json!(ONE), "the grant is for it from now on");
    let answer = browser.token(&refreshing(&next["refresh_token"]).with("resource", TWO)).await;
    assert_refused(&idp, &answer, "rfc8707-resource-not-authorized", "");
}

#[tokio::test]
async fn a_resource_that_is_none_is_refused() {
    let idp = server();
    let browser = Browser::new(&idp);
    for (resource, hint) in [
        ("https://rs.example/#part", "fragment"),
        ("rs.example", "not absolute"),
        ("https://rs.example/caf\u{e9}", "percent-encoded"),
        ("https:///mcp", "no host"),
    ] {
        let answer = browser.authorize(&asking().with("resource", ONE).with("resource", resource)).await;
        assert_eq!(answer.redirected().get("error"), Some("invalid_target"));
        assert_refused(&idp, &answer, "rfc8707-resource-malformed", hint);
        let answer = browser.post("/par", asking().with("resource", resource).encode(), None).await;
        assert_eq!(answer.status, 400);
        assert_refused(&idp, &answer, "rfc8707-resource-malformed", hint);
    }
    let code = browser.code(&asking().with("resource", ONE)).await;
    let answer = browser.token(&redeeming(&code).with("resource", "rs.example")).await;
    assert_refused(&idp, &answer, "rfc8707-resource-malformed", "not absolute");
    let many = (0..17).fold(asking(), |params, n| params.with("resource", format!("{ONE}/{n}")));
    let answer = browser.authorize(&many).await;
    assert_refused(&idp, &answer, "rfc8707-resource-malformed", "more than 16");
    assert_eq!(browser.token(&redeeming(&code)).await.status, 200, "the code is still good");
}

#[tokio::test]
async fn a_server_may_know_its_resources() {
    let mut policy = Policy::default();
    policy.resources = vec![ONE.to_owned(), TWO.to_owned()];
    let idp = MockIdp::builder().policy(policy).in_process().expect("a policy");
    let browser = Browser::new(&idp);
    let answer = browser.authorize(&asking().with("resource", "https://two.example/ap")).await;
    assert_refused(&idp, &answer, "rfc8707-resource-unknown", "nearest is https://two.example/api");
    let code = browser.code(&asking().with("resource", TWO)).await;
    assert_eq!(audience(&browser.token(&redeeming(&code)).await.tokens()), json!(TWO));
}

#[tokio::test]
async fn resources_are_pushed_and_asked_for_on_devices() {
    const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";
    let device = Client::public("tv").grant_types([DEVICE]);
    let builder = MockIdp::builder().client(Client::public("public").any_loopback_redirect()).client(device);
    let idp = builder.in_process().expect("clients");
    let browser = Browser::new(&idp);
    let pushed = browser.post("/par", asking().with("resource", ONE).with("resource", TWO).encode(), None).await;
    let reference = pushed.json()["request_uri"].as_str().expect("a reference").to_owned();
    let params: Params = [("client_id", "public"), ("request_uri", &*reference)].into_iter().collect();
    // A resource that is added outside is not looked at.
    let code = browser.code(&params.with("resource", THREE)).await;
    assert_eq!(audience(&browser.token(&redeeming(&code)).await.tokens()), json!([ONE, TWO]));

    let asks = |resource: &str| Params::new().with("client_id", "tv").with("resource", resource);
    assert_refused(&idp, &begin(&idp, &asks("rs.example")).await, "rfc8707-resource-malformed", "");
    let begun = begin(&idp, &asks(ONE)).await.tokens();
    Person::look(&idp, &begun).await.decide(&begun, "approve").await;
    let answer = browser.token(&polling(&begun).with("resource", TWO)).await;
    assert_refused(&idp, &answer, "rfc8707-resource-not-authorized", "");
    idp.clock().advance(Duration::from_secs(5));
    assert_eq!(audience(&browser.token(&polling(&begun)).await.tokens()), json!(ONE));
}

#[tokio::test]
async fn a_client_asks_on_its_own_account_without_asking_anybody() {
    let idp = server();
    let browser = Browser::new(&idp);
    let own = Params::new().with("grant_type", "client_credentials").with("client_id", "confidential");
    let own = own.with("client_secret", "secret");
    let tokens = browser.token(&own.clone().with("resource", ONE).with("resource", TWO)).await.tokens();
    assert_eq!(audience(&tokens), json!([ONE, TWO]));
    let answer = browser.token(&own.with("resource", "rs.example")).await;
    assert_refused(&idp, &answer, "rfc8707-resource-malformed", "not absolute");
}

#[tokio::test]
async fn a_token_is_exchanged_for_one_for_another_resource() {
    let idp = rfc8693_token_exchange::server(|builder| builder);
    let browser = Browser::new(&idp);
    let code = browser.code(&with(asking(), "client_id", "service").with("resource", ONE)).await;
    let redeeming = with(redeeming(&code), "client_id", "service").with("client_secret", "secret");
    let token = browser.token(&redeeming).await.tokens()["access_token"].clone();
    let params = giving(&token, ACCESS).with("resource", TWO).with("requested_token_type", REFRESH);
    let answer = exchange(&browser, "service", &params).await.tokens();
    // What follows from the new token is for what it was exchanged for.
    let refreshing =
        with(refreshing(&answer["access_token"]), "client_id", "service").with("client_secret", "secret");
    let next = browser.token(&refreshing).await.tokens();
    assert_eq!(audience(&next), json!(TWO));
    let refresh = next["refresh_token"].as_str().expect("a token");
    let answer = browser.token(&with(refreshing, "refresh_token", refresh).with("resource", ONE)).await;
    assert_refused(&idp, &answer, "rfc8707-resource-not-authorized", "");
}

#[tokio::test]
async fn a_resource_server_is_told_of_the_audience() {
    let idp = server();
    let browser = Browser::new(&idp);
    let code = browser.code(&with(asking(), "client_id", "confidential").with("resource", ONE)).await;
    let redeeming = with(redeeming(&code), "client_id", "confidential").with("client_secret", "secret");
    let tokens = browser.token(&redeeming).await.tokens();
    let asked = Params::new().with("token", tokens["access_token"].as_str().expect("a token"));
    let told = browser.post("/introspect", asked.encode(), Some(&basic("confidential", "secret"))).await.json();
    assert_eq!(told["aud"], ONE);
}

#[tokio::test]
async fn a_server_without_indicators_knows_no_resource() {
    // Token exchange has resources of its own.
    let builder = MockIdp::builder().without("RFC 8707").without("RFC 8693");
    let idp = builder.in_process().expect("they can be left out");
    let browser = Browser::new(&idp);
    let code = browser.code(&asking().with("resource", "rs.example")).await;
    assert_eq!(audience(&browser.token(&redeeming(&code)).await.tokens()), json!(idp.issuer()));
    let answer = browser.authorize(&asking().with("resource", ONE).with("resource", TWO)).await;
    assert_refused(&idp, &answer, "rfc6749-authorization-parameter-twice", "resource");
}

#[tokio::test]
async fn no_refusal_shows_what_was_sent() {
    const CANARY: &str = "canary-swordfish";
    let mut policy = Policy::default();
    policy.resources = vec![ONE.to_owned(), TWO.to_owned()];
    let idp = MockIdp::builder().policy(policy).in_process().expect("a policy");
    let browser = Browser::new(&idp);
    let code = browser.code(&asking().with("resource", ONE)).await;
    let answers = [
        browser.authorize(&with(asking(), "state", "s").with("resource", CANARY)).await,
        browser.authorize(&asking().with("resource", format!("https://{CANARY}.example/"))).await,
        browser.token(&redeeming(&code).with("resource", CANARY)).await,
        browser.token(&redeeming(&code).with("resource", TWO)).await,
    ];
    for answer in &answers {
        let told = format!("{:?} {}", answer.location, answer.body);
        assert!(!told.contains("canary") && !told.contains(&code), "{told}");
    }
    let rules: BTreeSet<_> =
        idp.journal().into_iter().filter_map(|entry| entry.refusal).map(|one| one.rule).collect();
    assert_eq!(rules.len(), 3, "{rules:?}");
    for entry in idp.journal() {
        let written = format!("{entry:?} {entry}");
        assert!(!written.contains("canary") && !written.contains(&code), "{written}");
    }
}
