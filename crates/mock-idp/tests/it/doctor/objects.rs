//! Mistakes in request objects (RFC 9101), in their details (RFC 9396), and in exchanges of tokens (RFC 8693).

use mock_idp::clock::Clock;
use mock_idp::{Client, MockIdp};
use oauth_types::Params;
use serde_json::{Value, json};

use super::{assert_silent, assert_told};
use crate::browser::{Browser, REDIRECT_URI, asking, with, without};
use crate::rfc8693_token_exchange::{self as exchanging, ACCESS, REFRESH, exchange, giving};
use crate::signer::{Draft, Signer, unique};

type Mistake = (&'static str, &'static str, fn(&MockIdp, Draft) -> Draft);

const OBJECTS: &[Mistake] = &[
    ("rfc9101-request-object-issuer", "'iss' is this server", |idp, draft| draft.claim("iss", idp.issuer())),
    ("rfc9101-request-object-issuer", "no 'iss'", |_, draft| draft.claim("iss", Value::Null)),
    ("rfc9101-request-object-subject", "Leave 'sub' out", |_, draft| draft.claim("sub", "public")),
    ("rfc9101-request-object-audience", "trailing slash", |idp, draft| {
        draft.claim("aud", format!("{}/", idp.issuer()))
    }),
    ("rfc9101-request-object-audience", "URL of an endpoint", |idp, draft| {
        draft.claim("aud", format!("{}/authorize", idp.issuer()))
    }),
    ("rfc9101-request-object-expiry", "milliseconds", |_, draft| {
        let seconds = draft.claims["exp"].as_u64().expect("a number");
        draft.claim("exp", seconds * 1000)
    }),
    ("rfc9101-request-object-nested", "parameters themselves", |_, draft| draft.claim("request", "e30.e30.")),
    ("rfc9101-request-object-typ", "'typ' is JWT", |_, draft| draft.member("typ", "JWT")),
    ("rfc9101-request-object-claim", "null", |_, draft| {
        let mut draft = draft;
        draft.claims["state"] = Value::Null;
        draft
    }),
];

#[tokio::test]
async fn a_request_object_that_is_wrong_is_told_why() {
    let key = Signer::new();
    let client = Client::public("public").any_loopback_redirect().metadata("jwks", key.jwks("one"));
    let client = client.metadata("request_uris", json!(["https://client.example/request"]));
    let idp = MockIdp::builder().client(client).in_process().expect("a client");
    idp.clock().freeze();
    let browser = Browser::new(&idp);
    let object = || {
        let now = idp.clock().now();
        let mut claims = json!({
            "iss": "public", "aud": idp.issuer(), "jti": unique(), "iat": now, "nbf": now, "exp": now + 60,
        });
        for (name, value) in asking().iter() {
            claims[name] = value.into();
        }
        Draft { header: json!({"typ": "oauth-authz-req+jwt", "alg": "ES256"}), claims }
    };
    let carrying = |text: &str| {
        Params::new().with("client_id", "public").with("redirect_uri", REDIRECT_URI).with("request", text)
    };
    for (rule, words, mistake) in OBJECTS {
        let text = key.sign(&mistake(&idp, object()));
        let answer = browser.authorize(&carrying(&text)).await;
        assert_told(&idp, &answer, rule, words);
        assert_silent(&idp, &answer, &[&text]);
    }
    let right = key.sign(&object());
    let both = carrying(&right).with("request_uri", "https://client.example/request");
    let answer = browser.authorize(&both).await;
    assert_told(&idp, &answer, "rfc9101-request-and-request-uri", "says where it is");
    let near = without(carrying(&right), "request").with("request_uri", "https://client.example/request/");
    let answer = browser.authorize(&near).await;
    assert_told(&idp, &answer, "rfc9101-request-uri-unregistered", "trailing slash");
    browser.code(&carrying(&right)).await;
    let answer = browser.authorize(&carrying(&right)).await;
    assert_told(&idp, &answer, "rfc9101-request-object-replayed", "new jti");
}

#[tokio::test]
async fn details_that_are_nearly_right_are_told_how() {
    let idp = MockIdp::builder().in_process().expect("a server");
    let browser = Browser::new(&idp);
    let detailed = |details: Value| with(asking(), "authorization_details", &details.to_string());
    for (details, rule, words) in [
        (json!([{"type": "paymentInitiation"}]), "rfc9396-type-unknown", "Did you mean payment_initiation?"),
        (json!({"type": "payment_initiation"}), "rfc9396-details-malformed", "put it into an array"),
        (json!([{"kind": "payment_initiation"}]), "rfc9396-details-malformed", "has no type"),
        (
            json!([{"type": "payment_initiation", "actions": "read"}]),
            "rfc9396-member-malformed",
            "no array of strings",
        ),
    ] {
        let answer = browser.authorize(&detailed(details)).await;
        assert_told(&idp, &answer, rule, words);
    }
    browser.code(&detailed(json!([{"type": "payment_initiation"}]))).await;
}

#[tokio::test]
async fn an_exchange_that_is_nearly_right_is_told_how() {
    let idp = exchanging::server(|builder| builder);
    let browser = Browser::new(&idp);
    let tokens = exchanging::log_in(&browser, "service").await;
    let text = |name: &str| tokens[name].as_str().expect("a token").to_owned();
    let good = || giving(&tokens["access_token"], ACCESS);
    let subject = |token: &str, kind: &str| with(with(good(), "subject_token", token), "subject_token_type", kind);
    let (invalid, missing) = ("rfc8693-subject-token-invalid", "rfc8693-subject-token-missing");
    let (typed, asked) = ("rfc8693-subject-token-type-unsupported", "rfc8693-requested-token-type-unsupported");
    for (params, rule, words) in [
        (subject(&text("id_token"), ACCESS), invalid, "It is an ID token"),
        (subject(&text("refresh_token"), ACCESS), invalid, "It is a refresh token"),
        (subject(&format!(" {}", text("refresh_token")), REFRESH), invalid, "it is the right one"),
        (subject("undefined", ACCESS), invalid, "undefined"),
        (
            with(good(), "subject_token_type", "access_token"),
            typed,
            "Did you mean urn:ietf:params:oauth:token-type:access_token?",
        ),
        (good().with("requested_token_type", "jwt"), asked, "Did you mean urn:ietf:params:oauth:token-type:jwt?"),
        (
            without(good(), "subject_token").with("subjectToken", text("access_token")),
            missing,
            "subjectToken was sent",
        ),
        (good().with("resource", "api.example"), "rfc8693-resource-malformed", "no scheme"),
        (good().with("audience", "nobody"), "rfc8693-audience-unknown", "client_ids of this server"),
    ] {
        let answer = exchange(&browser, "service", &params).await;
        assert_told(&idp, &answer, rule, words);
        assert_silent(&idp, &answer, &[&text("access_token"), &text("refresh_token"), &text("id_token")]);
    }
    assert_eq!(exchange(&browser, "service", &good()).await.status, 200);
}
