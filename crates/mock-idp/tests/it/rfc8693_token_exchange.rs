//! RFC 8693: a token is given for another.

use std::time::Duration;

use mock_idp::{Builder, Client, MockIdp};
use oauth_types::Params;
use oauth_types::fault::{Edit, Fault, Point, Signature};
use serde_json::{Value, json};

use crate::browser::{Answer, Browser, asking, basic, decode, redeeming, refreshing, with, without};
use crate::refusals::{assert_quiet, assert_refused};
use crate::signer::{Signer, posting, proven};

pub(crate) const ACCESS: &str = "urn:ietf:params:oauth:token-type:access_token";
pub(crate) const REFRESH: &str = "urn:ietf:params:oauth:token-type:refresh_token";
const ID: &str = "urn:ietf:params:oauth:token-type:id_token";
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";

pub(crate) fn server(build: impl FnOnce(Builder) -> Builder) -> MockIdp {
    let service = |id: &str| Client::confidential(id, "secret").any_loopback_redirect().any_grant_type();
    let builder = MockIdp::builder()
        .client(Client::public("public").any_loopback_redirect().any_grant_type())
        .client(service("service"))
        .client(service("backend"))
        .client(service("narrow").scope(["email", "read"]))
        .client(service("rs1").metadata("resource", "https://rs1.example"))
        .client(service("careful").metadata("may_act", json!({"sub": "service"})));
    let idp = build(builder).in_process().expect("clients");
    idp.clock().set(1_800_000_000);
    idp
}

fn text(token: &Value) -> &str {
    token.as_str().expect("a token")
}

/// Asks to exchange a token of this type.
pub(crate) fn giving(token: &Value, kind: &str) -> Params {
    Params::new()
        .with("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange")
        .with("subject_token", text(token))
        .with("subject_token_type", kind)
}

pub(crate) async fn exchange(browser: &Browser<'_>, client: &str, params: &Params) -> Answer {
    browser.post("/token", params.encode(), Some(&basic(client, "secret"))).await
}

/// The tokens of a login at a client with a secret.
pub(crate) async fn log_in(browser: &Browser<'_>, client: &str) -> Value {
    let code = browser.code(&with(asking(), "client_id", client)).await;
    let redeeming = without(redeeming(&code), "client_id");
    browser.post("/token", redeeming.encode(), Some(&basic(client, "secret"))).await.tokens()
}

/// A token of the client's own account.
async fn own(browser: &Browser<'_>, client: &str) -> Value {
    let params = Params::new().with("grant_type", "client_credentials");
    exchange(browser, client, &params).await.tokens()["access_token"].clone()
}

#[tokio::test]
async fn a_service_gets_a_token_for_the_one_behind_it() {
    let idp = server(|builder| builder);
    let browser = Browser::new(&idp);
    let user = browser.log_in().await["access_token"].clone();
    let params = giving(&user, ACCESS).with("audience", "backend").with("scope", "email");
    let answer = exchange(&browser, "service", &params).await.tokens();
    assert_eq!(
        (&answer["issued_token_type"], &answer["token_type"], &answer["expires_in"], &answer["scope"]),
        (&json!(ACCESS), &json!("Bearer"), &json!(3600), &json!("email"))
    );
    assert_eq!((answer.get("refresh_token"), answer.get("id_token")), (None, None));
    let (header, claims) = decode(&answer["access_token"]);
    assert_eq!(header["typ"], "at+jwt");
    assert_eq!((&claims["sub"], &claims["client_id"]), (&json!("alice"), &json!("service")));
    assert_eq!((&claims["aud"], &claims["act"]), (&json!("backend"), &json!({"sub": "service"})));
    let introspected = browser
        .post(
            "/introspect",
            Params::new().with("token", text(&answer["access_token"])).encode(),
            Some(&basic("backend", "secret")),
        )
        .await
        .json();
    assert_eq!((&introspected["active"], &introspected["act"]["sub"]), (&json!(true), &json!("service")));
    let metadata = browser.fetch("/.well-known/openid-configuration").await.json();
    let grants = metadata["grant_types_supported"].as_array().expect("a list");
    assert!(grants.contains(&json!("urn:ietf:params:oauth:grant-type:token-exchange")));
}

#[tokio::test]
async fn actors_are_named_one_inside_the_other() {
    let idp = server(|builder| builder);
    let browser = Browser::new(&idp);
    let user = browser.log_in().await["access_token"].clone();
    let first = exchange(&browser, "service", &giving(&user, ACCESS).with("audience", "backend")).await.tokens();
    let actor = own(&browser, "backend").await;
    let params = giving(&first["access_token"], ACCESS)
        .with("actor_token", text(&actor))
        .with("actor_token_type", ACCESS)
        .with("resource", "https://rs1.example/api")
        .with("audience", "rs1");
    let second = exchange(&browser, "backend", &params).await.tokens();
    let claims = decode(&second["access_token"]).1;
    assert_eq!(claims["act"], json!({"sub": "backend", "act": {"sub": "service"}}));
    assert_eq!(claims["aud"], json!(["https://rs1.example/api", "rs1"]));
    assert_eq!(claims["sub"], "alice");

    // The chain does not grow for ever.
    let (mut token, mut last) = (user, None);
    for turn in 0..10 {
        let (by, next) = if turn % 2 == 0 { ("service", "backend") } else { ("backend", "service") };
        let answer = exchange(&browser, by, &giving(&token, ACCESS).with("audience", next)).await;
        match answer.status {
            200 => token = answer.tokens()["access_token"].clone(),
            _ => {
                assert_refused(&idp, &answer, "rfc8693-subject-token-invalid", "8 parties");
                last = Some(turn);
                break;
            }
        }
    }
    assert_eq!(last, Some(8));
}

#[tokio::test]
async fn a_client_narrows_a_token_of_its_own() {
    let idp = server(|builder| builder);
    let browser = Browser::new(&idp);
    let tokens = log_in(&browser, "service").await;
    for (name, kind, issued) in
        [("access_token", ACCESS, ACCESS), ("access_token", JWT, JWT), ("refresh_token", REFRESH, ACCESS)]
    {
        let params = giving(&tokens[name], kind).with("scope", "email").with("requested_token_type", issued);
        let answer = exchange(&browser, "service", &params).await.tokens();
        assert_eq!((&answer["issued_token_type"], &answer["scope"]), (&json!(issued), &json!("email")));
        let claims = decode(&answer["access_token"]).1;
        assert_eq!((claims.get("act"), &claims["sub"]), (None, &json!("alice")), "nobody acts for anybody");
        assert_eq!(claims["aud"], idp.issuer());
    }
    let all = exchange(&browser, "service", &giving(&tokens["access_token"], ACCESS)).await.tokens();
    assert_eq!(all["scope"], "openid email");
    assert_eq!((all.get("refresh_token"), all.get("id_token")), (None, None), "neither was asked for");
    assert_eq!(browser.userinfo(text(&all["access_token"])).await.json()["sub"], "alice");
    assert_eq!(
        browser
            .token(
                &with(refreshing(&tokens["refresh_token"]), "client_id", "service").with("client_secret", "secret")
            )
            .await
            .status,
        200,
        "a refresh token that was exchanged is not used up"
    );
}

#[tokio::test]
async fn an_id_token_says_who_it_is_about() {
    let idp = server(|builder| builder);
    let browser = Browser::new(&idp);
    let tokens = log_in(&browser, "service").await;
    for kind in [ID, JWT] {
        let params = giving(&tokens["id_token"], kind).with("scope", "read").with("audience", "backend");
        let answer = exchange(&browser, "service", &params).await.tokens();
        let claims = decode(&answer["access_token"]).1;
        assert_eq!(
            (&claims["sub"], &claims["scope"], &claims["aud"]),
            (&json!("alice"), &json!("read"), &json!("backend"))
        );
        assert_eq!((answer.get("id_token"), answer.get("refresh_token")), (None, None));
    }
    let answer = exchange(&browser, "backend", &giving(&tokens["id_token"], ID)).await;
    assert_refused(&idp, &answer, "rfc8693-subject-token-invalid", "ID token of another client");
    idp.clock().advance(Duration::from_secs(3600));
    let answer = exchange(&browser, "service", &giving(&tokens["id_token"], ID)).await;
    assert_refused(&idp, &answer, "rfc8693-subject-token-invalid", "expired 0 seconds ago");
}

#[tokio::test]
async fn no_other_signed_thing_is_taken_for_an_id_token() {
    let idp = server(|builder| builder);
    let browser = Browser::new(&idp);
    let typ = |value: &str| Edit::JoseHeader { name: "typ".to_owned(), value: json!(value) };
    for edit in [
        Edit::Sign { with: Signature::UnpublishedKey },
        Edit::Sign { with: Signature::AlgNone },
        Edit::Sign { with: Signature::Stripped },
        Edit::Sign { with: Signature::Hs256PublicKey },
        typ("logout+jwt"),
        typ("at+jwt"),
        Edit::set("iss", "https://other.example"),
        Edit::set("aud", json!(["service"])),
        Edit::set("sub", "carol"),
        Edit::remove("sub"),
        Edit::remove("exp"),
        Edit::remove("auth_time"),
    ] {
        let guard = idp.mount(Fault::always(Point::IdToken, edit.clone()));
        let token = log_in(&browser, "service").await["id_token"].clone();
        guard.unmount();
        for kind in [ID, JWT] {
            let answer = exchange(&browser, "service", &giving(&token, kind)).await;
            assert_eq!(answer.status, 400, "{edit:?}");
            assert_refused(&idp, &answer, "rfc8693-subject-token-invalid", "");
        }
    }
}

#[tokio::test]
async fn a_type_is_not_taken_for_another() {
    let idp = server(|builder| builder);
    let browser = Browser::new(&idp);
    let tokens = log_in(&browser, "service").await;
    for (name, kind, hint) in [
        ("access_token", REFRESH, "It is an access token"),
        ("refresh_token", ACCESS, "It is a refresh token"),
        ("refresh_token", JWT, "It is a refresh token"),
        ("access_token", ID, "of another type"),
        ("id_token", ACCESS, "of another type"),
        ("id_token", REFRESH, "of another type"),
    ] {
        let answer = exchange(&browser, "service", &giving(&tokens[name], kind)).await;
        assert_refused(&idp, &answer, "rfc8693-subject-token-invalid", hint);
        assert_quiet(&idp, &answer, &[text(&tokens[name])]);
    }
    let code = browser.code(&with(asking(), "client_id", "service")).await;
    let answer = exchange(&browser, "service", &giving(&json!(code), ACCESS)).await;
    assert_refused(&idp, &answer, "rfc8693-subject-token-invalid", "unknown");
}

#[tokio::test]
async fn a_dead_token_gives_nothing() {
    let idp = server(|builder| builder);
    let browser = Browser::new(&idp);
    let tokens = log_in(&browser, "service").await;
    let secret = basic("service", "secret");
    let params = without(refreshing(&tokens["refresh_token"]), "client_id");
    let next = browser.post("/token", params.encode(), Some(&secret)).await.tokens();
    let answer = exchange(&browser, "service", &giving(&tokens["refresh_token"], REFRESH)).await;
    assert_refused(&idp, &answer, "rfc8693-subject-token-invalid", "It was used");
    browser.post("/revoke", Params::new().with("token", text(&next["access_token"])).encode(), Some(&secret)).await;
    let answer = exchange(&browser, "service", &giving(&next["access_token"], ACCESS)).await;
    assert_refused(&idp, &answer, "rfc8693-subject-token-invalid", "revoked");
    idp.clock().advance(Duration::from_secs(3600));
    let answer = exchange(&browser, "service", &giving(&tokens["access_token"], ACCESS)).await;
    assert_refused(&idp, &answer, "rfc8693-subject-token-invalid", "expired 0 seconds ago");
    let elsewhere = Browser { idp: &idp, base: "/acme" };
    let answer = exchange(&elsewhere, "service", &giving(&next["refresh_token"], REFRESH)).await;
    assert_eq!(answer.json()["error"], "invalid_request");
}

#[tokio::test]
async fn the_new_token_lives_and_dies_with_the_old_one() {
    let idp = server(|builder| builder);
    let browser = Browser::new(&idp);
    let tokens = log_in(&browser, "service").await;
    idp.clock().advance(Duration::from_secs(3000));
    let late = exchange(&browser, "service", &giving(&tokens["access_token"], ACCESS)).await.tokens();
    assert_eq!(late["expires_in"], 600);
    assert_eq!(decode(&late["access_token"]).1["exp"], 1_800_003_600);
    idp.clock().advance(Duration::from_secs(599));
    assert_eq!(browser.userinfo(text(&late["access_token"])).await.status, 200);
    idp.clock().advance(Duration::from_secs(1));
    assert_eq!(browser.userinfo(text(&late["access_token"])).await.status, 401);

    let fresh = exchange(&browser, "service", &giving(&tokens["refresh_token"], REFRESH)).await.tokens();
    assert_eq!(fresh["expires_in"], 3600);
    let revoke = Params::new().with("token", text(&tokens["refresh_token"])).encode();
    browser.post("/revoke", revoke, Some(&basic("service", "secret"))).await;
    assert_eq!(browser.userinfo(text(&fresh["access_token"])).await.status, 401);
}

#[tokio::test]
async fn a_refresh_token_is_given_if_it_is_asked_for() {
    let idp = server(|builder| builder);
    let browser = Browser::new(&idp);
    let tokens = log_in(&browser, "service").await;
    let asks = |name: &str, kind: &str| giving(&tokens[name], kind).with("requested_token_type", REFRESH);
    let params = asks("access_token", ACCESS).with("scope", "email").with("audience", "backend");
    let answer = exchange(&browser, "service", &params).await.tokens();
    assert_eq!(
        (&answer["issued_token_type"], &answer["token_type"], answer.get("refresh_token")),
        (&json!(REFRESH), &json!("N_A"), None),
        "RFC 8693 2.2.1"
    );
    assert_eq!(answer["expires_in"], 30 * 24 * 3600);
    let refreshing = without(refreshing(&answer["access_token"]), "client_id").encode();
    let refreshed = browser.post("/token", refreshing, Some(&basic("service", "secret"))).await.tokens();
    let claims = decode(&refreshed["access_token"]).1;
    assert_eq!(
        (&claims["scope"], &claims["aud"], &claims["sub"]),
        (&json!("email"), &json!("backend"), &json!("alice"))
    );

    let answer = exchange(&browser, "backend", &asks("access_token", ACCESS)).await;
    assert_refused(&idp, &answer, "rfc8693-refresh-token-not-given", "issued to another client");
    let answer = exchange(&browser, "service", &asks("id_token", ID)).await;
    assert_refused(&idp, &answer, "rfc8693-refresh-token-not-given", "tells of a login");
    let machine = giving(&own(&browser, "service").await, ACCESS).with("requested_token_type", REFRESH);
    let answer = exchange(&browser, "service", &machine).await;
    assert_refused(&idp, &answer, "rfc8693-refresh-token-not-given", "Nobody logged in");
}

#[tokio::test]
async fn no_exchange_makes_a_family_live_longer() {
    const DAY: u64 = 24 * 3600;
    let idp = server(|builder| builder.amount("refresh-absolute-seconds", 10 * DAY));
    let browser = Browser::new(&idp);
    let mut tokens = log_in(&browser, "service").await;
    for turn in 0..2 {
        let params = giving(&tokens["access_token"], ACCESS).with("requested_token_type", REFRESH);
        let answer = exchange(&browser, "service", &params).await.tokens();
        idp.clock().advance(Duration::from_secs(5 * DAY - 10 * turn));
        let params = without(refreshing(&answer["access_token"]), "client_id");
        tokens = browser.post("/token", params.encode(), Some(&basic("service", "secret"))).await.tokens();
    }
    idp.clock().advance(Duration::from_secs(10));
    let params = without(refreshing(&tokens["refresh_token"]), "client_id");
    let answer = browser.post("/token", params.encode(), Some(&basic("service", "secret"))).await;
    assert_refused(&idp, &answer, "rfc6749-refresh-token-expired", "Its family ended 0 seconds ago");
}

#[tokio::test]
async fn a_client_that_may_not_refresh_gets_no_refresh_token() {
    let grants = ["authorization_code", "urn:ietf:params:oauth:grant-type:token-exchange"];
    let client = Client::confidential("once", "secret").any_loopback_redirect().grant_types(grants);
    let idp = server(|builder| builder.client(client));
    let browser = Browser::new(&idp);
    let tokens = log_in(&browser, "once").await;
    let params = giving(&tokens["access_token"], ACCESS).with("requested_token_type", REFRESH);
    let answer = exchange(&browser, "once", &params).await;
    assert_refused(&idp, &answer, "rfc8693-refresh-token-not-given", "may not use");
}

#[tokio::test]
async fn an_exchange_gives_no_more_than_there_was() {
    let idp = server(|builder| builder);
    let browser = Browser::new(&idp);
    let user = browser.log_in().await["access_token"].clone();
    let answer = exchange(&browser, "service", &giving(&user, ACCESS).with("scope", "email admin")).await;
    assert_refused(&idp, &answer, "rfc8693-scope-wider", "admin");
    let answer = exchange(&browser, "narrow", &giving(&user, ACCESS).with("scope", "openid")).await;
    assert_refused(&idp, &answer, "rfc6749-scope-not-allowed", "openid");
    let answer = exchange(&browser, "narrow", &giving(&user, ACCESS).with("scope", "read")).await;
    assert_refused(&idp, &answer, "rfc8693-scope-wider", "read");
    let narrow = exchange(&browser, "narrow", &giving(&user, ACCESS)).await.tokens();
    assert_eq!(narrow["scope"], "email", "what it may ask for of what there was");
    let params = giving(&narrow["access_token"], ACCESS).with("scope", "openid email");
    let answer = exchange(&browser, "service", &params).await;
    assert_refused(&idp, &answer, "rfc8693-scope-wider", "openid");
}

#[tokio::test]
async fn a_client_exchanges_what_is_meant_for_it() {
    let idp = server(|builder| builder);
    let browser = Browser::new(&idp);
    let tokens = browser.log_in().await;
    let answer = exchange(&browser, "rs1", &giving(&tokens["access_token"], ACCESS)).await;
    assert_refused(&idp, &answer, "rfc8693-subject-token-invalid", "not meant for this one");
    let answer = exchange(&browser, "service", &giving(&tokens["refresh_token"], REFRESH)).await;
    assert_refused(&idp, &answer, "rfc8693-subject-token-invalid", "issued to another client");
    let for_rs1 = giving(&tokens["access_token"], ACCESS).with("resource", "https://rs1.example");
    let for_rs1 = exchange(&browser, "service", &for_rs1).await.tokens();
    let answer = exchange(&browser, "rs1", &giving(&for_rs1["access_token"], ACCESS)).await.tokens();
    assert_eq!(decode(&answer["access_token"]).1["act"], json!({"sub": "rs1", "act": {"sub": "service"}}));
    let answer = exchange(&browser, "backend", &giving(&for_rs1["access_token"], ACCESS)).await;
    assert_refused(&idp, &answer, "rfc8693-subject-token-invalid", "not meant for this one");
}

#[tokio::test]
async fn an_actor_token_is_the_clients_own() {
    let idp = server(|builder| builder);
    let browser = Browser::new(&idp);
    let user = browser.log_in().await["access_token"].clone();
    let (own, other) = (own(&browser, "service").await, own(&browser, "backend").await);
    let with_actor = |actor: &Value, kind: &str| {
        giving(&user, ACCESS).with("actor_token", text(actor)).with("actor_token_type", kind)
    };
    let answer = exchange(&browser, "service", &with_actor(&own, JWT)).await.tokens();
    assert_eq!(decode(&answer["access_token"]).1["act"], json!({"sub": "service"}));
    let answer = exchange(&browser, "service", &with_actor(&other, ACCESS)).await;
    assert_refused(&idp, &answer, "rfc8693-actor-token-invalid", "issued to another client");
    let answer = exchange(&browser, "service", &with_actor(&user, ACCESS)).await;
    assert_refused(&idp, &answer, "rfc8693-actor-token-invalid", "issued to another client");
    let answer = exchange(&browser, "service", &with_actor(&json!("unknown"), ACCESS)).await;
    assert_refused(&idp, &answer, "rfc8693-actor-token-invalid", "unknown");
    for params in [
        without(with_actor(&own, ACCESS), "actor_token"),
        without(with_actor(&own, ACCESS), "actor_token_type"),
        with_actor(&own, "urn:ietf:params:oauth:token-type:saml2"),
    ] {
        let answer = exchange(&browser, "service", &params).await;
        assert_refused(&idp, &answer, "rfc8693-actor-token-type", "");
        assert_quiet(&idp, &answer, &[text(&own), text(&user)]);
    }
    let manager = log_in(&browser, "service").await;
    let answer = exchange(&browser, "service", &with_actor(&manager["id_token"], ID)).await.tokens();
    assert_eq!(decode(&answer["access_token"]).1["act"], json!({"sub": "alice"}), "a person may act, too");
}

#[tokio::test]
async fn who_may_act_is_said_by_the_token() {
    let idp = server(|builder| builder);
    let browser = Browser::new(&idp);
    let tokens = log_in(&browser, "careful").await;
    assert_eq!(decode(&tokens["access_token"]).1["may_act"], json!({"sub": "service"}));
    let allowed = exchange(&browser, "service", &giving(&tokens["access_token"], ACCESS)).await.tokens();
    assert_eq!(decode(&allowed["access_token"]).1["act"], json!({"sub": "service"}));
    let answer = exchange(&browser, "backend", &giving(&tokens["access_token"], ACCESS)).await;
    assert_refused(&idp, &answer, "rfc8693-may-not-act", "this client");
    let actor = own(&browser, "backend").await;
    let params = giving(&tokens["access_token"], ACCESS).with("actor_token", text(&actor));
    let answer = exchange(&browser, "backend", &params.with("actor_token_type", ACCESS)).await;
    assert_refused(&idp, &answer, "rfc8693-may-not-act", "the actor");
    for (name, kind) in [("refresh_token", REFRESH), ("id_token", ID)] {
        let answer = exchange(&browser, "careful", &giving(&tokens[name], kind)).await;
        assert_refused(&idp, &answer, "rfc8693-may-not-act", "this client");
    }
}

#[tokio::test]
async fn every_member_of_may_act_counts() {
    let client = |id: &str, may_act: Value| {
        Client::confidential(id, "secret").any_loopback_redirect().any_grant_type().metadata("may_act", may_act)
    };
    let issuer = "http://mock-idp.test";
    let idp = server(|builder| {
        builder
            .client(client("whole", json!({"sub": "service", "client_id": "service", "iss": issuer})))
            .client(client("other", json!({"sub": "service", "iss": "https://other.example"})))
            .client(client("more", json!({"sub": "service", "role": "admin"})))
            .client(client("empty", json!({})))
    });
    let browser = Browser::new(&idp);
    for (by, passes) in [("whole", true), ("other", false), ("more", false), ("empty", false)] {
        let token = log_in(&browser, by).await["access_token"].clone();
        let answer = exchange(&browser, "service", &giving(&token, ACCESS)).await;
        assert_eq!(answer.status == 200, passes, "{by}: {answer:?}");
        if !passes {
            assert_refused(&idp, &answer, "rfc8693-may-not-act", "");
        }
    }
}

#[tokio::test]
async fn impersonation_is_a_choice() {
    let idp = server(|builder| builder.on("exchange-impersonation"));
    let browser = Browser::new(&idp);
    let user = browser.log_in().await["access_token"].clone();
    let answer = exchange(&browser, "service", &giving(&user, ACCESS)).await.tokens();
    assert_eq!(decode(&answer["access_token"]).1.get("act"), None);
    let actor = own(&browser, "service").await;
    let params = giving(&user, ACCESS).with("actor_token", text(&actor)).with("actor_token_type", ACCESS);
    let answer = exchange(&browser, "service", &params).await.tokens();
    assert_eq!(decode(&answer["access_token"]).1["act"], json!({"sub": "service"}), "an actor is always named");
}

#[tokio::test]
async fn what_is_given_is_bound_to_the_key_of_whoever_asks() {
    let idp = server(|builder| builder.on("exchange-by-public-clients"));
    let (browser, signer) = (Browser::new(&idp), Signer::new());
    let code = browser.code(&asking()).await;
    let redeems = proven(posting("/token", &redeeming(&code)), &signer.at_token(&idp));
    let tokens = browser.send(redeems).await.tokens();
    let params = giving(&tokens["refresh_token"], REFRESH).with("client_id", "public");
    let answer = browser.token(&params).await;
    assert_refused(&idp, &answer, "rfc8693-subject-token-invalid", "bound to a key");
    let other = proven(posting("/token", &params), &Signer::new().at_token(&idp));
    let answer = browser.send(other).await;
    assert_refused(&idp, &answer, "rfc8693-subject-token-invalid", "bound to a key");
    let access = giving(&tokens["access_token"], ACCESS).with("client_id", "public");
    let answer = browser.token(&access).await;
    assert_refused(&idp, &answer, "rfc8693-subject-token-invalid", "bound to a key");
    let own = browser.send(proven(posting("/token", &params), &signer.at_token(&idp))).await.tokens();
    assert_eq!(own["token_type"], "DPoP");
    assert_eq!(decode(&own["access_token"]).1["cnf"], json!({"jkt": signer.jkt()}));

    // A service does not have the key of the client whose token it was sent.
    let service = exchange(&browser, "service", &giving(&tokens["access_token"], ACCESS)).await.tokens();
    assert_eq!((&service["token_type"], decode(&service["access_token"]).1.get("cnf")), (&json!("Bearer"), None));
}

#[tokio::test]
async fn a_client_without_credentials_exchanges_nothing() {
    let idp = server(|builder| builder);
    let browser = Browser::new(&idp);
    let tokens = browser.log_in().await;
    let params = giving(&tokens["access_token"], ACCESS).with("client_id", "public");
    let answer = browser.token(&params).await;
    assert_refused(&idp, &answer, "rfc8693-public-client", "");
    assert_quiet(&idp, &answer, &[text(&tokens["access_token"])]);
    let idp = server(|builder| builder.on("exchange-by-public-clients"));
    let browser = Browser::new(&idp);
    let tokens = browser.log_in().await;
    let params = giving(&tokens["access_token"], ACCESS).with("client_id", "public").with("scope", "email");
    assert_eq!(browser.token(&params).await.tokens()["scope"], "email");
}

#[tokio::test]
async fn a_malformed_exchange_is_refused() {
    let idp = server(|builder| builder);
    let browser = Browser::new(&idp);
    let user = browser.log_in().await["access_token"].clone();
    let good = || giving(&user, ACCESS);
    let many = (0..17).fold(good(), |params, number| params.with("resource", format!("urn:example:{number}")));
    for (params, rule, error) in [
        (without(good(), "subject_token"), "rfc8693-subject-token-missing", "invalid_request"),
        (without(good(), "subject_token_type"), "rfc8693-subject-token-missing", "invalid_request"),
        (
            with(good(), "subject_token_type", "access_token"),
            "rfc8693-subject-token-type-unsupported",
            "invalid_request",
        ),
        (
            with(good(), "subject_token_type", &format!("{ACCESS}x")),
            "rfc8693-subject-token-type-unsupported",
            "invalid_request",
        ),
        (good().with("requested_token_type", ID), "rfc8693-requested-token-type-unsupported", "invalid_request"),
        (good().with("requested_token_type", "urn:x"), "rfc8693-requested-token-type-unsupported", "invalid_request"),
        (good().with("audience", "nobody"), "rfc8693-audience-unknown", "invalid_target"),
        (good().with("audience", "https://nobody.example/client"), "rfc8693-audience-unknown", "invalid_target"),
        (good().with("audience", "backend").with("audience", "x"), "rfc8693-audience-unknown", "invalid_target"),
        (good().with("resource", "rs1.example"), "rfc8693-resource-malformed", "invalid_target"),
        (good().with("resource", "https://rs1.example/#a"), "rfc8693-resource-malformed", "invalid_target"),
        (many, "rfc8693-audience-unknown", "invalid_target"),
    ] {
        let answer = exchange(&browser, "service", &params).await;
        assert_eq!((answer.status, answer.json()["error"].as_str()), (400, Some(error)), "{rule}");
        assert_refused(&idp, &answer, rule, "");
        assert_quiet(&idp, &answer, &[text(&user)]);
    }
    let twice = good().with("audience", "backend").with("audience", "backend").with("resource", "urn:example:a");
    let answer = exchange(&browser, "service", &twice).await.tokens();
    assert_eq!(decode(&answer["access_token"]).1["aud"], json!(["urn:example:a", "backend"]), "each once");
}
