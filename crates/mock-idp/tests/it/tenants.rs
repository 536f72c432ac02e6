//! Tenants: each a world of its own, made, changed, stopped and taken away by one call.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use mock_idp::{Client, MockIdp, Profile, StartError, Tenant, User};
use oauth_types::fault::{Edit, Fault, Point};
use oauth_types::scenario::NextLogin;
use serde_json::Value;

use crate::browser::{Browser, asking, redeeming};

fn server() -> MockIdp {
    MockIdp::builder().in_process().expect("a server")
}

async fn get(idp: &MockIdp, path: &str) -> Response<Bytes> {
    idp.call(Request::get(path).body(Bytes::new()).expect("a request")).await
}

async fn json(idp: &MockIdp, path: &str) -> Value {
    serde_json::from_slice(get(idp, path).await.body()).expect("JSON")
}

fn kid(tenant: &Tenant) -> String {
    tenant.keys().kid(oauth_types::Algorithm::Rs256).expect("a key").into_owned()
}

#[tokio::test]
async fn a_tenant_has_a_clock_and_keys_of_its_own() {
    let idp = server();
    idp.clock().set(1_000);
    let acme = idp.tenant("acme");
    assert!(acme.clock().is_frozen(), "it begins as the root stands");
    acme.clock().advance(Duration::from_secs(60));
    acme.keys().announce().and_then(|()| acme.keys().rotate()).expect("a rotation");
    get(&idp, "/acme/jwks").await;
    get(&idp, "/jwks").await;
    assert_eq!((idp.journal()[0].at, acme.journal()[0].at), (1_000, 1_060));
    assert_ne!(kid(&idp), kid(&acme));
    let published = |set: &Value| set["keys"].as_array().map_or(0, Vec::len);
    let (own, others) = (json(&idp, "/acme/jwks").await, json(&idp, "/other/jwks").await);
    assert!(published(&own) > published(&others), "a rotation at one is none at another");
}

#[tokio::test]
async fn a_tenant_has_a_profile_clients_and_people_of_its_own() {
    let idp = server();
    let fapi = MockIdp::builder().profile(Profile::Fapi2);
    idp.create("bank", fapi).expect("a tenant");
    let metadata = json(&idp, "/.well-known/oauth-authorization-server/bank").await;
    assert_eq!(metadata["issuer"], format!("{}/bank", idp.issuer()));
    assert_eq!(metadata["require_pushed_authorization_requests"], true);
    let plain = json(&idp, "/.well-known/oauth-authorization-server/other").await;
    assert_ne!(plain["require_pushed_authorization_requests"], true);
    assert_eq!(get(&idp, "/bank/mcp").await.status(), 404, "what its profile does not speak is not there");

    let one = Client::public("only").redirect_uri("https://only.example/cb");
    idp.create("one", MockIdp::builder().client(one).user(User::new("carol"))).expect("a tenant");
    let ask = |tenant: &str, client: &str| {
        format!(
            "/{tenant}/authorize?response_type=code&client_id={client}&redirect_uri=https%3A%2F%2Fonly.example%2Fcb"
        )
    };
    assert_eq!(get(&idp, &ask("one", "only")).await.status(), 302);
    assert_eq!(get(&idp, &ask("two", "only")).await.status(), 400);
}

#[tokio::test]
async fn what_cannot_be_made_is_an_error_and_changes_nothing() {
    let idp = server();
    let made = idp.create("acme", MockIdp::builder().on("sharks"));
    assert!(matches!(made, Err(StartError::Choice { name, .. }) if name == "sharks"));
    assert!(idp.tenants().is_empty());
    let nobody = idp.change(|description| description.user(User::new("")));
    assert!(matches!(nobody, Err(StartError::Nameless("a user"))));
    let nobody = idp.create("acme", MockIdp::builder().client(Client::public("")));
    assert!(matches!(nobody, Err(StartError::Nameless("a client"))));
    let twice = idp.change(|description| description.user(User::new("a")).user(User::new("a")));
    assert!(matches!(twice, Err(StartError::UserTwice(name)) if name == "a"));
    Browser::new(&idp).log_in().await;
}

#[tokio::test]
async fn a_change_keeps_what_was_granted() {
    let idp = server();
    let browser = Browser::new(&idp);
    let code = browser.code(&asking()).await;
    idp.change(|description| description.user(User::new("dora"))).expect("a change");
    idp.next_login(NextLogin::user("dora"));
    assert_eq!(browser.token(&redeeming(&code)).await.status, 200, "the code of before");
    browser.log_in().await;
}

#[tokio::test]
async fn a_reset_makes_a_tenant_what_it_was() {
    let idp = &server();
    let browser = Browser::new(idp);
    let code = browser.code(&asking()).await;
    idp.clock().advance(Duration::from_secs(10));
    idp.change(|description| description.without("RFC 9207")).expect("a change");
    idp.next_login(NextLogin::deny());
    idp.keys().announce().and_then(|()| idp.keys().rotate()).expect("a rotation");
    let guard = idp.mount(Fault::always(Point::Jwks, Edit::Status { code: 500 }));
    let before = kid(idp);
    idp.reset();
    assert!(idp.journal().is_empty());
    assert_ne!(kid(idp), before);
    assert_eq!(get(idp, "/jwks").await.status(), 200, "the fault is gone");
    guard.unmount();
    let metadata = json(idp, "/.well-known/openid-configuration").await;
    assert_eq!(metadata["authorization_response_iss_parameter_supported"], true);
    assert_eq!(browser.token(&redeeming(&code)).await.status, 400, "what was granted before is forgotten");
    browser.log_in().await;
}

#[tokio::test]
async fn a_reset_forgets_what_a_shared_store_keeps() {
    let store = std::sync::Arc::new(mock_idp::store::MemoryStore::new());
    let idp = MockIdp::builder().store(store).in_process().expect("a server");
    let browser = Browser::new(&idp);
    let (kept, lost) = (browser.code(&asking()).await, browser.code(&asking()).await);
    assert_eq!(browser.token(&redeeming(&kept)).await.status, 200);
    idp.reset();
    assert_eq!(browser.token(&redeeming(&lost)).await.status, 400);
    browser.log_in().await;
}

#[tokio::test]
async fn a_tenant_that_is_gone_leaves_nothing_in_a_shared_store() {
    let store = std::sync::Arc::new(mock_idp::store::MemoryStore::new());
    let idp = MockIdp::builder().store(store).in_process().expect("a server");
    type Go = fn(&MockIdp);
    let ways: [Go; 3] = [
        |idp| assert!(idp.tenant("acme").destroy()),
        |idp| idp.tenant("acme").lives_for(Duration::ZERO),
        |idp| idp.reset_all(),
    ];
    for go in ways {
        let code = Browser { idp: &idp, base: "/acme" }.code(&asking()).await;
        go(&idp);
        assert_eq!(Browser { idp: &idp, base: "/acme" }.token(&redeeming(&code)).await.status, 400);
    }
}

#[tokio::test]
async fn a_frozen_tenant_stands_still() {
    let idp = server();
    let acme = idp.tenant("acme");
    get(&idp, "/acme/jwks").await;
    acme.freeze();
    assert!(acme.is_frozen() && acme.clock().is_frozen());
    let answer = get(&idp, "/acme/jwks").await;
    assert_eq!(answer.status(), 503);
    let body: Value = serde_json::from_slice(answer.body()).expect("JSON");
    let rule = mock_idp::rules().into_iter().find(|rule| rule.id == "rfc9110-tenant-frozen").expect("a rule");
    assert_eq!(body["error_uri"], rule.url());
    assert_eq!(acme.journal().len(), 1, "nothing happens there");
    assert_eq!(get(&idp, "/jwks").await.status(), 200, "others go on");
    acme.thaw();
    assert!(!acme.clock().is_frozen());
    assert_eq!(get(&idp, "/acme/jwks").await.status(), 200);
}

#[tokio::test]
async fn a_tenant_lives_as_long_as_was_said() {
    let idp = server();
    let short = idp.tenant("short");
    short.lives_for(Duration::from_secs(60));
    short.next_login(NextLogin::deny());
    get(&idp, "/short/jwks").await;
    idp.clock().advance(Duration::from_secs(59));
    assert_eq!(idp.tenants().len(), 1);
    idp.clock().advance(Duration::from_secs(2));
    assert!(idp.tenants().is_empty());
    get(&idp, "/short/jwks").await;
    assert_eq!(idp.tenant("short").journal().len(), 1, "a new one of this name");
    assert!(!short.destroy(), "the former one is gone");
    assert!(idp.tenant("short").destroy());
    assert!(!idp.destroy(), "the one at the root stays");
}

#[tokio::test]
async fn a_disposable_tenant_is_gone_with_its_guard() {
    let idp = server();
    let (one, other) = (
        idp.disposable(MockIdp::builder()).expect("a tenant"),
        idp.disposable(MockIdp::builder()).expect("a tenant"),
    );
    assert_ne!(one.name(), other.name());
    assert_eq!(get(&idp, &format!("/{}/jwks", one.name())).await.status(), 200);
    assert_eq!((one.journal().len(), other.journal().len()), (1, 0));
    drop(one);
    assert_eq!(idp.tenants().len(), 1);
    idp.reset_all();
    assert!(idp.tenants().is_empty());
}

#[tokio::test]
async fn a_name_that_cannot_be_a_tenants_makes_none() {
    let idp = server();
    for path in ["/_control2/jwks", "/.hidden/jwks", "/a%20b/jwks", "/nothing/here"] {
        assert_eq!(get(&idp, path).await.status(), 404, "{path}");
    }
    assert!(idp.tenants().is_empty());
}

#[tokio::test]
async fn a_scenario_says_all_of_a_tenant_at_once() {
    let idp = server();
    let text = r#"{"profile":"oidc","on":["login-pages"],"amount":{"refresh-idle-seconds":60},"without":["RFC 9207"],
        "alg":"ES256","token_seconds":5,"clients":[{"client_id":"web","redirect_uris":["https://web.example/cb"]}],
        "users":[{"sub":"carol"}],"clock":[{"do":"set","seconds":7}],"logins":[{"does":"deny"}]}"#;
    let scenario = serde_json::from_str(text).expect("a scenario");
    let description = MockIdp::builder().scenario(&scenario).expect("a description");
    let acme = idp.create("acme", description).expect("a tenant");
    acme.play(&scenario).expect("it can be said twice");
    assert_eq!(acme.clock().reading(), oauth_types::clock::Reading::new(7, true));
    let metadata = json(&idp, "/.well-known/openid-configuration/acme").await;
    assert_ne!(metadata["authorization_response_iss_parameter_supported"], true);
    let path = "/acme/authorize?response_type=code&client_id=web&redirect_uri=https%3A%2F%2Fweb.example%2Fcb&scope=openid\
                &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";
    let location = get(&idp, path).await.headers()["location"].to_str().expect("text").to_owned();
    assert!(location.contains("error=access_denied"), "{location}");
    assert_eq!(get(&idp, path).await.status(), 303, "the next one sees the pages");
}

#[tokio::test]
async fn a_scenario_that_cannot_be_leaves_a_tenant_as_it_is() {
    let idp = server();
    let play = |text: &str| idp.play(&serde_json::from_str(text).expect("a scenario"));
    let profile = play(r#"{"profile":"sharks","clock":[{"do":"set","seconds":7}]}"#);
    assert!(matches!(profile, Err(StartError::Profile { known, .. }) if known.contains("fapi2")));
    let switch = play(r#"{"off":["sharks"],"logins":[{"does":"deny"}]}"#);
    assert!(matches!(switch, Err(StartError::Choice { .. })));
    assert!(matches!(play(r#"{"own_keys":true}"#), Err(StartError::KeysTooLate)));
    assert!(!idp.clock().is_frozen());
    Browser::new(&idp).log_in().await;
}

#[tokio::test]
async fn keys_of_its_own_are_a_tenants_alone_and_stay_at_a_reset() {
    let idp = server();
    let own = MockIdp::builder().own_keys().expect("keys");
    let bank = idp.create("bank", own).expect("a tenant");
    let first = json(&idp, "/bank/jwks").await;
    let others = json(&idp, "/jwks").await;
    let moduli = |set: &Value| -> Vec<Value> {
        set["keys"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|key| key["use"] == "sig")
            .map(|key| key["n"].clone())
            .collect()
    };
    assert!(moduli(&first).iter().filter(|n| n.is_string()).all(|n| !moduli(&others).contains(n)));
    bank.reset();
    assert_eq!(json(&idp, "/bank/jwks").await, first);
}

/// The status of an authorization request of a client.
async fn asks(idp: &MockIdp, base: &str, client: &str) -> u16 {
    let mut asking = asking();
    asking.set("client_id", client);
    Browser { idp, base }.authorize(&asking).await.status
}

fn only(client: &str) -> mock_idp::Builder {
    MockIdp::builder().client(Client::public(client).any_loopback_redirect())
}

#[tokio::test]
async fn a_server_is_described_anew_while_it_runs() {
    let idp = server();
    idp.create("own", only("own")).expect("a tenant");
    let browser = Browser::new(&idp);
    for tenant in ["", "/like-root"] {
        assert_eq!(asks(&idp, tenant, "public").await, 302);
    }
    let code = browser.code(&asking()).await;
    idp.redescribe(only("public").client(Client::public("new").any_loopback_redirect())).expect("a description");
    for tenant in ["", "/like-root"] {
        assert_eq!((asks(&idp, tenant, "new").await, asks(&idp, tenant, "confidential").await), (302, 400));
    }
    assert_eq!(
        (asks(&idp, "/own", "own").await, asks(&idp, "/own", "new").await),
        (302, 400),
        "it was made otherwise"
    );
    assert_eq!(browser.token(&redeeming(&code)).await.status, 200, "codes stay");
    idp.reset();
    assert_eq!((asks(&idp, "", "new").await, asks(&idp, "", "confidential").await), (302, 400), "and after a reset");
}

#[tokio::test]
async fn a_description_that_cannot_be_changes_nothing() {
    let idp = server();
    idp.tenant("like-root");
    assert!(matches!(idp.redescribe(only("a").on("surely-not")), Err(StartError::Choice { .. })));
    for tenant in ["", "/like-root"] {
        assert_eq!((asks(&idp, tenant, "a").await, asks(&idp, tenant, "public").await), (400, 302));
    }
}
