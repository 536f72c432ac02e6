//! Mistakes in the authentication of a client: secrets, and assertions.

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE};
use mock_idp::{Client, MockIdp};
use oauth_types::Params;
use serde_json::{Value, json};

use super::{assert_silent, assert_told, server};
use crate::browser::{Browser, asking, basic, redeeming, with, without};
use crate::signer::{Draft, Signer};

const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A header made of whatever.
fn header(encoded: impl AsRef<str>) -> String {
    format!("Basic {}", encoded.as_ref())
}

#[tokio::test]
async fn a_basic_header_that_is_wrong_is_told_why() {
    let idp = server();
    let browser = Browser::new(&idp);
    let body = without(redeeming("no-such-code"), "client_id");
    let right = BASE64_STANDARD.encode("confidential:secret");
    let odd = "p+q%20r&s";
    // 0xFB 0xEF is made of - and _ in base64url.
    let alphabet = BASE64_URL_SAFE.encode("confidential:\u{fbef}\u{fbff}?>~~~");
    let (malformed, wrong) = ("rfc6749-basic-malformed", "rfc6749-secret-wrong");
    for (header, rule, words) in [
        (right.clone(), malformed, "word Basic and a space are missing"),
        (format!("Bearer {right}"), malformed, "not Basic"),
        (header("confidential:secret"), malformed, "not base64: encode client_id, colon and secret"),
        (header(BASE64_STANDARD_NO_PAD.encode("confidential:secret1")), malformed, "padding"),
        (header(&alphabet), malformed, "base64url"),
        (header(BASE64_STANDARD.encode("confidential%3Asecret")), malformed, "percent-encoded too"),
        (header(BASE64_STANDARD.encode("confidential")), malformed, "no colon"),
        (header(""), malformed, "nothing after Basic"),
        (basic("odd", odd), wrong, "Form-encode client_id and secret before base64"),
        (basic("confidential", "secret\n"), wrong, "line end"),
        (basic("confidential", "\"secret\""), wrong, "quotation marks"),
        (basic("confidential", "%2573ecret"), wrong, "once too often"),
        (basic("confidential", "undefined"), wrong, "undefined"),
        (basic("confidential", &BASE64_STANDARD.encode("secret")), wrong, "base64 by itself"),
        (basic("confidential", "p%2Bq%2520r%26s"), wrong, "the secret of odd"),
        (basic("confidential", ""), wrong, "empty"),
        (basic("public", ""), "rfc6749-secret-of-public-client", "leave the Authorization header out"),
        (basic("public", "secret"), "rfc6749-secret-of-public-client", "client_id alone"),
        (basic("secret", "confidential"), "rfc6749-token-client-unknown", "swapped"),
        (basic("Confidential", "secret"), "rfc6749-token-client-unknown", "Did you mean confidential?"),
    ] {
        let answer = browser.post("/token", body.encode(), Some(&header)).await;
        assert_told(&idp, &answer, rule, words);
        assert_silent(&idp, &answer, &[odd, &right, "p%2Bq"]);
    }
    let both = with(body.clone(), "client_id", "public");
    let answer = browser.post("/token", both.encode(), Some(&basic("confidential", "secret"))).await;
    assert_told(&idp, &answer, "rfc6749-client-ids-differ", "leave client_id out");
    let twice = body.clone().with("client_secret", "secret");
    let answer = browser.post("/token", twice.encode(), Some(&basic("confidential", "secret"))).await;
    assert_told(&idp, &answer, "rfc6749-two-authentication-methods", "client_secret_basic and client_secret_post");
    for header in [basic("confidential", "secret"), basic("odd", "p%2Bq%2520r%26s")] {
        let answer = browser.post("/token", body.encode(), Some(&header)).await;
        assert_eq!(answer.json()["error"], "invalid_grant", "the client is authenticated");
    }
}

#[tokio::test]
async fn a_secret_in_the_body_that_is_wrong_is_told_why() {
    let idp = server();
    let browser = Browser::new(&idp);
    let body = with(redeeming("no-such-code"), "client_id", "confidential");
    let (wrong, missing) = ("rfc6749-secret-wrong", "rfc6749-secret-missing");
    for (params, rule, words) in [
        (body.clone().with("client_secret", "secret\r\n"), wrong, "line end"),
        (body.clone().with("client_secret", "'secret'"), wrong, "quotation marks"),
        (body.clone().with("client_secret", "<your-secret>"), wrong, "placeholder"),
        (body.clone().with("client_secret", "p+q%20r&s"), wrong, "the secret of odd"),
        (body.clone().with("client_secret", ""), missing, "but empty"),
        (body.clone().with("clientSecret", "secret"), missing, "clientSecret was sent"),
        (body.clone().with("client-secret", "secret"), missing, "client-secret was sent"),
        (
            with(body.clone(), "client_id", "secret").with("client_secret", "confidential"),
            "rfc6749-token-client-unknown",
            "swapped",
        ),
        (
            without(body.clone(), "client_id").with("clientid", "public"),
            "rfc6749-token-client-id-missing",
            "clientid was",
        ),
    ] {
        let answer = browser.token(&params).await;
        assert_told(&idp, &answer, rule, words);
        assert_silent(&idp, &answer, &["p+q", "r&s"]);
    }
    let right = body.with("client_secret", "secret");
    assert_eq!(browser.token(&right).await.json()["error"], "invalid_grant", "the client is authenticated");
}

type Mistake = (&'static str, &'static str, fn(&MockIdp, Draft) -> Draft);

const ASSERTIONS: &[Mistake] = &[
    ("rfc7523-client-assertion-audience", "URL of an endpoint", |idp, draft| {
        draft.claim("aud", format!("{}/token", idp.issuer()))
    }),
    ("rfc7523-client-assertion-audience", "trailing slash", |idp, draft| {
        draft.claim("aud", format!("{}/", idp.issuer()))
    }),
    ("rfc7523-client-assertion-audience", "a list", |idp, draft| draft.claim("aud", json!([idp.issuer()]))),
    ("rfc7523-client-assertion-audience", "no 'aud'", |_, draft| draft.claim("aud", Value::Null)),
    ("rfc7523-client-assertion-issuer", "'iss' is this server", |idp, draft| draft.claim("iss", idp.issuer())),
    ("rfc7523-client-assertion-issuer", "no 'iss'", |_, draft| draft.claim("iss", Value::Null)),
    ("rfc7523-client-assertion-expiry", "milliseconds", |_, draft| {
        let seconds = draft.claims["exp"].as_u64().expect("a number");
        draft.claim("exp", seconds * 1000)
    }),
    ("rfc7523-client-assertion-expiry", "no 'exp'", |_, draft| draft.claim("exp", Value::Null)),
    ("rfc7523-client-assertion-expiry", "300 are allowed", |_, draft| {
        let seconds = draft.claims["exp"].as_u64().expect("a number");
        draft.claim("exp", seconds + 3600)
    }),
    ("rfc7523-client-assertion-key", "kid", |_, draft| draft.member("kid", "two")),
    ("rfc7523-client-assertion-typ", "another kind", |_, draft| draft.member("typ", "at+jwt")),
];

#[tokio::test]
async fn an_assertion_that_is_wrong_is_told_why() {
    let key = Signer::new();
    let client = Client::with_keys("keyed", key.jwks("one")).any_loopback_redirect();
    let idp = MockIdp::builder().client(client).in_process().expect("a client");
    let browser = Browser::new(&idp);
    let asserting = |text: &str| -> Params {
        let params = without(redeeming("no-such-code"), "client_id");
        params.with("client_assertion_type", TYPE).with("client_assertion", text)
    };
    for (rule, words, mistake) in ASSERTIONS {
        let text = key.sign(&mistake(&idp, key.assertion(&idp, "keyed")));
        let answer = browser.token(&asserting(&text)).await;
        assert_told(&idp, &answer, rule, words);
        assert_silent(&idp, &answer, &[&text]);
    }
    let right = key.sign(&key.assertion(&idp, "keyed"));
    let untyped = without(asserting(&right), "client_assertion_type");
    let answer = browser.token(&untyped).await;
    assert_told(&idp, &answer, "rfc7523-client-assertion-type", "There is none");
    let grant = with(asserting(&right), "client_assertion_type", "urn:ietf:params:oauth:grant-type:jwt-bearer");
    let answer = browser.token(&grant).await;
    assert_told(&idp, &answer, "rfc7523-client-assertion-type", "that of a grant");
    let stranger = Signer::new().sign(&key.assertion(&idp, "keyed"));
    let answer = browser.token(&asserting(&stranger)).await;
    assert_told(&idp, &answer, "rfc7523-client-assertion-signature", "signature");

    assert_eq!(browser.token(&asserting(&right)).await.json()["error"], "invalid_grant", "it is authenticated");
    let answer = browser.token(&asserting(&right)).await;
    assert_told(&idp, &answer, "rfc7523-client-assertion-replayed", "new jti");
    browser.code(&with(asking(), "client_id", "keyed")).await;
}
