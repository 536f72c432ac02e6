//! What users of mock servers ask for, each demand by its number; those that belong to one part of the server are tested
//! with that part, under the same kind of name.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use mock_idp::{Client, MockIdp, Profile};
use oauth_types::Params;
use oauth_types::clock::Skew;
use serde_json::Value;

use crate::browser::{Answer, Browser, REDIRECT_URI, asking, basic, decode, redeeming, refreshing, with, without};
use crate::refusals::assert_refused;

fn server() -> MockIdp {
    MockIdp::builder().in_process().expect("a server")
}

async fn introspected(idp: &MockIdp, token: &str) -> Value {
    let form = Params::new().with("token", token).encode();
    let request = Request::post("/introspect")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(ACCEPT, "application/json")
        .header(AUTHORIZATION, basic("confidential", "secret"));
    Answer::read(idp.call(request.body(Bytes::from(form)).expect("a request")).await).json()
}

#[tokio::test]
async fn row_2_pkce_is_verified() {
    let idp = server();
    let browser = Browser::new(&idp);
    for (params, rule) in [
        (without(redeeming(""), "code_verifier"), "rfc7636-verifier-missing"),
        (with(redeeming(""), "code_verifier", &"a".repeat(43)), "rfc7636-verifier-wrong"),
        (with(redeeming(""), "code_verifier", "short"), "rfc7636-verifier-malformed"),
    ] {
        let code = browser.code(&asking()).await;
        assert_refused(&idp, &browser.token(&with(params, "code", &code)).await, rule, "");
    }
    browser.log_in().await;
}

#[tokio::test]
async fn row_3_a_bogus_refresh_token_does_not_work() {
    let idp = server();
    let browser = Browser::new(&idp);
    let tokens = browser.log_in().await;
    for bogus in ["bogus".into(), tokens["access_token"].clone(), tokens["id_token"].clone()] {
        assert_refused(&idp, &browser.token(&refreshing(&bogus)).await, "rfc6749-refresh-token-unknown", "");
    }
    assert_eq!(browser.token(&refreshing(&tokens["refresh_token"])).await.status, 200);
}

#[tokio::test]
async fn row_4_refresh_tokens_rotate_and_a_client_has_to_store_the_new_one() {
    let idp = server();
    let browser = Browser::new(&idp);
    let first = browser.log_in().await;
    let second = browser.token(&refreshing(&first["refresh_token"])).await.tokens();
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    let old = browser.token(&refreshing(&first["refresh_token"])).await;
    assert_refused(&idp, &old, "rfc9700-refresh-token-replayed", "");
    let family = browser.token(&refreshing(&second["refresh_token"])).await;
    assert_eq!(family.status, 400, "the family is revoked");
}

#[tokio::test]
async fn row_6_tokens_expire_without_sleeping() {
    let idp = server();
    let browser = Browser::new(&idp);
    let tokens = browser.log_in().await;
    let token = tokens["access_token"].as_str().expect("a token");
    idp.clock().advance(Duration::from_secs(3_599));
    assert_eq!(browser.userinfo(token).await.status, 200);
    idp.clock().advance(Duration::from_secs(1));
    assert_refused(&idp, &browser.userinfo(token).await, "rfc6750-token-invalid", "It expired 0 seconds ago");
    assert_eq!(introspected(&idp, token).await["active"], false);
}

#[tokio::test]
async fn row_7_a_server_is_ahead_or_behind() {
    let idp = server();
    let browser = Browser::new(&idp);
    idp.clock().freeze();
    let right = idp.clock().reading().now;
    for by in [Skew::SlightlyAhead, Skew::SlightlyBehind, Skew::Ahead, Skew::Behind, Skew::FarAhead, Skew::FarBehind]
    {
        idp.clock().skew(by);
        let claims = decode(&browser.log_in().await["id_token"]).1;
        let off = i128::from(claims["iat"].as_u64().expect("a time")) - i128::from(right);
        assert!((off - i128::from(by.seconds())).abs() < 60, "{by:?}: {off}");
    }
}

#[tokio::test]
async fn row_19_a_device_waits_is_slowed_down_or_denied() {
    let idp = server();
    let form = |path: &str, params: Params| {
        let request = Request::post(path.to_owned()).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        idp.call(request.body(Bytes::from(params.encode())).expect("a request"))
    };
    let begun = form("/device_authorization", Params::new().with("client_id", "public").with("scope", "openid"));
    let begun = Answer::read(begun.await).json();
    let poll = async || {
        let params = Params::new()
            .with("client_id", "public")
            .with("grant_type", "urn:ietf:params:oauth:grant-type:device_code")
            .with("device_code", begun["device_code"].as_str().expect("a code"));
        Answer::read(form("/token", params).await).json()["error"].clone()
    };
    assert_eq!(poll().await, "authorization_pending");
    assert_eq!(poll().await, "slow_down");
    idp.clock().advance(Duration::from_secs(3_600));
    assert_eq!(poll().await, "expired_token");
}

#[tokio::test]
async fn row_20_plain_oauth_with_opaque_tokens() {
    let idp = MockIdp::builder().profile(Profile::Oauth21).on("opaque-access-tokens").in_process().expect("a server");
    let browser = Browser::new(&idp);
    let code = browser.code(&with(without(asking(), "nonce"), "scope", "read")).await;
    let tokens = browser.token(&redeeming(&code)).await.tokens();
    assert_eq!(tokens["id_token"], Value::Null);
    let token = tokens["access_token"].as_str().expect("a token");
    assert!(!token.contains('.'), "it says nothing of itself");
    let said = introspected(&idp, token).await;
    assert_eq!((&said["active"], &said["scope"], &said["sub"]), (&true.into(), &"read".into(), &"alice".into()));
    assert_eq!(said["exp"].as_u64(), said["iat"].as_u64().map(|iat| iat + 3_600));
    idp.clock().advance(Duration::from_secs(3_600));
    assert_eq!(introspected(&idp, token).await["active"], false);
}

#[tokio::test]
async fn row_20_an_opaque_token_opens_userinfo_and_the_identifier_of_a_jwt_does_not() {
    let opaque = MockIdp::builder().on("opaque-access-tokens").in_process().expect("a server");
    let tokens = Browser::new(&opaque).log_in().await;
    let token = tokens["access_token"].as_str().expect("a token");
    let told = Browser::new(&opaque).userinfo(token).await;
    assert_eq!((told.status, &told.json()["sub"]), (200, &"alice".into()));

    let idp = server();
    let tokens = Browser::new(&idp).log_in().await;
    let jti = decode(&tokens["access_token"]).1["jti"].as_str().expect("an identifier").to_owned();
    let answer = Browser::new(&idp).userinfo(&jti).await;
    assert_refused(&idp, &answer, "rfc6750-token-invalid", "");
    assert_eq!(introspected(&idp, &jti).await["active"], false);
}

#[tokio::test]
async fn row_21_introspection_and_revocation_mean_something() {
    let idp = server();
    let browser = Browser::new(&idp);
    let tokens = browser.log_in().await;
    let (token, refresh) =
        (tokens["access_token"].as_str().expect("one"), tokens["refresh_token"].as_str().expect("one"));
    assert_eq!(introspected(&idp, "bogus").await["active"], false);
    let unknown = browser.userinfo("bogus").await;
    assert_refused(&idp, &unknown, "rfc6750-token-invalid", "");
    let form = Params::new().with("client_id", "public").with("token", refresh).encode();
    assert_eq!(browser.post("/revoke", form, None).await.status, 200);
    assert_eq!(browser.token(&refreshing(&tokens["refresh_token"])).await.status, 400);
    assert_eq!(browser.userinfo(token).await.status, 401, "what came of it is revoked as well");
}

#[tokio::test]
async fn row_22_a_server_needs_no_socket_no_file_and_no_wait() {
    let servers: Vec<MockIdp> = (0..100).map(|_| server()).collect();
    for idp in servers.iter().take(3) {
        assert_eq!(idp.address(), None);
        Browser::new(idp).log_in().await;
    }
}

#[tokio::test]
async fn row_23_what_agents_discover_is_there() {
    let idp = MockIdp::builder().profile(Profile::Mcp).in_process().expect("a server");
    let browser = Browser::new(&idp);
    let inserted = browser.fetch("/.well-known/oauth-authorization-server/acme").await.json();
    assert_eq!(inserted["issuer"], format!("{}/acme", idp.issuer()));
    assert_eq!(inserted["code_challenge_methods_supported"], serde_json::json!(["S256"]));
    assert_eq!(inserted["authorization_response_iss_parameter_supported"], true);
    let refused = Answer::read(idp.call(Request::post("/mcp").body(Bytes::new()).expect("a request")).await);
    let challenge = refused.header("www-authenticate").expect("a challenge").to_owned();
    let url = challenge.split("resource_metadata=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a URL");
    let path = url.strip_prefix(idp.issuer()).expect("of this server");
    let resource = browser.fetch(path).await.json();
    assert_eq!(resource["authorization_servers"], serde_json::json!([idp.issuer()]));
}

#[tokio::test]
async fn row_24_each_client_authenticates_as_it_is_registered() {
    let client = |method: &str| {
        Client::confidential(method, "secret").redirect_uri(REDIRECT_URI).token_endpoint_auth_method(method)
    };
    let idp = MockIdp::builder()
        .client(client("client_secret_basic"))
        .client(client("client_secret_post"))
        .client(Client::public("none").redirect_uri(REDIRECT_URI))
        .in_process()
        .expect("a server");
    let browser = Browser::new(&idp);
    for registered in ["client_secret_basic", "client_secret_post", "none"] {
        for used in ["client_secret_basic", "client_secret_post", "none"] {
            let code = browser.code(&with(asking(), "client_id", registered)).await;
            let params = with(redeeming(&code), "client_id", registered);
            let (params, header) = match used {
                "client_secret_basic" => (without(params, "client_id"), Some(basic(registered, "secret"))),
                "client_secret_post" => (with(params, "client_secret", "secret"), None),
                _ => (params, None),
            };
            let answer = browser.post("/token", params.encode(), header.as_deref()).await;
            assert_eq!(answer.status == 200, registered == used, "{registered} by {used}: {}", answer.body);
        }
    }
}
