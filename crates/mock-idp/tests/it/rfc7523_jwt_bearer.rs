//! RFC 7523 §2.1: a signed assertion is an authorization grant.

use std::time::Duration;

use http::Method;
use mock_idp::{Builder, Client, MockIdp};
use oauth_types::Params;
use serde_json::{Value, json};

use crate::browser::{Answer, Browser, basic, decode, with, without};
use crate::refusals::{assert_quiet, assert_refused};
use crate::signer::{Draft, Signer, posting, proven};

const PARTNER: &str = "https://partner.example";

/// A server, the key of its client `robot`, and the key of an issuer it trusts.
fn server(build: impl FnOnce(Builder) -> Builder) -> (MockIdp, Signer, Signer) {
    let (robot, partner) = (Signer::new(), Signer::new());
    let keyed = |id: &str| Client::confidential(id, "secret").metadata("jwks", robot.jwks("robot")).any_grant_type();
    let builder = MockIdp::builder()
        .client(keyed("robot").scope(["openid", "read", "write"]))
        .client(keyed("helper").metadata("may_speak_for", json!(["alice"])))
        .client(keyed("alice"))
        .client(Client::confidential("keyless", "secret").any_grant_type())
        .client(Client::public("public").any_grant_type())
        .client(Client::trusted_issuer(PARTNER, partner.jwks("partner")));
    let idp = build(builder).in_process().expect("clients");
    idp.clock().set(1_800_000_000);
    (idp, robot, partner)
}

fn presenting(assertion: &str) -> Params {
    Params::new().with("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer").with("assertion", assertion)
}

async fn present_as(browser: &Browser<'_>, client: &str, params: &Params) -> Answer {
    browser.post("/token", params.encode(), Some(&basic(client, "secret"))).await
}

async fn present(idp: &MockIdp, assertion: &str) -> Answer {
    present_as(&Browser::new(idp), "robot", &presenting(assertion)).await
}

/// What the partner says of a user.
fn about(idp: &MockIdp, signer: &Signer, user: &str) -> Draft {
    signer.assertion(idp, PARTNER).claim("sub", user)
}

#[tokio::test]
async fn a_client_signs_for_itself() {
    let (idp, robot, _) = server(|builder| builder);
    let answer = present(&idp, &robot.sign(&robot.assertion(&idp, "robot"))).await.tokens();
    assert_eq!((&answer["token_type"], &answer["scope"]), (&json!("Bearer"), &json!("read write")));
    assert_eq!((answer.get("refresh_token"), answer.get("id_token")), (None, None));
    let claims = decode(&answer["access_token"]).1;
    assert_eq!((&claims["sub"], &claims["client_id"]), (&json!("robot"), &json!("robot")));
    let metadata = Browser::new(&idp).fetch("/.well-known/openid-configuration").await.json();
    let grants = metadata["grant_types_supported"].as_array().expect("a list");
    assert!(grants.contains(&json!("urn:ietf:params:oauth:grant-type:jwt-bearer")));
}

#[tokio::test]
async fn a_trusted_issuer_signs_for_a_user() {
    let (idp, _, partner) = server(|builder| builder);
    let browser = Browser::new(&idp);
    for (typ, client) in
        [(Value::Null, "robot"), (json!("JWT"), "keyless"), (json!("authorization-grant+jwt"), "robot")]
    {
        let assertion = partner.sign(&about(&idp, &partner, "bob").member("typ", typ));
        let params = presenting(&assertion).with("scope", "write");
        let answer = present_as(&browser, client, &params).await.tokens();
        let claims = decode(&answer["access_token"]).1;
        assert_eq!(
            (&claims["sub"], &claims["client_id"], &answer["scope"]),
            (&json!("bob"), &json!(client), &json!("write"))
        );
        assert_eq!((answer.get("refresh_token"), answer.get("id_token")), (None, None), "nobody logged in");
    }
    let public = presenting(&partner.sign(&about(&idp, &partner, "bob"))).with("client_id", "public");
    assert_eq!(browser.token(&public).await.status, 200, "RFC 7523 3.1: client authentication is optional");
}

#[tokio::test]
async fn nobody_speaks_for_users_who_may_not() {
    let (idp, robot, partner) = server(|builder| builder);
    let browser = Browser::new(&idp);
    let says = |iss: &str, sub: &str| robot.sign(&robot.assertion(&idp, iss).claim("sub", sub));
    let answer = present_as(&browser, "helper", &presenting(&says("helper", "alice"))).await.tokens();
    assert_eq!(decode(&answer["access_token"]).1["sub"], "alice");
    for (client, iss, sub, rule, hint) in [
        ("helper", "helper", "bob", "rfc7523-assertion-subject", "may not speak"),
        ("robot", "robot", "alice", "rfc7523-assertion-subject", "may not speak"),
        ("robot", "robot", "carol", "rfc7523-assertion-subject", "neither"),
        ("robot", "robot", "helper", "rfc7523-assertion-subject", "neither"),
        ("alice", "alice", "alice", "rfc7523-assertion-subject", "called like a user"),
        ("helper", "robot", "robot", "rfc7523-assertion-issuer", "neither this client"),
        ("robot", "https://other.example", "alice", "rfc7523-assertion-issuer", "neither this client"),
    ] {
        let answer = present_as(&browser, client, &presenting(&says(iss, sub))).await;
        assert_refused(&idp, &answer, rule, hint);
    }
    let answer = present(&idp, &partner.sign(&about(&idp, &partner, "robot"))).await;
    assert_refused(&idp, &answer, "rfc7523-assertion-subject", "neither");
    let for_another = about(&idp, &partner, "alice").claim("client_id", "helper");
    let answer = present(&idp, &partner.sign(&for_another)).await;
    assert_refused(&idp, &answer, "rfc7523-assertion-subject", "another client");
    let stolen = robot.sign(&about(&idp, &partner, "alice").member("kid", "partner"));
    let answer = present(&idp, &stolen).await;
    assert_refused(&idp, &answer, "rfc7523-assertion-signature", "");
}

#[tokio::test]
async fn an_assertion_is_used_once() {
    let (idp, robot, partner) = server(|builder| builder);
    let browser = Browser::new(&idp);
    let assertion = partner.sign(&about(&idp, &partner, "alice").claim("jti", "one"));
    assert_eq!(present(&idp, &assertion).await.status, 200);
    let answer = present(&idp, &assertion).await;
    assert_refused(&idp, &answer, "rfc7523-assertion-replayed", "");
    assert_quiet(&idp, &answer, &[&assertion]);
    let own = robot.sign(&robot.assertion(&idp, "robot").claim("jti", "one"));
    assert_eq!(present(&idp, &own).await.status, 200, "another issuer has identifiers of its own");
    let again = partner.sign(&about(&idp, &partner, "bob").claim("jti", "one"));
    let answer = present(&idp, &again).await;
    assert_refused(&idp, &answer, "rfc7523-assertion-replayed", "");

    // What is refused for something else is not used up.
    let assertion = partner.sign(&about(&idp, &partner, "alice"));
    let wide = presenting(&assertion).with("scope", "openid");
    let answer = present_as(&browser, "robot", &wide).await;
    assert_refused(&idp, &answer, "oidc-openid-without-login", "");
    let wrong = presenting(&assertion).with("resource", "nowhere");
    let answer = present_as(&browser, "robot", &wrong).await;
    assert_refused(&idp, &answer, "rfc8707-resource-malformed", "");
    let answer = present_as(&browser, "robot", &presenting(&assertion).with("resource", "https://rs.example")).await;
    assert_eq!(decode(&answer.tokens()["access_token"]).1["aud"], "https://rs.example");
}

#[tokio::test]
async fn an_assertion_is_for_this_server_alone() {
    let audiences = |idp: &MockIdp| {
        let (issuer, token) = (idp.issuer().to_owned(), format!("{}/token", idp.issuer()));
        [
            (json!(token), "token endpoint", true),
            (json!([issuer]), "list", true),
            (json!([issuer, "https://other.example"]), "list", true),
            (json!("https://other.example"), "somebody else", false),
            (json!(["https://other.example"]), "list", false),
            (json!(format!("{issuer}/")), "nearly so", false),
            (Value::Null, "no 'aud'", false),
            (json!(1), "somebody else", false),
        ]
    };
    let (strict, robot, _) = server(|builder| builder);
    for (aud, hint, _) in audiences(&strict) {
        let answer = present(&strict, &robot.sign(&robot.assertion(&strict, "robot").claim("aud", aud))).await;
        assert_refused(&strict, &answer, "rfc7523-assertion-audience", hint);
    }
    let (relaxed, robot, _) = server(|builder| builder.on("grant-audience-token-endpoint"));
    assert_eq!(present(&relaxed, &robot.sign(&robot.assertion(&relaxed, "robot"))).await.status, 200);
    assert!(relaxed.journal().pop().expect("an entry").relaxations.is_empty());
    for (aud, _, passes) in audiences(&relaxed) {
        let answer = present(&relaxed, &robot.sign(&robot.assertion(&relaxed, "robot").claim("aud", aud))).await;
        let entry = relaxed.journal().pop().expect("an entry");
        match passes {
            true => assert_eq!((answer.status, &*entry.relaxations), (200, &["grant-audience-token-endpoint"][..])),
            false => assert_refused(&relaxed, &answer, "rfc7523-assertion-audience", ""),
        }
    }
}

#[tokio::test]
async fn an_assertion_is_used_in_its_time() {
    let (idp, robot, _) = server(|builder| builder);
    let now = 1_800_000_000_u64;
    for (name, value, rule, hint) in [
        ("exp", Value::Null, "rfc7523-assertion-expiry", "no 'exp'"),
        ("exp", json!(now), "rfc7523-assertion-expiry", "expired 0 seconds ago"),
        ("exp", json!(now + 311), "rfc7523-assertion-expiry", "311 seconds, and 300"),
        ("exp", json!(now * 1000), "rfc7523-assertion-expiry", "milliseconds"),
        ("exp", json!("soon"), "rfc7523-assertion-expiry", "milliseconds"),
        ("nbf", json!(now + 11), "rfc7523-assertion-early", "'nbf' is in 11"),
        ("iat", json!(now + 11), "rfc7523-assertion-early", "'iat' is in 11"),
        ("iat", json!("now"), "rfc7523-assertion-early", "no number"),
    ] {
        let answer = present(&idp, &robot.sign(&robot.assertion(&idp, "robot").claim(name, value))).await;
        assert_refused(&idp, &answer, rule, hint);
    }
    for (name, value) in [("exp", now + 310), ("nbf", now + 10), ("iat", now + 10)] {
        let assertion = robot.sign(&robot.assertion(&idp, "robot").claim(name, value));
        assert_eq!(present(&idp, &assertion).await.status, 200, "{name}");
    }
    let late = robot.sign(&robot.assertion(&idp, "robot"));
    idp.clock().advance(Duration::from_secs(60));
    let answer = present(&idp, &late).await;
    assert_refused(&idp, &answer, "rfc7523-assertion-expiry", "");

    let (idp, robot, _) = server(|builder| builder.amount("grant-assertion-seconds", 3600));
    let assertion = robot.sign(&robot.assertion(&idp, "robot").claim("exp", now + 3600));
    assert_eq!(present(&idp, &assertion).await.status, 200);
}

#[tokio::test]
async fn a_signature_is_one_of_a_private_key() {
    let (idp, robot, partner) = server(|builder| builder);
    let browser = Browser::new(&idp);
    let good = || robot.assertion(&idp, "robot");
    let signed = robot.sign(&good());
    let (message, _) = signed.rsplit_once('.').expect("a signature");
    let public = robot.jwk().to_string();
    for (assertion, rule) in [
        (partner.sign(&good()), "rfc7523-assertion-signature"),
        (format!("{message}."), "rfc7523-assertion-signature"),
        (format!("{message}.{}", "A".repeat(86)), "rfc7523-assertion-signature"),
        (robot.sign(&good().member("alg", "none")), "rfc7523-assertion-algorithm"),
        (good().member("alg", "HS256").keyed(&public), "rfc7523-assertion-algorithm"),
        (good().member("alg", "HS256").keyed("secret"), "rfc7523-assertion-algorithm"),
        (robot.sign(&good().member("alg", "ES999")), "rfc7523-assertion-algorithm"),
        (robot.sign(&good().member("alg", "RS256")), "rfc7523-assertion-key"),
        (robot.sign(&good().member("kid", "other")), "rfc7523-assertion-key"),
        (partner.sign(&good().member("jwk", partner.jwk())), "rfc7523-assertion-signature"),
        (robot.sign(&good().member("crit", json!(["x"]))), "rfc7523-assertion-malformed"),
        (robot.sign(&good().member("b64", false)), "rfc7523-assertion-malformed"),
        ("canary".to_owned(), "rfc7523-assertion-malformed"),
    ] {
        let answer = present(&idp, &assertion).await;
        assert_eq!(answer.json()["error"], "invalid_grant", "{rule}");
        assert_refused(&idp, &answer, rule, "");
        assert_quiet(&idp, &answer, &[&assertion]);
    }
    let keyless = robot.sign(&robot.assertion(&idp, "keyless"));
    let answer = present_as(&browser, "keyless", &presenting(&keyless)).await;
    assert_refused(&idp, &answer, "rfc7523-assertion-key", "neither jwks nor jwks_uri");
}

#[tokio::test]
async fn no_other_token_is_taken_for_an_assertion() {
    let (idp, robot, _) = server(|builder| builder);
    for typ in ["client-authentication+jwt", "dpop+jwt", "at+jwt", "oauth-authz-req+jwt", "logout+jwt"] {
        let answer = present(&idp, &robot.sign(&robot.assertion(&idp, "robot").member("typ", typ))).await;
        assert_refused(&idp, &answer, "rfc7523-assertion-typ", "");
    }
}

#[tokio::test]
async fn a_malformed_request_is_refused() {
    let (idp, robot, _) = server(|builder| builder);
    let browser = Browser::new(&idp);
    let good = || robot.assertion(&idp, "robot");
    let answer = present_as(&browser, "robot", &without(presenting("x"), "assertion")).await;
    assert_eq!(answer.json()["error"], "invalid_request");
    assert_refused(&idp, &answer, "rfc7523-assertion-missing", "");
    for (name, value, rule) in [
        ("jti", Value::Null, "rfc7523-assertion-jti-missing"),
        ("jti", json!(1), "rfc7523-assertion-jti-missing"),
        ("iss", Value::Null, "rfc7523-assertion-issuer"),
        ("sub", Value::Null, "rfc7523-assertion-subject"),
        ("sub", json!(""), "rfc7523-assertion-subject"),
    ] {
        let assertion = robot.sign(&good().claim(name, value));
        let answer = present(&idp, &assertion).await;
        assert_refused(&idp, &answer, rule, "");
        assert_quiet(&idp, &answer, &[&assertion]);
    }
    let params = presenting(&robot.sign(&good())).with("scope", "admin");
    let answer = present_as(&browser, "robot", &params).await;
    assert_refused(&idp, &answer, "rfc6749-scope-not-allowed", "admin");
    let issuer = with(presenting(&robot.sign(&good())), "client_id", PARTNER);
    let answer = browser.token(&issuer).await;
    assert_refused(&idp, &answer, "rfc6749-grant-type-not-allowed", "");
}

#[tokio::test]
async fn what_is_given_is_bound_to_the_key_of_the_request() {
    let (idp, robot, _) = server(|builder| builder);
    let browser = Browser::new(&idp);
    let params = presenting(&robot.sign(&robot.assertion(&idp, "robot")));
    let params = params.with("client_id", "robot").with("client_secret", "secret");
    let proof = robot.sign(&robot.proof(&idp, &Method::POST, "/token"));
    let answer = browser.send(proven(posting("/token", &params), &proof)).await.tokens();
    assert_eq!(answer["token_type"], "DPoP");
    assert_eq!(decode(&answer["access_token"]).1["cnf"], json!({"jkt": robot.jkt()}));
}
