//! RFC 9396: what is asked for in objects is judged, granted, said in the token, and never widened.

use std::collections::BTreeSet;
use std::time::Duration;

use mock_idp::{Client, MockIdp, Policy};
use oauth_types::Params;
use serde_json::{Value, json};

use crate::browser::{Answer, Browser, asking, basic, decode, redeeming, refreshing, with, without};
use crate::refusals::assert_refused;
use crate::rfc8628_device::{Person, begin, polling};
use crate::rfc8693_token_exchange::{self, ACCESS, exchange, giving};

fn server() -> MockIdp {
    MockIdp::builder().in_process().expect("nothing can fail")
}

fn payment() -> Value {
    json!({
        "type": "payment_initiation",
        "locations": ["https://bank.example/payments"],
        "actions": ["initiate", "status", "cancel"],
        "instructedAmount": {"currency": "EUR", "amount": "123.50"},
    })
}

/// `params` with these details.
fn rich(params: Params, details: &Value) -> Params {
    params.with("authorization_details", details.to_string())
}

/// What a token response says was granted. Its access token says the same.
fn granted(answer: &Answer) -> Value {
    let tokens = answer.tokens();
    let details = tokens["authorization_details"].clone();
    assert_eq!(decode(&tokens["access_token"]).1["authorization_details"], details);
    details
}

#[tokio::test]
async fn what_was_granted_is_in_the_answer_and_in_the_token() {
    let idp = server();
    let browser = Browser::new(&idp);
    let details = json!([payment(), {"type": "account_information", "identifier": "a1"}]);
    let code = browser.code(&rich(asking(), &details)).await;
    let answer = browser.token(&redeeming(&code)).await;
    assert_eq!(granted(&answer), details);
    let tokens = browser.log_in().await;
    assert_eq!(tokens.get("authorization_details"), None);
    assert_eq!(decode(&tokens["access_token"]).1.get("authorization_details"), None);
    // Nothing but details is a request as well (§3).
    let code = browser.code(&rich(without(asking(), "scope"), &details)).await;
    assert_eq!(granted(&browser.token(&redeeming(&code)).await), details);
}

#[tokio::test]
async fn a_token_request_narrows_what_was_authorized() {
    let idp = server();
    let browser = Browser::new(&idp);
    let code = browser.code(&rich(asking(), &json!([payment()]))).await;
    let mut wider = payment();
    wider["actions"] = json!(["initiate", "refund"]);
    let mut dearer = payment();
    dearer["instructedAmount"]["amount"] = json!("1000000.00");
    let mut unlimited = payment();
    unlimited.as_object_mut().expect("an object").remove("instructedAmount");
    let other = json!({"type": "account_information"});
    for more in [wider, dearer, unlimited, other] {
        let answer = browser.token(&rich(redeeming(&code), &json!([payment(), more]))).await;
        assert_eq!(answer.json()["error"], "invalid_authorization_details");
        assert_refused(&idp, &answer, "rfc9396-details-not-authorized", "Number 2");
    }
    let mut less = payment();
    less["actions"] = json!(["status"]);
    let answer = browser.token(&rich(redeeming(&code), &json!([less]))).await;
    assert_eq!(granted(&answer), json!([less]));

    // The grant keeps what was authorized.
    let refresh = answer.json()["refresh_token"].clone();
    let answer = browser.token(&rich(refreshing(&refresh), &json!([{"type": "account_information"}]))).await;
    assert_refused(&idp, &answer, "rfc9396-details-not-authorized", "Number 1");
    let answer = browser.token(&refreshing(&refresh)).await;
    assert_eq!(granted(&answer), json!([payment()]));
}

#[tokio::test]
async fn details_are_authorized_before_a_token_is_asked_for() {
    let idp = server();
    let browser = Browser::new(&idp);
    let code = browser.code(&asking()).await;
    let answer = browser.token(&rich(redeeming(&code), &json!([payment()]))).await;
    assert_refused(&idp, &answer, "rfc9396-details-not-authorized", "had no authorization_details");
    assert_eq!(browser.token(&redeeming(&code)).await.status, 200, "the code is still good");
}

#[tokio::test]
async fn malformed_details_are_refused_everywhere() {
    let idp = server();
    let browser = Browser::new(&idp);
    let code = browser.code(&rich(asking(), &json!([payment()]))).await;
    let deep = format!("[{{\"type\":\"payment_initiation\",\"a\":{}1{}}}]", "[".repeat(8), "]".repeat(8));
    let many = json!(vec![payment(); 33]).to_string();
    let long = json!([{"type": "payment_initiation", "a": "x".repeat(16_384)}]).to_string();
    for (text, rule, hint) in [
        ("[", "rfc9396-details-malformed", "not JSON"),
        ("{\"type\":\"payment_initiation\"}", "rfc9396-details-malformed", "put it into an array"),
        ("\"payment_initiation\"", "rfc9396-details-malformed", "no array"),
        ("[]", "rfc9396-details-malformed", "0 objects"),
        (&many, "rfc9396-details-malformed", "33 objects"),
        (&long, "rfc9396-details-malformed", "16384 octets"),
        (&deep, "rfc9396-details-malformed", "Number 1 is nested more than 8 deep"),
        ("[1]", "rfc9396-details-malformed", "Number 1 is no object"),
        ("[{\"type\":\"payment_initiation\"},{}]", "rfc9396-details-malformed", "Number 2 has no type"),
        ("[{\"type\":1}]", "rfc9396-details-malformed", "no name"),
        ("[{\"type\":\"\"}]", "rfc9396-details-malformed", "no name"),
        ("[{\"type\":\"Payment_Initiation\"}]", "rfc9396-type-unknown", "Known: payment_initiation, account"),
        ("[{\"type\":\"payment_initiation\",\"actions\":\"read\"}]", "rfc9396-member-malformed", "actions"),
        ("[{\"type\":\"payment_initiation\",\"locations\":[1]}]", "rfc9396-member-malformed", "locations"),
        ("[{\"type\":\"payment_initiation\",\"identifier\":1}]", "rfc9396-member-malformed", "identifier"),
    ] {
        let asked = asking().with("authorization_details", text);
        let answer = browser.authorize(&asked).await;
        assert_eq!(answer.redirected().get("error"), Some("invalid_authorization_details"), "{text}");
        assert_refused(&idp, &answer, rule, hint);
        let answer = browser.post("/par", asked.encode(), None).await;
        assert_refused(&idp, &answer, rule, hint);
        let answer = browser.token(&redeeming(&code).with("authorization_details", text)).await;
        assert_refused(&idp, &answer, rule, hint);
    }
    let answer = browser.authorize(&rich(rich(asking(), &json!([payment()])), &json!([payment()]))).await;
    assert_refused(&idp, &answer, "rfc6749-authorization-parameter-twice", "authorization_details");
    assert_eq!(granted(&browser.token(&redeeming(&code)).await), json!([payment()]), "the code is still good");
}

#[tokio::test]
async fn a_client_gets_the_types_it_is_registered_for() {
    let client = Client::public("public").any_loopback_redirect();
    let client = client.metadata("authorization_details_types", json!(["account_information"]));
    let idp = MockIdp::builder().client(client).in_process().expect("a client");
    let browser = Browser::new(&idp);
    let answer = browser.authorize(&rich(asking(), &json!([payment()]))).await;
    assert_refused(&idp, &answer, "rfc9396-type-not-registered", "payment_initiation is not");
    let details = json!([{"type": "account_information"}]);
    let code = browser.code(&rich(asking(), &details)).await;
    assert_eq!(granted(&browser.token(&redeeming(&code)).await), details);
}

#[tokio::test]
async fn a_server_may_know_other_types() {
    let knowing = |types: &[&str]| {
        let mut policy = Policy::default();
        policy.authorization_details_types = types.iter().map(|name| (*name).to_owned()).collect();
        MockIdp::builder().policy(policy).in_process().expect("a policy")
    };
    let idp = knowing(&["photo_album"]);
    let browser = Browser::new(&idp);
    let metadata = browser.fetch("/.well-known/oauth-authorization-server").await.json();
    assert_eq!(metadata["authorization_details_types_supported"], json!(["photo_album"]));
    browser.code(&rich(asking(), &json!([{"type": "photo_album"}]))).await;
    let answer = browser.authorize(&rich(asking(), &json!([payment()]))).await;
    assert_refused(&idp, &answer, "rfc9396-type-unknown", "Known: photo_album");

    let idp = knowing(&[]);
    let browser = Browser::new(&idp);
    let metadata = browser.fetch("/.well-known/oauth-authorization-server").await.json();
    assert_eq!(metadata.get("authorization_details_types_supported"), None);
    let answer = browser.authorize(&rich(asking(), &json!([payment()]))).await;
    assert_refused(&idp, &answer, "rfc9396-type-unknown", "knows no type");
}

#[tokio::test]
async fn metadata_names_the_types() {
    let idp = server();
    let metadata = Browser::new(&idp).fetch("/.well-known/openid-configuration").await.json();
    let known = json!(["payment_initiation", "account_information"]);
    assert_eq!(metadata["authorization_details_types_supported"], known);
    let idp = MockIdp::builder().without("RFC 9396").in_process().expect("it can be left out");
    let browser = Browser::new(&idp);
    let metadata = browser.fetch("/.well-known/openid-configuration").await.json();
    assert_eq!(metadata.get("authorization_details_types_supported"), None);
    let code = browser.code(&rich(asking(), &json!([payment()]))).await;
    assert_eq!(browser.token(&redeeming(&code)).await.tokens().get("authorization_details"), None);
}

#[tokio::test]
async fn details_are_pushed_and_asked_for_on_devices() {
    const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";
    let device = Client::public("tv").grant_types([DEVICE]);
    let builder = MockIdp::builder().client(Client::public("public").any_loopback_redirect()).client(device);
    let idp = builder.in_process().expect("clients");
    let browser = Browser::new(&idp);
    let pushed = browser.post("/par", rich(asking(), &json!([payment()])).encode(), None).await;
    let reference = pushed.json()["request_uri"].as_str().expect("a reference").to_owned();
    let params: Params = [("client_id", "public"), ("request_uri", &*reference)].into_iter().collect();
    let code = browser.code(&rich(params, &json!([{"type": "account_information"}]))).await;
    assert_eq!(granted(&browser.token(&redeeming(&code)).await), json!([payment()]));

    let asks = |details: &Value| rich(Params::new().with("client_id", "tv"), details);
    let answer = begin(&idp, &asks(&json!([{"type": "other"}]))).await;
    assert_refused(&idp, &answer, "rfc9396-type-unknown", "");
    let begun = begin(&idp, &asks(&json!([payment()]))).await.tokens();
    Person::look(&idp, &begun).await.decide(&begun, "approve").await;
    let answer = browser.token(&rich(polling(&begun), &json!([{"type": "account_information"}]))).await;
    assert_refused(&idp, &answer, "rfc9396-details-not-authorized", "");
    idp.clock().advance(Duration::from_secs(5));
    assert_eq!(granted(&browser.token(&polling(&begun)).await), json!([payment()]));
}

#[tokio::test]
async fn a_client_asks_on_its_own_account_without_asking_anybody() {
    let idp = server();
    let browser = Browser::new(&idp);
    let own = Params::new().with("grant_type", "client_credentials").with("client_id", "confidential");
    let own = own.with("client_secret", "secret");
    let answer = browser.token(&rich(own.clone(), &json!([payment()]))).await;
    assert_eq!(granted(&answer), json!([payment()]));
    let answer = browser.token(&rich(own, &json!([{"type": "other"}]))).await;
    assert_refused(&idp, &answer, "rfc9396-type-unknown", "");
}

#[tokio::test]
async fn an_exchange_conveys_no_more_than_there_was() {
    let idp = rfc8693_token_exchange::server(|builder| builder);
    let browser = Browser::new(&idp);
    let bare = browser.log_in().await["access_token"].clone();
    let code = browser.code(&rich(asking(), &json!([payment()]))).await;
    let full = browser.token(&redeeming(&code)).await.tokens()["access_token"].clone();
    let asked = |token: &Value| giving(token, ACCESS).with("audience", "backend");
    for (params, hint) in [
        (rich(asked(&bare), &json!([payment()])), "had no authorization_details"),
        (rich(asked(&full), &json!([{"type": "account_information"}])), "Number 1"),
    ] {
        let answer = exchange(&browser, "service", &params).await;
        assert_refused(&idp, &answer, "rfc9396-details-not-authorized", hint);
    }
    let answer = exchange(&browser, "service", &asked(&full)).await;
    assert_eq!(granted(&answer), json!([payment()]));
}

#[tokio::test]
async fn a_resource_server_is_told_of_the_details() {
    let idp = server();
    let browser = Browser::new(&idp);
    let code = browser.code(&with(rich(asking(), &json!([payment()])), "client_id", "confidential")).await;
    let redeeming = with(redeeming(&code), "client_id", "confidential").with("client_secret", "secret");
    let tokens = browser.token(&redeeming).await.tokens();
    let asked = Params::new().with("token", tokens["access_token"].as_str().expect("a token"));
    let told = browser.post("/introspect", asked.encode(), Some(&basic("confidential", "secret"))).await.json();
    assert_eq!(told["authorization_details"], json!([payment()]));
}

#[tokio::test]
async fn no_refusal_shows_what_was_sent() {
    const CANARY: &str = "canary-swordfish";
    let client = Client::public("public").any_loopback_redirect();
    let client = client.metadata("authorization_details_types", json!(["payment_initiation"]));
    let idp = MockIdp::builder().client(client).in_process().expect("a client");
    let browser = Browser::new(&idp);
    let code = browser.code(&rich(asking(), &json!([payment()]))).await;
    let own = |members: Value| {
        let mut detail = json!({"type": "payment_initiation", CANARY: CANARY});
        detail.as_object_mut().expect("an object").extend(members.as_object().expect("an object").clone());
        json!([detail])
    };
    let answers = [
        browser.authorize(&asking().with("authorization_details", CANARY)).await,
        browser.authorize(&rich(asking(), &own(json!({"type": CANARY})))).await,
        browser.authorize(&rich(asking(), &own(json!({"type": "account_information"})))).await,
        browser.authorize(&rich(asking(), &own(json!({"identifier": [CANARY]})))).await,
        browser.token(&rich(redeeming(&code), &own(json!({})))).await,
    ];
    for answer in &answers {
        let told = format!("{:?} {}", answer.location, answer.body);
        assert!(!told.contains("canary") && !told.contains(&code), "{told}");
    }
    let rules: BTreeSet<_> =
        idp.journal().into_iter().filter_map(|entry| entry.refusal).map(|one| one.rule).collect();
    assert_eq!(rules.len(), 5, "{rules:?}");
    for entry in idp.journal() {
        let written = format!("{entry:?} {entry}");
        assert!(!written.contains("canary") && !written.contains(&code), "{written}");
    }
}
