//! RFC 7662: what a protected resource is told of a token.

use std::time::Duration;

use mock_idp::{Builder, Client, MockIdp};
use oauth_types::Params;
use serde_json::{Value, json};

use crate::browser::{Answer, Browser, REDIRECT_URI, asking, basic, decode, redeeming, refreshing, with, without};
use crate::refusals::{assert_quiet, assert_refused};
use crate::signer::{Signer, posting, proven};

fn server(build: impl FnOnce(Builder) -> Builder) -> MockIdp {
    let idp = build(MockIdp::builder()).in_process().expect("a server");
    idp.clock().set(1_800_000_000);
    idp
}

fn text(token: &Value) -> &str {
    token.as_str().expect("a token")
}

async fn ask_as(browser: &Browser<'_>, client_id: &str, token: &str) -> Answer {
    let body = Params::new().with("token", token).encode();
    browser.post("/introspect", body, Some(&basic(client_id, "secret"))).await
}

/// What the confidential client is told.
async fn ask(browser: &Browser<'_>, token: &Value) -> Value {
    let answer = ask_as(browser, "confidential", text(token)).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")), "{answer:?}");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    answer.json()
}

/// Tokens of the confidential client.
async fn log_in(browser: &Browser<'_>) -> Value {
    let code = browser.code(&with(asking(), "client_id", "confidential")).await;
    let redeeming = with(redeeming(&code), "client_id", "confidential").with("client_secret", "secret");
    browser.token(&redeeming).await.tokens()
}

fn inactive() -> Value {
    json!({"active": false})
}

#[tokio::test]
async fn an_active_access_token_is_described() {
    let idp = server(|builder| builder);
    let browser = Browser::new(&idp);
    let tokens = browser.log_in().await;
    let claims = decode(&tokens["access_token"]).1;
    let expected = json!({
        "active": true, "token_type": "Bearer", "username": "alice", "scope": "openid email", "client_id": "public",
        "sub": "alice", "iss": idp.issuer(), "aud": idp.issuer(), "iat": 1_800_000_000, "exp": 1_800_003_600,
        "auth_time": 1_800_000_000, "jti": claims["jti"],
    });
    assert_eq!(ask(&browser, &tokens["access_token"]).await, expected);
}

#[tokio::test]
async fn a_refresh_token_is_described_to_its_client() {
    let idp = server(|builder| builder);
    let browser = Browser::new(&idp);
    let tokens = log_in(&browser).await;
    let expected = json!({
        "active": true, "username": "alice", "scope": "openid email", "client_id": "confidential", "sub": "alice",
        "iss": idp.issuer(), "iat": 1_800_000_000, "exp": 1_802_592_000, "auth_time": 1_800_000_000,
    });
    assert_eq!(ask(&browser, &tokens["refresh_token"]).await, expected);
    let of_another = browser.log_in().await;
    assert_eq!(ask(&browser, &of_another["refresh_token"]).await, inactive());
}

#[tokio::test]
async fn a_token_of_a_client_alone_has_no_username() {
    let idp = server(|builder| builder);
    let browser = Browser::new(&idp);
    let body = Params::new().with("grant_type", "client_credentials").with("scope", "read").encode();
    let tokens = browser.post("/token", body, Some(&basic("confidential", "secret"))).await.tokens();
    let told = ask(&browser, &tokens["access_token"]).await;
    assert_eq!((&told["active"], &told["sub"], told.get("username")), (&json!(true), &json!("confidential"), None));
}

#[tokio::test]
async fn a_dead_token_is_not_active_and_nothing_else_is_said() {
    let idp = server(|builder| builder);
    let browser = Browser::new(&idp);
    let tokens = log_in(&browser).await;
    for token in [json!("unknown"), json!("x".repeat(43)), json!("a.b.c"), tokens["id_token"].clone()] {
        assert_eq!(ask(&browser, &token).await, inactive(), "unknown");
    }
    let mut altered = text(&tokens["access_token"]).to_owned();
    let last = altered.pop();
    altered.push(if last == Some('A') { 'E' } else { 'A' });
    assert_eq!(ask(&browser, &json!(altered)).await, inactive(), "altered");
    let elsewhere = Browser { idp: &idp, base: "/acme" };
    assert_eq!(ask(&elsewhere, &tokens["access_token"]).await, inactive(), "of another issuer");

    let revoke = |token: &Value| Params::new().with("token", text(token)).encode();
    let secret = basic("confidential", "secret");
    browser.post("/revoke", revoke(&tokens["access_token"]), Some(&secret)).await;
    assert_eq!(ask(&browser, &tokens["access_token"]).await, inactive(), "revoked alone");
    assert_eq!(ask(&browser, &tokens["refresh_token"]).await["active"], true);
    browser.post("/revoke", revoke(&tokens["refresh_token"]), Some(&secret)).await;
    assert_eq!(ask(&browser, &tokens["refresh_token"]).await, inactive(), "revoked with its family");

    let tokens = log_in(&browser).await;
    let rotating = with(refreshing(&tokens["refresh_token"]), "client_id", "confidential");
    let next = browser.token(&rotating.with("client_secret", "secret")).await.tokens();
    assert_eq!(ask(&browser, &tokens["refresh_token"]).await, inactive(), "rotated");
    idp.clock().advance(Duration::from_secs(3599));
    assert_eq!(ask(&browser, &next["access_token"]).await["active"], true);
    idp.clock().advance(Duration::from_secs(1));
    assert_eq!(ask(&browser, &next["access_token"]).await, inactive(), "expired");
    idp.clock().advance(Duration::from_secs(30 * 24 * 3600));
    assert_eq!(ask(&browser, &next["refresh_token"]).await, inactive(), "not used");
}

#[tokio::test]
async fn a_replayed_code_deactivates_what_came_from_it() {
    let idp = server(|builder| builder);
    let browser = Browser::new(&idp);
    let code = browser.code(&asking()).await;
    let tokens = browser.token(&redeeming(&code)).await.tokens();
    assert_eq!(ask(&browser, &tokens["access_token"]).await["active"], true);
    assert_eq!(browser.token(&redeeming(&code)).await.status, 400);
    assert_eq!(ask(&browser, &tokens["access_token"]).await, inactive());
    assert_eq!(ask(&browser, &json!(code)).await, inactive(), "a code is no token");
}

#[tokio::test]
async fn a_resource_is_told_of_what_is_meant_for_it() {
    let resource = |id: &str, uri: &str| Client::confidential(id, "secret").metadata("resource", uri);
    let build = |builder: Builder| {
        builder
            .client(Client::public("public").redirect_uri(REDIRECT_URI))
            .client(resource("rs1", "https://rs1.example"))
            .client(resource("own", "http://mock-idp.test"))
            .client(Client::confidential("any", "secret"))
    };
    let idp = server(build);
    let browser = Browser::new(&idp);
    let token = browser.log_in().await["access_token"].clone();
    assert_eq!(ask_as(&browser, "rs1", text(&token)).await.json(), inactive());
    assert_eq!(ask_as(&browser, "own", text(&token)).await.json()["active"], true);
    assert_eq!(ask_as(&browser, "any", text(&token)).await.json()["active"], true);
    assert!(idp.journal().iter().all(|entry| entry.relaxations.is_empty()));

    let idp = server(|builder| build(builder).on("introspect-any-audience"));
    let browser = Browser::new(&idp);
    let tokens = browser.log_in().await;
    assert_eq!(ask_as(&browser, "any", text(&tokens["access_token"])).await.json()["active"], true);
    assert!(idp.journal().pop().expect("an entry").relaxations.is_empty());
    assert_eq!(ask_as(&browser, "rs1", text(&tokens["access_token"])).await.json()["active"], true);
    assert_eq!(idp.journal().pop().expect("an entry").relaxations, ["introspect-any-audience"]);
    assert_eq!(ask_as(&browser, "rs1", text(&tokens["refresh_token"])).await.json(), inactive());
}

#[tokio::test]
async fn a_token_for_one_resource_is_nothing_to_another() {
    let resource =
        |id: &str| Client::confidential(id, "secret").metadata("resource", format!("https://{id}.example"));
    let build = |builder: Builder| {
        builder
            .client(Client::public("public").redirect_uri(REDIRECT_URI))
            .client(resource("rs1"))
            .client(resource("rs2"))
            .client(Client::confidential("any", "secret"))
    };
    let idp = server(build);
    let browser = Browser::new(&idp);
    let code = browser.code(&asking().with("resource", "https://rs1.example")).await;
    let token = browser.token(&redeeming(&code)).await.tokens()["access_token"].clone();
    let told = ask_as(&browser, "rs1", text(&token)).await.json();
    assert_eq!((&told["active"], &told["aud"]), (&json!(true), &json!("https://rs1.example")));
    for other in ["rs2", "any"] {
        assert_eq!(ask_as(&browser, other, text(&token)).await.json(), inactive(), "{other}");
    }
}

#[tokio::test]
async fn what_a_token_is_bound_to_is_told() {
    let idp = server(|builder| builder);
    let (browser, signer) = (Browser::new(&idp), Signer::new());
    let code = browser.code(&asking()).await;
    let redeems = proven(posting("/token", &redeeming(&code)), &signer.at_token(&idp));
    let tokens = browser.send(redeems).await.tokens();
    let told = ask(&browser, &tokens["access_token"]).await;
    assert_eq!((&told["token_type"], &told["cnf"]), (&json!("DPoP"), &json!({"jkt": signer.jkt()})));
}

#[tokio::test]
async fn whoever_asks_authenticates() {
    let idp = server(|builder| builder);
    let browser = Browser::new(&idp);
    let tokens = browser.log_in().await;
    let params = Params::new().with("token", text(&tokens["access_token"]));
    let public = params.clone().with("client_id", "public").encode();
    let bearer = format!("Bearer {}", text(&tokens["access_token"]));
    for (body, authorization, rule) in [
        (params.encode(), None, "rfc6749-token-client-id-missing"),
        (public, None, "rfc7662-public-client"),
        (params.encode(), Some(basic("confidential", "canary-wrong")), "rfc6749-secret-wrong"),
        (params.encode(), Some(bearer), "rfc6749-basic-malformed"),
    ] {
        let answer = browser.post("/introspect", body, authorization.as_deref()).await;
        assert_eq!(answer.status, 401, "{rule}");
        assert_refused(&idp, &answer, rule, "");
        assert_quiet(&idp, &answer, &["canary", text(&tokens["access_token"])]);
    }
    let answer = browser.post("/introspect", String::new(), Some(&basic("confidential", "secret"))).await;
    assert_refused(&idp, &answer, "rfc7662-token-missing", "");
    let query = format!("/introspect?{}", params.encode());
    assert_eq!(browser.fetch(&query).await.status, 405);
    let answer = browser.post(&query, params.encode(), Some(&basic("confidential", "secret"))).await;
    assert_refused(&idp, &answer, "rfc6749-token-parameters-in-query", "token");
    assert_quiet(&idp, &answer, &[text(&tokens["access_token"])]);
}

#[tokio::test]
async fn a_client_may_ask_with_a_token_of_its_own() {
    let idp = server(|builder| builder.on("introspect-by-bearer"));
    let browser = Browser::new(&idp);
    let tokens = browser.log_in().await;
    let body = Params::new().with("grant_type", "client_credentials").encode();
    let own = browser.post("/token", body, Some(&basic("confidential", "secret"))).await.tokens();
    let body = Params::new().with("token", text(&tokens["access_token"])).encode();
    let bearer = |token: &Value| format!("bearer {}", text(token));
    let answer = browser.post("/introspect", body.clone(), Some(&bearer(&own["access_token"]))).await;
    assert_eq!(answer.json()["active"], true);
    assert_eq!(idp.journal().pop().expect("an entry").client_id.as_deref(), Some("confidential"));

    let answer = browser.post("/introspect", body.clone(), Some(&bearer(&tokens["access_token"]))).await;
    assert_eq!(answer.status, 403);
    assert!(answer.header("www-authenticate").is_some_and(|value| value.starts_with("Bearer ")));
    assert_refused(&idp, &answer, "rfc7662-bearer-of-somebody-else", "");
    assert_quiet(&idp, &answer, &[text(&tokens["access_token"]), text(&own["access_token"])]);
    let answer = browser.post("/introspect", body.clone(), Some("Bearer x")).await;
    assert_eq!(answer.status, 401);
    assert_refused(&idp, &answer, "rfc6750-token-invalid", "");
    idp.clock().advance(Duration::from_secs(3600));
    let answer = browser.post("/introspect", body.clone(), Some(&bearer(&own["access_token"]))).await;
    assert_refused(&idp, &answer, "rfc6750-token-invalid", "expired");
    let answer = browser.post("/introspect", body, Some(&basic("confidential", "secret"))).await;
    assert_eq!(answer.json(), inactive(), "credentials do as well");
}

#[tokio::test]
async fn the_metadata_says_where_and_how() {
    let metadata = async |idp: &MockIdp| Browser::new(idp).fetch("/.well-known/openid-configuration").await.json();
    let idp = server(|builder| builder);
    let document = metadata(&idp).await;
    assert_eq!(document["introspection_endpoint"], format!("{}/introspect", idp.issuer()));
    let methods = |document: &Value| document["introspection_endpoint_auth_methods_supported"].clone();
    let known = methods(&document);
    assert!(known.as_array().expect("a list").contains(&json!("client_secret_basic")), "{known}");
    for absent in ["none", "Bearer"] {
        assert!(!known.as_array().expect("a list").contains(&json!(absent)), "{known}");
    }
    let bearer = methods(&metadata(&server(|builder| builder.on("introspect-by-bearer"))).await);
    assert!(bearer.as_array().expect("a list").contains(&json!("Bearer")), "{bearer}");
    let off = server(|builder| builder.without("RFC 7662"));
    let document = metadata(&off).await;
    assert!(document.as_object().expect("an object").keys().all(|name| !name.starts_with("introspection_")));
    let body = without(Params::new().with("token", "x"), "token").encode();
    assert_eq!(Browser::new(&off).post("/introspect", body, None).await.status, 404);
}
