//! Complete flows, from authorize to token and beyond.

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::Request;
use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::JwkSet;
use mock_idp::jose::{Jws, PublicKeys};
use mock_idp::{Client, MockIdp, User};
use oauth_types::{Algorithm, Params};
use serde_json::{Value, json};
use sha2::{Digest, Sha256, Sha384, Sha512};

use crate::browser::{Browser, REDIRECT_URI, VERIFIER, asking, basic, decode, redeeming, refreshing, with, without};

fn server() -> MockIdp {
    MockIdp::builder().in_process().expect("nothing can fail")
}

/// Checks a token's signature with the published key that its header names.
pub(crate) async fn verify(browser: &Browser<'_>, token: &Value) -> Value {
    let (header, claims) = decode(token);
    let body = browser.fetch("/jwks").await.body;
    if header["alg"] == "ES512" || header["alg"] == "Ed25519" {
        // The library knows neither. That they are right is shown by tokens of others, in jose_jws.rs.
        let keys = PublicKeys::read(body.as_bytes()).expect("a key set");
        let token = Jws::parse(token.as_str().expect("a token")).expect("a token");
        token.verify(&keys, Algorithm::SIGNING).expect("a signature");
        return claims;
    }
    let keys: JwkSet = serde_json::from_str(&body).expect("a key set");
    let key = keys.find(header["kid"].as_str().expect("a kid")).expect("a published key");
    let algorithm = header["alg"].as_str().expect("an alg").parse().expect("a known alg");
    assert_eq!(serde_json::to_value(key.common.key_algorithm).expect("JSON"), header["alg"]);
    let (message, signature) = token.as_str().expect("a token").rsplit_once('.').expect("a signature");
    let key = DecodingKey::from_jwk(key).expect("a usable key");
    assert!(jsonwebtoken::crypto::verify(signature, message.as_bytes(), &key, algorithm).expect("verifiable"));
    claims
}

#[tokio::test]
async fn a_public_client_logs_its_user_in() {
    let idp = server();
    idp.clock().set(1_800_000_000);
    let browser = Browser::new(&idp);
    let answer = browser.authorize(&asking()).await;
    assert_eq!(answer.status, 302);
    let params = answer.redirected();
    assert_eq!(params.get("state"), Some("st~4te"));
    assert_eq!(params.get("iss"), Some(idp.issuer()));
    let answer = browser.token(&redeeming(params.get("code").expect("a code"))).await;
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let tokens = answer.tokens();
    assert_eq!(tokens["token_type"], "Bearer");
    assert_eq!(tokens["expires_in"], 3600);
    assert_eq!(tokens["scope"], "openid email");

    let claims = verify(&browser, &tokens["id_token"]).await;
    let access_token = tokens["access_token"].as_str().expect("an access token");
    let at_hash = BASE64_URL_SAFE_NO_PAD.encode(&Sha256::digest(access_token)[..16]);
    let expected = json!({
        "iss": idp.issuer(), "sub": "alice", "aud": "public", "iat": 1_800_000_000, "exp": 1_800_003_600,
        "auth_time": 1_800_000_000, "nonce": "n0nce", "at_hash": at_hash, "sid": claims["sid"],
    });
    assert_eq!(claims, expected);
    assert!(claims["sid"].as_str().is_some_and(|sid| sid.len() == 22));

    let claims = verify(&browser, &tokens["access_token"]).await;
    assert_eq!(decode(&tokens["access_token"]).0["typ"], "at+jwt");
    for (name, value) in [("iss", idp.issuer()), ("client_id", "public"), ("scope", "openid email"), ("sub", "alice")]
    {
        assert_eq!(claims[name], value);
    }

    let answer = browser.userinfo(access_token).await;
    assert_eq!(answer.json(), json!({"sub": "alice", "email": "alice@example.com", "email_verified": true}));
    assert!(idp.journal().iter().all(|entry| entry.refusal.is_none() && entry.relaxations.is_empty()));
}

#[tokio::test]
async fn a_confidential_client_authenticates_either_way() {
    let idp = server();
    let browser = Browser::new(&idp);
    let asking = with(asking(), "client_id", "confidential");
    let code = browser.code(&asking).await;
    let body = without(redeeming(&code), "client_id").encode();
    let answer = browser.post("/token", body, Some(&basic("confidential", "secret"))).await;
    assert_eq!(decode(&answer.tokens()["id_token"]).1["aud"], "confidential");

    let code = browser.code(&asking).await;
    let redeems = with(with(redeeming(&code), "client_id", "confidential"), "client_secret", "secret");
    let answer = browser.token(&redeems).await;
    assert_eq!(decode(&answer.tokens()["id_token"]).1["aud"], "confidential");
}

#[tokio::test]
async fn basic_credentials_are_form_encoded_first() {
    let client = Client::confidential("a:b c", "p%+&ü").redirect_uri(REDIRECT_URI);
    let idp = MockIdp::builder().client(client).in_process().expect("a client");
    let browser = Browser::new(&idp);
    let code = browser.code(&with(asking(), "client_id", "a:b c")).await;
    let body = without(redeeming(&code), "client_id").encode();
    let answer = browser.post("/token", body, Some(&basic("a%3Ab+c", "p%25%2B%26%C3%BC"))).await;
    assert_eq!(decode(&answer.tokens()["access_token"]).1["client_id"], "a:b c");
}

#[tokio::test]
async fn a_refresh_token_is_rotated() {
    let idp = server();
    idp.clock().freeze();
    let browser = Browser::new(&idp);
    let first = browser.log_in().await;
    let auth_time = decode(&first["id_token"]).1["auth_time"].clone();
    idp.clock().advance(Duration::from_secs(3_000));
    let second = browser.token(&refreshing(&first["refresh_token"])).await.tokens();
    assert_ne!(first["refresh_token"], second["refresh_token"]);
    assert_ne!(first["access_token"], second["access_token"]);
    let claims = verify(&browser, &second["id_token"]).await;
    assert_eq!(claims["auth_time"], auth_time, "a refresh is no login");
    assert_eq!(claims.get("nonce"), None, "OpenID Connect Core 12.2");
    for tokens in [&first, &second] {
        assert_eq!(browser.userinfo(tokens["access_token"].as_str().expect("a token")).await.status, 200);
    }
    let third = browser.token(&refreshing(&second["refresh_token"])).await;
    assert_eq!(third.status, 200);
}

#[tokio::test]
async fn a_refresh_may_ask_for_less_and_later_for_all_again() {
    let idp = server();
    let browser = Browser::new(&idp);
    let first = browser.log_in().await;
    let narrow = browser.token(&with(refreshing(&first["refresh_token"]), "scope", "openid")).await.tokens();
    assert_eq!(narrow["scope"], "openid");
    let claims = browser.userinfo(narrow["access_token"].as_str().expect("a token")).await.json();
    assert_eq!(claims, json!({"sub": "alice"}));
    let whole = browser.token(&refreshing(&narrow["refresh_token"])).await.tokens();
    assert_eq!(whole["scope"], "openid email");
}

#[tokio::test]
async fn a_rotated_refresh_token_that_comes_back_revokes_the_family() {
    let idp = server();
    let browser = Browser::new(&idp);
    let first = browser.log_in().await;
    let second = browser.token(&refreshing(&first["refresh_token"])).await.tokens();
    assert_eq!(browser.token(&refreshing(&first["refresh_token"])).await.json()["error"], "invalid_grant");
    assert_eq!(browser.token(&refreshing(&second["refresh_token"])).await.json()["error"], "invalid_grant");
    for tokens in [&first, &second] {
        assert_eq!(browser.userinfo(tokens["access_token"].as_str().expect("a token")).await.status, 401);
    }
}

#[tokio::test]
async fn a_replayed_code_revokes_what_came_from_it() {
    let idp = server();
    let browser = Browser::new(&idp);
    let code = browser.code(&asking()).await;
    let tokens = browser.token(&redeeming(&code)).await.tokens();
    let refreshed = browser.token(&refreshing(&tokens["refresh_token"])).await.tokens();
    assert_eq!(browser.token(&redeeming(&code)).await.json()["error"], "invalid_grant");
    for tokens in [&tokens, &refreshed] {
        assert_eq!(browser.userinfo(tokens["access_token"].as_str().expect("a token")).await.status, 401);
        assert_eq!(browser.token(&refreshing(&tokens["refresh_token"])).await.status, 400);
    }
}

#[tokio::test]
async fn a_replay_that_is_not_in_order_revokes_nothing() {
    let idp = server();
    let browser = Browser::new(&idp);
    let code = browser.code(&asking()).await;
    let tokens = browser.token(&redeeming(&code)).await.tokens();
    let wrong = "x".repeat(43);
    let replays = [
        with(redeeming(&code), "code_verifier", &wrong),
        without(redeeming(&code), "code_verifier"),
        with(redeeming(&code), "redirect_uri", "http://127.0.0.1:9/other"),
        with(with(redeeming(&code), "client_id", "confidential"), "client_secret", "secret"),
    ];
    for replay in replays {
        assert_eq!(browser.token(&replay).await.status, 400);
    }
    assert_eq!(browser.userinfo(tokens["access_token"].as_str().expect("a token")).await.status, 200);
    assert_eq!(browser.token(&refreshing(&tokens["refresh_token"])).await.status, 200);
}

#[tokio::test]
async fn a_refused_attempt_leaves_the_code_to_its_owner() {
    let idp = server();
    let browser = Browser::new(&idp);
    let code = browser.code(&asking()).await;
    assert_eq!(browser.token(&with(redeeming(&code), "code_verifier", &"x".repeat(43))).await.status, 400);
    assert_eq!(browser.token(&without(redeeming(&code), "code_verifier")).await.status, 400);
    assert_eq!(browser.token(&redeeming(&code)).await.status, 200);
}

#[tokio::test]
async fn login_hint_names_who_logs_in() {
    let idp = server();
    let browser = Browser::new(&idp);
    let code =
        browser.code(&with(with(asking(), "login_hint", "bob"), "scope", "openid profile address phone")).await;
    let tokens = browser.token(&redeeming(&code)).await.tokens();
    assert_eq!(decode(&tokens["id_token"]).1["sub"], "bob");
    let claims = browser.userinfo(tokens["access_token"].as_str().expect("a token")).await.json();
    assert_eq!((&claims["given_name"], &claims["address"]["country"]), (&json!("Bob"), &json!("Exampleland")));
    assert_eq!(claims.get("email"), None);
}

#[tokio::test]
async fn a_user_has_the_claims_it_was_given() {
    let carol = User::new("carol").claim("groups", json!(["admin"])).claim("email", "carol@example.com");
    let idp = MockIdp::builder().user(carol).in_process().expect("a user");
    let browser = Browser::new(&idp);
    let code = browser.code(&with(asking(), "scope", "openid")).await;
    let tokens = browser.token(&redeeming(&code)).await.tokens();
    let claims = browser.userinfo(tokens["access_token"].as_str().expect("a token")).await.json();
    assert_eq!(claims, json!({"sub": "carol", "groups": ["admin"]}));
}

#[tokio::test]
async fn plain_oauth_gets_no_id_token() {
    let idp = server();
    let browser = Browser::new(&idp);
    for scope in [Some("read write"), None] {
        let asking = match scope {
            Some(scope) => with(asking(), "scope", scope),
            None => without(asking(), "scope"),
        };
        let tokens = browser.token(&redeeming(&browser.code(&asking).await)).await.tokens();
        assert_eq!(tokens.get("id_token"), None);
        assert_eq!(tokens.get("scope").and_then(Value::as_str), scope);
        assert_eq!(browser.userinfo(tokens["access_token"].as_str().expect("a token")).await.status, 403);
    }
}

#[tokio::test]
async fn a_response_travels_in_the_fragment_or_in_a_form() {
    let idp = server();
    let browser = Browser::new(&idp);
    let state = "a\"><b&'";
    let answer = browser.authorize(&with(with(asking(), "response_mode", "fragment"), "state", state)).await;
    let location = answer.location.expect("a redirect");
    let fragment = location.strip_prefix(&format!("{REDIRECT_URI}#")).expect("a fragment");
    let params = Params::parse(fragment).expect("parameters");
    assert_eq!(params.get("state"), Some(state));
    assert_eq!(browser.token(&redeeming(params.get("code").expect("a code"))).await.status, 200);

    let answer = browser.authorize(&with(with(asking(), "response_mode", "form_post"), "state", state)).await;
    assert_eq!((answer.status, answer.location.as_deref()), (200, None));
    assert!(answer.header("content-type").is_some_and(|value| value.starts_with("text/html")));
    assert!(answer.body.contains(&format!("<form method=\"post\" action=\"{REDIRECT_URI}\">")));
    assert!(answer.body.contains("name=\"state\" value=\"a&#34;&#62;&#60;b&#38;&#39;\""), "{}", answer.body);
    let code = answer.body.split("name=\"code\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    assert_eq!(browser.token(&redeeming(code.expect("a code"))).await.status, 200);
}

#[tokio::test]
async fn an_authorization_request_may_be_posted() {
    let idp = server();
    let browser = Browser::new(&idp);
    let answer = browser.post("/authorize", asking().encode(), None).await;
    assert_eq!(answer.status, 303, "RFC 9700 4.12: the browser must not repeat the body");
    assert_eq!(browser.token(&redeeming(answer.redirected().get("code").expect("a code"))).await.status, 200);
}

#[tokio::test]
async fn the_first_path_segment_is_an_issuer_of_its_own() {
    let idp = server();
    let (root, acme) = (Browser::new(&idp), Browser { idp: &idp, base: "/acme" });
    let answer = acme.authorize(&asking()).await;
    let params = answer.redirected();
    assert_eq!(params.get("iss"), Some(format!("{}/acme", idp.issuer()).as_str()));
    let code = params.get("code").expect("a code");
    assert_eq!(root.token(&redeeming(code)).await.json()["error"], "invalid_grant");
    let tokens = acme.token(&redeeming(code)).await.tokens();
    assert_eq!(decode(&tokens["id_token"]).1["iss"], idp.tenant("acme").issuer());
    let access_token = tokens["access_token"].as_str().expect("a token");
    assert_eq!(root.userinfo(access_token).await.status, 401);
    assert_eq!(acme.userinfo(access_token).await.status, 200);
    assert_eq!(root.token(&refreshing(&tokens["refresh_token"])).await.status, 400);
    assert_eq!(idp.tenant("acme").journal().len(), 3);
    assert_eq!(idp.journal().len(), 3);
}

#[tokio::test]
async fn tokens_are_signed_with_what_was_asked_for() {
    for algorithm in Algorithm::SIGNING {
        let idp = MockIdp::builder().alg(*algorithm).in_process().expect("an algorithm");
        let browser = Browser::new(&idp);
        let tokens = browser.log_in().await;
        for name in ["id_token", "access_token"] {
            assert_eq!(decode(&tokens[name]).0["alg"], algorithm.as_str());
            verify(&browser, &tokens[name]).await;
        }
        let access_token = tokens["access_token"].as_str().expect("a token");
        let half = match algorithm.as_str() {
            "EdDSA" | "Ed25519" | "RS512" | "PS512" | "ES512" => Sha512::digest(access_token)[..32].to_vec(),
            "RS384" | "PS384" | "ES384" => Sha384::digest(access_token)[..24].to_vec(),
            _ => Sha256::digest(access_token)[..16].to_vec(),
        };
        assert_eq!(decode(&tokens["id_token"]).1["at_hash"], BASE64_URL_SAFE_NO_PAD.encode(half));
        assert_eq!(browser.userinfo(tokens["access_token"].as_str().expect("a token")).await.status, 200);
    }
}

#[tokio::test]
async fn a_client_may_have_an_id_token_algorithm_of_its_own() {
    let client = Client::public("public").redirect_uri(REDIRECT_URI).id_token_signed_response_alg(Algorithm::EdDsa);
    let idp = MockIdp::builder().client(client).in_process().expect("a client");
    let browser = Browser::new(&idp);
    let tokens = browser.log_in().await;
    assert_eq!(decode(&tokens["id_token"]).0["alg"], "EdDSA");
    assert_eq!(decode(&tokens["access_token"]).0["alg"], "RS256");
    verify(&browser, &tokens["id_token"]).await;
}

#[tokio::test]
async fn relaxations_work_and_are_written_down() {
    let idp = MockIdp::builder().plain().pkce_optional().any_client().in_process().expect("relaxations");
    let browser = Browser::new(&idp);
    let relaxed = |number: usize| idp.journal()[number].relaxations.clone();

    let asks = with(with(asking(), "code_challenge", VERIFIER), "code_challenge_method", "plain");
    assert_eq!(browser.token(&redeeming(&browser.code(&asks).await)).await.status, 200);
    assert_eq!(relaxed(0), ["plain"]);

    let asks = without(with(asking(), "code_challenge", VERIFIER), "code_challenge_method");
    assert_eq!(browser.token(&redeeming(&browser.code(&asks).await)).await.status, 200, "RFC 7636 4.3");

    let asks = without(without(asking(), "code_challenge"), "code_challenge_method");
    let code = browser.code(&asks).await;
    assert_eq!(relaxed(4), ["pkce-optional"]);
    let unsolicited = browser.token(&redeeming(&code)).await;
    assert_eq!(unsolicited.json()["error"], "invalid_request");
    let refused = idp.journal().pop().and_then(|entry| entry.refusal).expect("a refusal");
    assert_eq!(refused.rule, "rfc9700-verifier-unsolicited");
    assert_eq!(browser.token(&without(redeeming(&code), "code_verifier")).await.status, 200);

    let asks = with(with(asking(), "client_id", "whoever"), "redirect_uri", "https://anywhere.example/cb");
    let answer = browser.authorize(&asks).await;
    assert_eq!(relaxed(7), ["any-client"]);
    let query = answer.location.expect("a redirect").split_once('?').expect("a query").1.to_owned();
    let code = Params::parse(&query).expect("parameters").get("code").expect("a code").to_owned();
    let redeems = with(with(redeeming(&code), "client_id", "whoever"), "redirect_uri", "https://anywhere.example/cb");
    assert_eq!(browser.token(&with(redeems, "client_secret", "anything")).await.status, 200);
    assert_eq!(relaxed(8), ["any-client"]);
}

#[tokio::test]
async fn a_registered_redirect_uri_may_be_left_out_by_plain_oauth() {
    let idp = MockIdp::builder().client(Client::public("public").redirect_uri(REDIRECT_URI)).in_process();
    let idp = idp.expect("a client");
    let browser = Browser::new(&idp);
    let code = browser.code(&without(with(asking(), "scope", "read"), "redirect_uri")).await;
    assert_eq!(browser.token(&without(redeeming(&code), "redirect_uri")).await.status, 200);
}

#[tokio::test]
async fn a_token_is_presented_in_the_header_or_in_a_form() {
    let idp = server();
    let browser = Browser::new(&idp);
    let tokens = browser.log_in().await;
    let token = tokens["access_token"].as_str().expect("a token");
    let body = Params::new().with("access_token", token).encode();
    assert_eq!(browser.post("/userinfo", body, None).await.json()["sub"], "alice");
    let request = Request::get("/userinfo").header("Authorization", format!("bEaReR {token}"));
    assert_eq!(browser.send(request.body(bytes::Bytes::new()).expect("a request")).await.status, 200);
}

#[tokio::test]
async fn a_server_on_a_socket_answers_and_ends_when_dropped() {
    let idp = MockIdp::start().await;
    let address = idp.address().expect("an address");
    assert_eq!(idp.issuer(), format!("http://{address}"));
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build();
    let http = http.expect("a client");
    let url = format!("{}/.well-known/openid-configuration", idp.issuer());
    let metadata: Value = http.get(&url).send().await.expect("an answer").json().await.expect("JSON");
    assert_eq!(metadata["issuer"], idp.issuer());
    idp.stop().await;
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}
