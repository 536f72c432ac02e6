//! Tokens that are made without a flow: the right ones are taken here too, the wrong ones are refused by name.

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use mock_idp::jose::{Jws, PublicKeys};
use mock_idp::{Client, MintError, MockIdp, User};
use oauth_types::fault::{Edit, Fault, Point, Signature, Unfit};
use oauth_types::mint::{Key, Mint};
use oauth_types::scenario::Destination;
use oauth_types::{Algorithm, Params, Secret};
use serde_json::{Value, json};

use crate::browser::{Answer, Browser, asking, basic, decode, redeeming, refreshing};
use crate::refusals::{assert_quiet, assert_refused};

const NOW: u64 = 2_000_000_000;

fn server() -> MockIdp {
    let idp = MockIdp::builder().in_process().expect("nothing can fail");
    idp.clock().set(NOW);
    idp
}

fn read(token: &Secret) -> (Value, Value) {
    decode(&json!(token.expose()))
}

async fn userinfo(idp: &MockIdp, token: &Secret) -> Answer {
    Browser::new(idp).userinfo(token.expose()).await
}

async fn introspected(idp: &MockIdp, token: &Secret) -> Value {
    let form = [("token", token.expose())].into_iter().collect::<Params>().encode();
    Browser::new(idp).post("/introspect", form, Some(&basic("confidential", "secret"))).await.json()
}

/// Whether somebody who fetches the keys can verify it.
async fn verifies(idp: &MockIdp, token: &Secret) -> bool {
    let keys = Browser::new(idp).fetch("/jwks").await.json();
    let keys = PublicKeys::parse(&keys).expect("keys");
    Jws::parse(token.expose()).is_ok_and(|token| token.verify(&keys, Algorithm::SIGNING).is_ok())
}

#[tokio::test]
async fn an_access_token_is_made_as_the_server_issues_them() {
    let idp = server();
    let token = idp.mint(Mint::access_token("alice").audience("https://api.example").scope("read")).await;
    let (header, mut claims) = read(&token);
    assert_eq!(header, json!({"typ": "at+jwt", "alg": "RS256", "kid": "mock-rs256"}));
    assert!(claims["jti"].take().is_string());
    let expected = json!({"iss": idp.issuer(), "sub": "alice", "aud": "https://api.example", "client_id": "public",
        "scope": "read", "iat": NOW, "exp": NOW + 3600, "auth_time": NOW, "jti": null});
    assert_eq!(claims, expected);
    assert!(verifies(&idp, &token).await);
    let tokens = Browser::new(&idp).log_in().await;
    let names = |claims: &Value| claims.as_object().expect("claims").keys().cloned().collect::<Vec<_>>();
    assert_eq!(
        names(&read(&idp.mint(Mint::access_token("alice").scope("openid email")).await).1),
        names(&decode(&tokens["access_token"]).1)
    );
    assert_eq!(format!("{token:?}"), "Secret(..)");
}

#[tokio::test]
async fn a_right_token_is_taken_wherever_an_issued_one_is() {
    let idp = server();
    let token = idp.mint(Mint::access_token("alice@example.com").client("confidential").scope("openid email")).await;
    let answer = userinfo(&idp, &token).await;
    assert_eq!((answer.status, &answer.json()["email"]), (200, &json!("alice@example.com")));
    let answer = introspected(&idp, &token).await;
    assert_eq!(
        (&answer["active"], &answer["username"], &answer["client_id"]),
        (&json!(true), &json!("alice"), &json!("confidential"))
    );
    let resource =
        idp.mint(Mint::access_token("alice").audience(format!("{}/resource", idp.issuer())).scope("read")).await;
    let request = http::Request::get("/resource").header("authorization", format!("Bearer {}", resource.expose()));
    assert_eq!(Browser::new(&idp).send(request.body(bytes::Bytes::new()).expect("a request")).await.status, 200);
    let form = [("token", token.expose())].into_iter().collect::<Params>().encode();
    let revoked = Browser::new(&idp).post("/revoke", form, Some(&basic("confidential", "secret"))).await;
    assert_eq!(revoked.status, 200);
    assert_refused(&idp, &userinfo(&idp, &token).await, "rfc6750-token-invalid", "revoked");
    assert_eq!(introspected(&idp, &token).await, json!({"active": false}));
}

#[tokio::test]
async fn an_issued_token_ends_and_so_does_one_that_was_made() {
    let idp = server();
    let token = idp.mint(Mint::access_token("alice").scope("openid").lifetime(10)).await;
    idp.clock().advance(Duration::from_secs(9));
    assert_eq!(userinfo(&idp, &token).await.status, 200);
    idp.clock().advance(Duration::from_secs(1));
    assert_refused(&idp, &userinfo(&idp, &token).await, "rfc6750-token-invalid", "It expired 0 seconds ago");
}

#[tokio::test]
async fn a_refresh_token_is_used_like_an_issued_one() {
    let idp = server();
    let browser = Browser::new(&idp);
    let mint = Mint::refresh_token("bob").scope("openid email").audience("https://api.example");
    let token = idp.mint(mint).await;
    let tokens = browser.token(&refreshing(&json!(token.expose()))).await.tokens();
    let claims = decode(&tokens["access_token"]).1;
    assert_eq!(
        (&claims["sub"], &claims["aud"], &claims["scope"]),
        (&json!("bob"), &json!("https://api.example"), &json!("openid email"))
    );
    assert_eq!(decode(&tokens["id_token"]).1["sub"], "bob");
    let replayed = browser.token(&refreshing(&json!(token.expose()))).await;
    assert_refused(&idp, &replayed, "rfc9700-refresh-token-replayed", "");
    let dead = browser.token(&refreshing(&tokens["refresh_token"])).await;
    assert_eq!(dead.status, 400, "its family is revoked");

    let expired = idp.mint(Mint::refresh_token("bob").expired()).await;
    let answer = browser.token(&refreshing(&json!(expired.expose()))).await;
    assert_refused(&idp, &answer, "rfc6749-refresh-token-expired", "60 seconds ago");
    let others = idp.mint(Mint::refresh_token("bob").client("confidential")).await;
    let answer = browser.token(&refreshing(&json!(others.expose()))).await;
    assert_refused(&idp, &answer, "rfc6749-refresh-token-other-client", "");
    assert_quiet(&idp, &answer, &[others.expose(), expired.expose(), token.expose()]);
}

#[tokio::test]
async fn an_id_token_and_a_logout_token_are_made() {
    let idp = server();
    let id_token = idp.mint(Mint::id_token("bob").client("confidential").claim("nonce", "n0nce")).await;
    let (header, claims) = read(&id_token);
    assert_eq!(
        (&header["typ"], &claims["sub"], &claims["aud"]),
        (&json!("JWT"), &json!("bob"), &json!("confidential"))
    );
    assert_eq!((&claims["nonce"], claims.get("at_hash")), (&json!("n0nce"), None));
    assert!(verifies(&idp, &id_token).await);
    let hinted = idp.mint(Mint::id_token("bob")).await;
    let code = Browser::new(&idp).code(&asking().with("id_token_hint", hinted.expose()).with("prompt", "none")).await;
    let tokens = Browser::new(&idp).token(&redeeming(&code)).await.tokens();
    assert_eq!(decode(&tokens["id_token"]).1["sub"], "bob", "the server knows its own");
    assert_refused(&idp, &userinfo(&idp, &id_token).await, "rfc6750-token-invalid", "");

    let logout_token = idp.mint(Mint::logout_token("bob").claim("sid", "s1")).await;
    let (header, claims) = read(&logout_token);
    assert_eq!(
        (&header["typ"], &claims["sub"], &claims["aud"]),
        (&json!("logout+jwt"), &json!("bob"), &json!("public"))
    );
    assert_eq!((&claims["sid"], &claims["exp"]), (&json!("s1"), &json!(NOW + 120)));
    assert_eq!(claims["events"], json!({"http://schemas.openid.net/event/backchannel-logout": {}}));
    assert!(verifies(&idp, &logout_token).await);
    assert_eq!(read(&idp.mint(Mint::logout_token("bob")).await).1.get("sid"), None);
}

#[tokio::test]
async fn a_token_is_about_anybody_and_for_any_client() {
    let carol = User::new("carol").claim_in(Destination::AccessToken, "roles", ["admin"]);
    let pairwise = Client::public("web").redirect_uri("https://web.example/cb").metadata("subject_type", "pairwise");
    let idp = MockIdp::builder().user(carol).client(pairwise).in_process().expect("a server");
    let claims = read(&idp.mint(Mint::access_token("carol")).await).1;
    assert_eq!((&claims["client_id"], &claims["roles"]), (&json!("web"), &json!(["admin"])));
    assert_eq!(claims["sub"].as_str().map(str::len), Some(43), "the client is told a pairwise one");
    let claims =
        read(&idp.mint(Mint::access_token("whoever").client("whatever").audience("a").audience("b")).await).1;
    assert_eq!(
        (&claims["sub"], &claims["client_id"], &claims["aud"]),
        (&json!("whoever"), &json!("whatever"), &json!(["a", "b"]))
    );
    let claims = read(&idp.mint(Mint::client_token("svc").scope("jobs")).await).1;
    assert_eq!((&claims["sub"], &claims["client_id"], claims.get("auth_time")), (&json!("svc"), &json!("svc"), None));
    let stranger = idp.mint(Mint::access_token("whoever").scope("openid")).await;
    assert_refused(&idp, &userinfo(&idp, &stranger).await, "oidc-userinfo-user-gone", "");
}

#[tokio::test]
async fn every_claim_is_added_replaced_and_left_out() {
    let idp = server();
    let mint = Mint::access_token("alice").claim("roles", ["admin"]).claim("iss", "https://evil.example");
    let token = idp.mint(mint.without("client_id").without("jti").iat(-100).nbf(50).lifetime(7200)).await;
    let claims = read(&token).1;
    assert_eq!((&claims["roles"], &claims["iss"]), (&json!(["admin"]), &json!("https://evil.example")));
    assert_eq!((claims.get("client_id"), claims.get("jti")), (None, None));
    assert_eq!(
        (&claims["iat"], &claims["nbf"], &claims["exp"]),
        (&json!(NOW - 100), &json!(NOW + 50), &json!(NOW + 7200))
    );
    let expired = read(&idp.mint(Mint::access_token("alice").expired()).await).1;
    assert_eq!((&expired["iat"], &expired["exp"]), (&json!(NOW - 3660), &json!(NOW - 60)), "it has lived");
}

#[tokio::test]
async fn a_wrong_token_is_refused_by_name() {
    let idp = server();
    let right = || Mint::access_token("alice").scope("openid");
    for (mint, hint) in [
        (right().expired(), "It expired 60 seconds ago"),
        (right().nbf(60), "It is good in 60 seconds, as its nbf says"),
        (right().edit(Edit::set("exp", NOW - 5)), "It expired 5 seconds ago"),
        (right().claim("exp", NOW - 7), "It expired 7 seconds ago"),
        (right().without("exp"), "There is no 'exp' in it"),
        (right().claim("iss", "https://evil.example"), "of https://evil.example"),
        (right().without("jti"), "There is no 'jti' in it"),
        (right().edit(Edit::set("jti", "another")), "revoked, or this server has forgotten it"),
        (right().key(Key::Unpublished), "Its signature is not of this server"),
        (right().edit(Edit::Sign { with: Signature::AlgNone }), "Its signature is not of this server"),
        (right().edit(Edit::Sign { with: Signature::Hs256PublicKey }), "Its signature is not of this server"),
        (right().edit(Edit::Sign { with: Signature::Stripped }), "Its signature is not of this server"),
        (right().edit(Edit::JoseHeader { name: "typ".to_owned(), value: json!("JWT") }), "It is an ID token"),
    ] {
        let token = idp.mint(mint.clone()).await;
        let answer = userinfo(&idp, &token).await;
        assert_refused(&idp, &answer, "rfc6750-token-invalid", hint);
        assert_quiet(&idp, &answer, &[token.expose()]);
        assert_eq!(introspected(&idp, &token).await, json!({"active": false}), "{mint:?}");
    }
    let unscoped = idp.mint(Mint::access_token("alice").scope("read")).await;
    assert_refused(&idp, &userinfo(&idp, &unscoped).await, "oidc-userinfo-scope-missing", "");
}

#[tokio::test]
async fn a_token_is_signed_with_any_algorithm_and_by_any_key() {
    let idp = server();
    for algorithm in Algorithm::SIGNING {
        let token = idp.mint(Mint::access_token("alice").scope("openid").alg(*algorithm)).await;
        assert_eq!(read(&token).0["alg"], algorithm.as_str());
        assert!(verifies(&idp, &token).await, "{algorithm}");
        assert_eq!(userinfo(&idp, &token).await.status, 200, "{algorithm}");
    }
    let unpublished = idp.mint(Mint::access_token("alice").key(Key::Unpublished)).await;
    assert_eq!(read(&unpublished).0["kid"], "mock-rs256");
    assert!(!verifies(&idp, &unpublished).await);
    assert_eq!(idp.try_mint(&Mint::access_token("alice").key(Key::Former)).await, Err(MintError::NoFormerKey));
    idp.keys().announce().and_then(|()| idp.keys().rotate()).expect("a rotation");
    let former = idp.mint(Mint::access_token("alice").scope("openid").key(Key::Former)).await;
    let current = idp.mint(Mint::access_token("alice").scope("openid")).await;
    assert_eq!((&read(&former).0["kid"], &read(&current).0["kid"]), (&json!("mock-rs256"), &json!("mock-rs256-2")));
    assert!(verifies(&idp, &former).await && verifies(&idp, &current).await);
    assert_eq!(userinfo(&idp, &former).await.status, 200);
    idp.keys().retire().expect("a former key");
    assert!(!verifies(&idp, &former).await);
    assert_refused(&idp, &userinfo(&idp, &former).await, "rfc6750-token-invalid", "");
}

#[tokio::test]
async fn an_id_token_is_signed_with_the_secret_of_its_client() {
    let secret = "a secret of two and thirty octets";
    let idp = MockIdp::builder().client(Client::confidential("web", secret)).in_process().expect("a server");
    let token = idp.mint(Mint::id_token("alice").alg(Algorithm::Hs256)).await;
    assert_eq!(read(&token).0, json!({"typ": "JWT", "alg": "HS256"}));
    let (message, signature) = token.expose().rsplit_once('.').expect("a signature");
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret.as_bytes());
    let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).expect("base64url");
    assert!(aws_lc_rs::hmac::verify(&key, message.as_bytes(), &signature).is_ok());
}

#[tokio::test]
async fn a_bound_token_is_no_bearer_token() {
    let idp = server();
    let jkt = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
    let token = idp.mint(Mint::access_token("alice").scope("openid").jkt(jkt).x5t_s256("abc")).await;
    assert_eq!(read(&token).1["cnf"], json!({"jkt": jkt, "x5t#S256": "abc"}));
    assert_refused(&idp, &userinfo(&idp, &token).await, "rfc9449-token-as-bearer", "");
    let refresh = idp.mint(Mint::refresh_token("alice").jkt(jkt)).await;
    let answer = Browser::new(&idp).token(&refreshing(&json!(refresh.expose()))).await;
    assert_refused(&idp, &answer, "rfc9449-proof-missing", "The refresh token is bound to a key");
}

#[tokio::test]
async fn what_is_mounted_does_not_act_on_a_token_that_is_made() {
    let idp = server();
    let guard = idp.mount(Fault::always(Point::AccessToken, Edit::set("aud", "other")));
    assert_eq!(read(&idp.mint(Mint::access_token("alice")).await).1["aud"], idp.issuer());
    assert_eq!(guard.fired(), 0);
    guard.unmount();
    assert!(idp.journal().is_empty(), "nobody asked for anything");
}

#[tokio::test]
async fn a_token_belongs_to_its_tenant() {
    let idp = server();
    let acme = idp.tenant("acme");
    let token = acme.mint(Mint::access_token("alice").scope("openid")).await;
    assert_eq!(read(&token).1["iss"], acme.issuer());
    let answer = Browser { idp: &idp, base: "/acme" }.userinfo(token.expose()).await;
    assert_eq!(answer.status, 200);
    assert_refused(&idp, &userinfo(&idp, &token).await, "rfc6750-token-invalid", "");
}

#[tokio::test]
async fn what_cannot_be_made_is_said_precisely() {
    let idp = server();
    let status = Edit::Status { code: 500 };
    for (mint, error) in [
        (Mint { sub: None, ..Mint::id_token("") }, MintError::Subject),
        (Mint::access_token("alice").scope("a  b"), MintError::Scope),
        (Mint::access_token("alice").alg(Algorithm::Hs256), MintError::Algorithm(Algorithm::Hs256)),
        (Mint::id_token("alice").alg(Algorithm::Hs256), MintError::Algorithm(Algorithm::Hs256)),
        (Mint::refresh_token("alice").claim("a", 1), MintError::NoJwt("claims")),
        (Mint::refresh_token("alice").key(Key::Unpublished), MintError::NoJwt("a signature")),
        (Mint::refresh_token("alice").edit(Edit::remove("a")), MintError::NoJwt("an edit")),
        (
            Mint::access_token("alice").edit(Edit::remove("aud")).edit(status),
            MintError::Edit(Unfit::Misplaced { edit: 2, at: Point::AccessToken }),
        ),
    ] {
        assert_eq!(idp.try_mint(&mint).await, Err(error), "{mint:?}");
    }
    let web = Client::public("web").redirect_uri("https://web.example/cb").grant_types(["authorization_code"]);
    let idp = MockIdp::builder().client(web).in_process().expect("a server");
    assert_eq!(idp.try_mint(&Mint::refresh_token("alice")).await, Err(MintError::NotIssued));
}

#[tokio::test]
async fn a_token_is_made_for_the_far_past_and_the_far_future() {
    let idp = server();
    for seconds in [i64::MIN, -1, 0, 1, i64::MAX] {
        let mint = Mint::access_token("alice").scope("openid").lifetime(seconds).iat(seconds).nbf(seconds);
        let token = idp.mint(mint).await;
        assert_eq!(userinfo(&idp, &token).await.status, 401, "{seconds}");
        idp.mint(Mint::refresh_token("alice").lifetime(seconds).iat(seconds)).await;
    }
    let before = idp.mint(Mint::access_token("alice").scope("openid")).await;
    for _ in 0..300 {
        idp.mint(Mint::access_token("alice").iat(10_000_000)).await;
    }
    assert_eq!(userinfo(&idp, &before).await.status, 200, "what is to come sweeps nothing away");
}
