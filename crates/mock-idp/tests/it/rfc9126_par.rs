//! RFC 9126: a request is pushed, judged, referred to, and used once by its own client.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use mock_idp::{Client, MockIdp};
use oauth_types::Params;
use serde_json::json;

use crate::browser::{Answer, Browser, CHALLENGE, REDIRECT_URI, VERIFIER, asking, basic, redeeming, with, without};
use crate::canaries::Watched;
use crate::person::Person;
use crate::refusals::assert_refused;

fn server() -> MockIdp {
    MockIdp::builder().in_process().expect("nothing can fail")
}

async fn push(browser: &Browser<'_>, params: &Params) -> Answer {
    browser.post("/par", params.encode(), None).await
}

/// The reference of a request that is pushed.
async fn pushed(browser: &Browser<'_>, params: &Params) -> String {
    let answer = push(browser, params).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.json()["request_uri"].as_str().expect("a reference").to_owned()
}

/// What a browser is sent with.
fn referring(request_uri: &str) -> Params {
    [("client_id", "public"), ("request_uri", request_uri)].into_iter().collect()
}

#[tokio::test]
async fn a_pushed_request_is_used_once() {
    let idp = server();
    let browser = Browser::new(&idp);
    let answer = push(&browser, &asking()).await;
    assert_eq!((answer.status, answer.header("cache-control")), (201, Some("no-store")));
    assert_eq!(answer.json()["expires_in"], 60);
    let reference = answer.json()["request_uri"].as_str().expect("a reference").to_owned();
    assert!(reference.starts_with("urn:ietf:params:oauth:request_uri:"), "{reference}");

    let answer = browser.authorize(&referring(&reference)).await.redirected();
    assert_eq!((answer.get("state"), answer.get("iss")), (Some("st~4te"), Some(idp.issuer())));
    let tokens = browser.token(&redeeming(answer.get("code").expect("a code"))).await.tokens();
    assert_eq!(tokens["scope"], "openid email");

    let answer = browser.authorize(&referring(&reference)).await;
    assert_eq!((answer.status, answer.location.as_deref()), (400, None));
    assert_refused(&idp, &answer, "rfc9126-request-uri-reused", "Reloading");
}

#[tokio::test]
async fn a_browser_may_reload_where_that_is_allowed() {
    let idp = MockIdp::builder().on("request-uri-reusable").in_process().expect("a switch");
    idp.clock().freeze();
    let browser = Browser::new(&idp);
    let reference = pushed(&browser, &asking()).await;
    browser.code(&referring(&reference)).await;
    assert!(idp.journal().pop().is_some_and(|entry| entry.relaxations.is_empty()));
    let code = browser.code(&referring(&reference)).await;
    assert!(idp.journal().pop().is_some_and(|entry| entry.relaxations == ["request-uri-reusable"]));
    assert_eq!(browser.token(&redeeming(&code)).await.status, 200);
    idp.clock().advance(Duration::from_secs(60));
    let answer = browser.authorize(&referring(&reference)).await;
    assert_refused(&idp, &answer, "rfc9126-request-uri-expired", "ended 0 seconds ago");
}

#[tokio::test]
async fn of_many_browsers_at_once_one_gets_a_code() {
    let idp = Arc::new(server());
    let reference = pushed(&Browser::new(&idp), &asking()).await;
    let racers: Vec<_> = (0..16)
        .map(|_| {
            let (idp, reference) = (idp.clone(), reference.clone());
            tokio::spawn(async move { Browser::new(&idp).authorize(&referring(&reference)).await.status })
        })
        .collect();
    let mut codes = 0;
    for racer in racers {
        codes += u32::from(racer.await.expect("no panic") == 302);
    }
    assert_eq!(codes, 1);
}

#[tokio::test]
async fn a_reference_lives_as_long_as_it_says() {
    let idp = MockIdp::builder().amount("request-uri-seconds", 5).in_process().expect("an amount");
    idp.clock().freeze();
    let browser = Browser::new(&idp);
    let (late, later) = (pushed(&browser, &asking()).await, pushed(&browser, &asking()).await);
    idp.clock().advance(Duration::from_secs(4));
    browser.code(&referring(&late)).await;
    idp.clock().advance(Duration::from_secs(1));
    let answer = browser.authorize(&referring(&later)).await;
    assert_refused(&idp, &answer, "rfc9126-request-uri-expired", "lived 5 seconds and ended 0 seconds ago");
    let answer = browser.authorize(&referring(&late)).await;
    assert_refused(&idp, &answer, "rfc9126-request-uri-reused", "");
}

#[tokio::test]
async fn a_reference_is_its_clients_own() {
    let idp = server();
    let browser = Browser::new(&idp);
    let reference = pushed(&browser, &asking()).await;
    let answer = browser.authorize(&with(referring(&reference), "client_id", "confidential")).await;
    assert_refused(&idp, &answer, "rfc9126-request-uri-other-client", "");
    let answer = browser.authorize(&without(referring(&reference), "client_id")).await;
    assert_refused(&idp, &answer, "rfc6749-client-id-missing", "");
    browser.code(&referring(&reference)).await;
}

#[tokio::test]
async fn a_reference_is_good_at_its_own_issuer() {
    let idp = server();
    let acme = Browser { idp: &idp, base: "/acme" };
    let reference = pushed(&acme, &asking()).await;
    let answer = Browser::new(&idp).authorize(&referring(&reference)).await;
    assert_refused(&idp, &answer, "rfc9126-request-uri-unknown", "this issuer");
    let altered = format!("{reference}x");
    let answer = Browser::new(&idp).authorize(&referring(&altered)).await;
    assert_refused(&idp, &answer, "rfc9126-request-uri-unknown", "");
    acme.code(&referring(&reference)).await;
}

#[tokio::test]
async fn references_cannot_be_guessed() {
    let idp = server();
    let browser = Browser::new(&idp);
    let mut seen = BTreeSet::new();
    for _ in 0..100 {
        let reference = pushed(&browser, &asking()).await;
        let handle = reference.rsplit(':').next().expect("a handle");
        assert_eq!(handle.len(), 43, "256 bits in base64url");
        assert!(seen.insert(handle.to_owned()));
    }
}

#[tokio::test]
async fn what_is_sent_beside_a_reference_is_ignored() {
    let idp = server();
    let browser = Browser::new(&idp);
    let reference = pushed(&browser, &asking()).await;
    let params = referring(&reference)
        .with("redirect_uri", "https://evil.example/cb")
        .with("scope", "admin")
        .with("state", "other")
        .with("code_challenge", VERIFIER);
    let answer = browser.authorize(&params).await.redirected();
    assert_eq!(answer.get("state"), Some("st~4te"));
    let entry = idp.journal().pop().expect("an entry");
    assert_eq!(entry.ignored, ["redirect_uri", "scope", "state", "code_challenge"]);
    assert!(entry.to_string().ends_with(" ignored: redirect_uri, scope, state, code_challenge"), "{entry}");
    let tokens = browser.token(&redeeming(answer.get("code").expect("a code"))).await.tokens();
    assert_eq!(tokens["scope"], "openid email");
}

#[tokio::test]
async fn a_profile_may_want_the_reference_alone() {
    let idp = MockIdp::builder().on("request-uri-alone").in_process().expect("a switch");
    let browser = Browser::new(&idp);
    let reference = pushed(&browser, &asking()).await;
    let answer = browser.authorize(&referring(&reference).with("response_type", "code")).await;
    assert_refused(&idp, &answer, "fapi2-parameter-beside-request-uri", "response_type is sent too");
    browser.code(&referring(&reference)).await;
}

#[tokio::test]
async fn pkce_is_judged_when_the_request_is_pushed() {
    let idp = server();
    let browser = Browser::new(&idp);
    let bare = without(without(asking(), "code_challenge"), "code_challenge_method");
    let answer = push(&browser, &bare).await;
    assert_eq!(answer.status, 400);
    assert_refused(&idp, &answer, "rfc7636-challenge-missing", "");
    // With PKCE left to the client, a challenge that is added outside is no challenge.
    let idp = MockIdp::builder().pkce_optional().in_process().expect("a server");
    let browser = Browser::new(&idp);
    let reference = pushed(&browser, &bare).await;
    let added = referring(&reference).with("code_challenge", CHALLENGE).with("code_challenge_method", "S256");
    let code = browser.code(&added).await;
    let answer = browser.token(&redeeming(&code)).await;
    assert_refused(&idp, &answer, "rfc9700-verifier-unsolicited", "");
}

#[tokio::test]
async fn a_pushed_request_is_judged_like_any_other() {
    let idp = server();
    let browser = Browser::new(&idp);
    for (params, rule) in [
        (with(asking(), "redirect_uri", "https://evil.example/cb"), "rfc9700-redirect-uri-unregistered"),
        (without(asking(), "redirect_uri"), "rfc6749-redirect-uri-missing"),
        (with(asking(), "response_type", "token"), "rfc6749-response-type-unsupported"),
        (with(asking(), "response_mode", "web_message"), "oauth-response-mode-unsupported"),
        (with(asking(), "scope", "openid  email"), "rfc6749-scope-malformed"),
        (with(asking(), "code_challenge_method", "s256"), "rfc7636-method-unknown"),
        (asking().with("state", "other"), "rfc6749-token-parameter-twice"),
        (asking().with("request_uri", "https://client.example/r"), "rfc9126-request-uri-pushed"),
        (asking().with("request_uri", "urn:ietf:params:oauth:request_uri:x"), "rfc9126-request-uri-pushed"),
        (asking().with("request", "e30.e30."), "rfc9126-parameter-beside-request"),
    ] {
        let answer = push(&browser, &params).await;
        assert_eq!((answer.status, answer.location.as_deref()), (400, None), "{rule}");
        assert_refused(&idp, &answer, rule, "");
    }
}

#[tokio::test]
async fn whoever_pushes_is_authenticated() {
    let idp = server();
    let browser = Browser::new(&idp);
    let confidential = with(asking(), "client_id", "confidential");
    for (params, rule) in [
        (confidential.clone(), "rfc6749-secret-missing"),
        (confidential.clone().with("client_secret", "wrong"), "rfc6749-secret-wrong"),
        (with(asking(), "client_id", "nobody"), "rfc6749-token-client-unknown"),
    ] {
        let answer = push(&browser, &params).await;
        assert_eq!(answer.status, 401, "{rule}");
        assert_refused(&idp, &answer, rule, "");
    }
    let header = basic("confidential", "secret");
    let answer = browser.post("/par", without(confidential.clone(), "client_id").encode(), Some(&header)).await;
    assert_refused(&idp, &answer, "rfc9126-client-id", "does not count");
    for (params, header) in
        [(confidential.clone(), Some(header.as_str())), (confidential.with("client_secret", "secret"), None)]
    {
        let answer = browser.post("/par", params.encode(), header).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        let reference = answer.json()["request_uri"].as_str().expect("a reference").to_owned();
        let code = browser.code(&with(referring(&reference), "client_id", "confidential")).await;
        let redeeming = with(redeeming(&code), "client_id", "confidential").with("client_secret", "secret");
        assert_eq!(browser.token(&redeeming).await.status, 200);
    }
}

#[tokio::test]
async fn only_forms_are_pushed() {
    let idp = server();
    let browser = Browser::new(&idp);
    let answer = browser.fetch(&format!("/par?{}", asking().encode())).await;
    assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")));
    let answer = browser.post(&format!("/par?{}", asking().encode()), asking().encode(), None).await;
    assert_refused(&idp, &answer, "rfc6749-token-parameters-in-query", "");
    let json = Request::post("/par").header("Content-Type", "application/json").body(Bytes::from_static(b"{}"));
    let answer = browser.send(json.expect("a request")).await;
    assert_refused(&idp, &answer, "rfc6749-token-request-not-a-form", "json");
    let large = with(asking(), "state", &"x".repeat(65_536));
    assert_eq!(push(&browser, &large).await.status, 413);
}

#[tokio::test]
async fn a_server_may_require_pushed_requests() {
    let idp = MockIdp::builder().on("require-pushed-authorization-requests").in_process().expect("a switch");
    let browser = Browser::new(&idp);
    let answer = browser.authorize(&asking()).await;
    assert_eq!(answer.redirected().get("error"), Some("invalid_request"));
    assert_refused(&idp, &answer, "rfc9126-request-not-pushed", "every client");
    let reference = pushed(&browser, &asking()).await;
    browser.code(&referring(&reference)).await;
    let metadata = browser.fetch("/.well-known/oauth-authorization-server").await.json();
    assert_eq!(metadata["require_pushed_authorization_requests"], json!(true));
}

#[tokio::test]
async fn a_person_has_time_to_log_in() {
    let builder = MockIdp::builder().on("login-pages").on("require-pushed-authorization-requests");
    let idp = builder.in_process().expect("switches");
    let browser = Browser::new(&idp);
    let reference = pushed(&browser, &asking()).await;
    let person = Person::new(&idp);
    let page = person.asks(&referring(&reference)).await;
    assert_eq!((page.status, page.location.as_deref()), (200, None));
    // The request is with the page by now, which outlives the reference.
    let again = Person::new(&idp).asks(&referring(&reference)).await;
    assert_refused(&idp, &again, "rfc9126-request-uri-reused", "");
    idp.clock().advance(Duration::from_secs(61));
    let mut answer = person.is(&page, "bob").await;
    if answer.location.is_none() {
        answer = person.agrees(&answer).await;
    }
    let code = answer.redirected().get("code").expect("a code").to_owned();
    assert_eq!(browser.token(&redeeming(&code)).await.status, 200);
}

#[tokio::test]
async fn a_client_may_be_registered_to_push() {
    let client = Client::public("public").redirect_uri(REDIRECT_URI);
    let pushes = client.clone().metadata("require_pushed_authorization_requests", true);
    let idp = MockIdp::builder().client(pushes).in_process().expect("a client");
    let browser = Browser::new(&idp);
    let answer = browser.authorize(&asking()).await;
    assert_refused(&idp, &answer, "rfc9126-request-not-pushed", "registration");
    let reference = pushed(&browser, &asking()).await;
    browser.code(&referring(&reference)).await;
    // It has one redirect URI, so an error can go there although none was sent.
    let answer = browser.authorize(&referring(&reference)).await;
    assert_eq!(answer.redirected().get("error"), Some("invalid_request_uri"));

    let may = client.metadata("require_pushed_authorization_requests", false);
    let idp = MockIdp::builder().client(may).in_process().expect("a client");
    Browser::new(&idp).code(&asking()).await;
}

#[tokio::test]
async fn metadata_names_the_endpoint() {
    let idp = server();
    let browser = Browser { idp: &idp, base: "/acme" };
    let metadata = browser.fetch("/.well-known/openid-configuration").await.json();
    let endpoint = format!("{}/acme/par", idp.issuer());
    assert_eq!(metadata["pushed_authorization_request_endpoint"], json!(endpoint));
    assert_eq!(metadata["require_pushed_authorization_requests"], json!(false));
    let idp = MockIdp::builder().without("RFC 9126").in_process().expect("it can be left out");
    let browser = Browser::new(&idp);
    let metadata = browser.fetch("/.well-known/openid-configuration").await.json();
    assert_eq!(metadata.get("pushed_authorization_request_endpoint"), None);
    assert_eq!(push(&browser, &asking()).await.status, 404);
    let answer = browser.authorize(&asking().with("request_uri", "urn:ietf:params:oauth:request_uri:x")).await;
    assert_refused(&idp, &answer, "oidc-request-uri-not-supported", "");
}

#[tokio::test]
async fn a_reference_that_comes_twice_is_not_followed() {
    let idp = server();
    let browser = Browser::new(&idp);
    let (one, other) = (pushed(&browser, &asking()).await, pushed(&browser, &asking()).await);
    let answer = browser.authorize(&referring(&one).with("request_uri", &*other)).await;
    assert_eq!((answer.status, answer.location.as_deref()), (400, None));
    assert_refused(&idp, &answer, "rfc6749-authorization-parameter-twice", "request_uri occurs twice");
    browser.code(&referring(&one)).await;
}

#[tokio::test]
async fn no_refusal_shows_a_reference_or_a_secret() {
    const SECRET: &str = "canary-secret-swordfish";
    let client = Client::confidential("confidential", SECRET).any_loopback_redirect();
    let builder = MockIdp::builder().client(client).client(Client::public("public").any_loopback_redirect());
    let idp = builder.on("request-uri-alone").in_process().expect("a server");
    let browser = Browser::new(&idp);
    let secret = with(asking(), "client_id", "confidential").with("client_secret", SECRET);
    let mut canaries = vec![SECRET.to_owned(), "canary".to_owned()];
    let reference = pushed(&browser, &secret).await;
    let handle = reference.rsplit(':').next().expect("a handle").to_owned();
    canaries.push(handle);
    let referring = with(referring(&reference), "client_id", "confidential");
    let mut answers = vec![
        push(&browser, &secret.clone().with("request_uri", &*reference)).await,
        push(&browser, &secret.clone().with("request", SECRET)).await,
        browser.post("/par", without(asking(), "client_id").encode(), Some(&basic("confidential", SECRET))).await,
        browser.authorize(&with(referring.clone(), "client_id", "public")).await,
        browser.authorize(&with(referring.clone(), "request_uri", &format!("{reference}x"))).await,
        browser.authorize(&referring.clone().with(SECRET.repeat(2), SECRET)).await,
    ];
    browser.code(&referring).await;
    answers.push(browser.authorize(&referring).await);
    let late = pushed(&browser, &secret).await;
    idp.clock().advance(Duration::from_secs(61));
    answers.push(browser.authorize(&with(referring, "request_uri", &late)).await);
    canaries.push(late.rsplit(':').next().expect("a handle").to_owned());
    let told: String = answers.iter().map(|answer| format!("{:?} {}\n", answer.location, answer.body)).collect();
    let written: String = idp.journal().iter().map(|entry| format!("{entry:?} {entry}\n")).collect();
    for canary in &canaries {
        assert!(!told.contains(canary.as_str()) && !written.contains(canary.as_str()), "{canary}: {told} {written}");
    }
    let rules: BTreeSet<_> =
        idp.journal().into_iter().filter_map(|entry| entry.refusal).map(|one| one.rule).collect();
    assert_eq!(rules.len(), answers.len(), "each is refused for something else: {rules:?}");
}

#[tokio::test]
async fn what_authenticates_a_client_is_not_kept() {
    const SECRET: &str = "canary-secret-swordfish";
    let store = Arc::new(Watched::default());
    let client = Client::confidential("confidential", SECRET).any_loopback_redirect();
    let idp = MockIdp::builder().client(client).store(store.clone()).in_process().expect("a server");
    let params = with(asking(), "client_id", "confidential").with("client_secret", SECRET);
    pushed(&Browser::new(&idp), &params).await;
    let record = store.records.lock().expect("no panic").pop().expect("a record");
    let kept = serde_json::to_string(&*record.notes).expect("notes are written down");
    assert!(kept.contains("st~4te") && !kept.contains("canary"), "{kept}");
}
