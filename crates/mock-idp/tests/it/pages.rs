//! Pages: a person logs in, chooses, agrees, registers, or does not.

use std::time::Duration;

use http::Request;
use mock_idp::{Builder, Client, MockIdp, User};
use oauth_types::Params;
use oauth_types::scenario::{MULTI_FACTOR, NextLogin};
use serde_json::{Value, json};

use crate::browser::{Answer, Browser, CHALLENGE, asking, basic, decode, redeeming, with, without};
use crate::person::{Person, form, title};
use crate::refusals::assert_refused;

/// A server with pages, a web client that authenticates, and the public one.
pub(crate) fn builder() -> Builder {
    MockIdp::builder()
        .on("login-pages")
        .client(Client::public("public").any_loopback_redirect())
        .client(Client::confidential("web", "secret").any_loopback_redirect().metadata("client_name", "The <Web>"))
        .client(Client::confidential("shop", "secret").any_loopback_redirect())
        .user(User::new("alice").claim("name", "Alice Adams").claim("email", "alice@example.com"))
        .user(User::new("bob").claim("preferred_username", "bobby"))
        .user(User::new("paula").password("canary-pass"))
}

fn server() -> MockIdp {
    let idp = builder().in_process().expect("a server");
    idp.clock().set(2_000_000_000);
    idp
}

/// The request of the client `web`, which authenticates.
pub(crate) fn web() -> Params {
    with(asking(), "client_id", "web")
}

/// What an authorization response says is wrong.
fn error(answer: &Answer) -> String {
    let params = answer.redirected();
    assert_eq!(params.get("code"), None);
    params.get("error").unwrap_or_default().to_owned()
}

/// The claims of the ID token that an authorization response leads to.
pub(crate) async fn claims(idp: &MockIdp, answer: &Answer, client: &str) -> Value {
    let params = answer.redirected();
    let code = params.get("code").unwrap_or_else(|| panic!("no code in {params:?}"));
    let redeems = with(redeeming(code), "client_id", client);
    let secret = (client != "public").then(|| basic(client, "secret"));
    let answer = Browser::new(idp).post("/token", redeems.encode(), secret.as_deref()).await;
    decode(&answer.tokens()["id_token"]).1
}

#[tokio::test]
async fn a_person_logs_in_and_agrees() {
    let idp = server();
    let person = Person::new(&idp);
    let page = person.asks(&asking()).await;
    assert_eq!((page.status, title(&page)), (200, "Log in"));
    let page = person.is(&page, "bob").await;
    assert_eq!((page.status, title(&page)), (200, "Do you agree?"));
    let answer = person.agrees(&page).await;
    assert_eq!(answer.status, 303, "RFC 9700 4.12");
    assert_eq!(answer.redirected().get("state"), Some("st~4te"));
    let claims = claims(&idp, &answer, "public").await;
    assert_eq!((&claims["sub"], &claims["auth_time"]), (&json!("bob"), &json!(2_000_000_000_u64)));
    assert_eq!((claims.get("amr"), claims.get("acr")), (None, None), "nobody entered a password");
    assert_eq!(idp.journal().iter().filter(|entry| entry.client_id.as_deref() == Some("public")).count(), 6);
}

#[tokio::test]
async fn a_page_can_be_asked_for_where_login_is_automatic() {
    let idp = MockIdp::builder().in_process().expect("a server");
    idp.next_login(NextLogin::pages());
    let person = Person::new(&idp);
    person.logs_in(&asking(), "bob").await;
    assert_eq!(Person::new(&idp).asks(&asking()).await.status, 302);
}

#[tokio::test]
async fn what_was_scripted_is_asked_of_nobody() {
    let idp = server();
    idp.next_login(NextLogin::user("bobby"));
    let person = Person::new(&idp);
    let answer = person.asks(&web()).await;
    assert_eq!(claims(&idp, &answer, "web").await["sub"], "bob");
    assert_eq!(title(&person.asks(&web()).await), "Do you agree?", "he is logged in, and was not asked to agree");
}

#[tokio::test]
async fn one_login_is_enough_for_every_client_of_a_tenant() {
    let idp = server();
    let person = Person::new(&idp);
    person.logs_in(&web(), "alice").await;
    idp.clock().advance(Duration::from_secs(60));
    let page = person.asks(&with(asking(), "client_id", "shop")).await;
    assert_eq!(title(&page), "Do you agree?");
    let answer = person.agrees(&page).await;
    let claims = claims(&idp, &answer, "shop").await;
    assert_eq!((&claims["sub"], &claims["auth_time"]), (&json!("alice"), &json!(2_000_000_000_u64)));
    let answer = person.asks(&web().with("prompt", "none")).await;
    assert!(answer.redirected().get("code").is_some());
    assert_eq!(title(&Person::new(&idp).asks(&web()).await), "Log in", "in another browser nobody is");
    let acme = Person::at(&idp, "/acme");
    acme.takes(person.cookie("mock-idp-session").expect("a session"));
    assert_eq!(title(&acme.asks(&web()).await), "Log in", "at another tenant nobody is");
}

#[tokio::test]
async fn without_a_page_it_takes_a_session_and_an_agreement() {
    let idp = server();
    let person = Person::new(&idp);
    let silent = || web().with("prompt", "none");
    let answer = person.asks(&silent()).await;
    assert_refused(&idp, &answer, "oidc-login-required", "");
    let page = person.asks(&web()).await;
    let page = person.is(&page, "alice").await;
    let answer = person.asks(&silent()).await;
    assert_refused(&idp, &answer, "oidc-consent-required", "");
    person.agrees(&page).await;
    assert!(person.asks(&silent()).await.redirected().get("code").is_some());
    let answer = person.asks(&silent().with("login_hint", "bobby")).await;
    assert_eq!(error(&answer), "login_required", "somebody else is meant");

    let page = person.asks(&web().with("prompt", "login")).await;
    let page = person.submits(&page, "login-form", &[("username", "bobby")]).await;
    person.agrees(&page).await;
    let answer = person.asks(&silent()).await;
    assert_refused(&idp, &answer, "oidc-account-selection-required", "login_hint");
    let answer = person.asks(&silent().with("login_hint", "alice@example.com")).await;
    assert_eq!(claims(&idp, &answer, "web").await["sub"], "alice");
}

#[tokio::test]
async fn an_agreement_is_remembered_for_what_was_asked() {
    let idp = server();
    let person = Person::new(&idp);
    let asks = |scope: &str| with(web(), "scope", scope);
    person.logs_in(&asks("openid email"), "alice").await;
    for scope in ["openid email", "email openid", "openid"] {
        assert!(person.asks(&asks(scope)).await.location.is_some(), "{scope}");
    }
    for params in
        [asks("openid phone"), asks("openid").with("prompt", "consent"), asks("openid").with("claims", "{}")]
    {
        assert_eq!(title(&person.asks(&params).await), "Do you agree?", "{params:?}");
    }
    let page = person.asks(&asks("openid phone")).await;
    person.agrees(&page).await;
    assert!(person.asks(&asks("openid email phone")).await.location.is_some(), "one agreement does not undo another");
    idp.clock().advance(Duration::from_secs(30 * 24 * 3600));
    let page = person.asks(&asks("openid")).await;
    assert_eq!(title(&person.is(&page, "alice").await), "Do you agree?", "and it ends");
}

#[tokio::test]
async fn a_client_that_anybody_can_pretend_to_be_is_agreed_to_each_time() {
    let idp = server();
    let person = Person::new(&idp);
    person.logs_in(&asking(), "alice").await;
    assert_eq!(title(&person.asks(&asking()).await), "Do you agree?", "RFC 8252 8.6");
    assert_eq!(error(&person.asks(&asking().with("prompt", "none")).await), "consent_required");
    let page = person.asks(&asking().with("prompt", "login")).await;
    assert!(person.is(&page, "alice").await.location.is_some(), "the person was asked something");

    let idp = builder().on("remember-native-consent").in_process().expect("a server");
    let person = Person::new(&idp);
    person.logs_in(&asking(), "alice").await;
    assert!(person.asks(&asking()).await.redirected().get("code").is_some());
    assert_eq!(idp.journal().pop().expect("an entry").relaxations, ["remember-native-consent"]);
}

#[tokio::test]
async fn a_login_is_done_again_when_the_client_says_so() {
    let idp = server();
    let person = Person::new(&idp);
    person.logs_in(&web(), "alice").await;
    idp.clock().advance(Duration::from_secs(100));
    assert!(person.asks(&web().with("max_age", "100")).await.location.is_some());
    for (at, asks) in [web().with("prompt", "login"), web().with("max_age", "99"), web().with("max_age", "0")]
        .into_iter()
        .enumerate()
    {
        let silent = with(asks.clone(), "prompt", "none");
        if asks.get("prompt").is_none() {
            assert_eq!(error(&person.asks(&silent).await), "login_required", "{asks:?}");
        }
        let page = person.asks(&asks).await;
        assert_eq!(title(&page), "Log in", "{asks:?}");
        assert!(page.body.contains("value=\"alice\""), "it is said who is asked");
        let answer = person.is(&page, "alice").await;
        let auth_time = claims(&idp, &answer, "web").await["auth_time"].as_u64();
        assert_eq!(auth_time, Some(2_000_000_100 + 200 * at as u64), "{asks:?}");
        idp.clock().advance(Duration::from_secs(200));
    }
}

#[tokio::test]
async fn a_password_is_asked_of_whoever_has_one() {
    let idp = server();
    let person = Person::new(&idp);
    let mut page = person.asks(&web()).await;
    assert!(!page.body.contains("user-paula"), "she cannot be had by a click");
    for fields in [
        &[("username", "paula")][..],
        &[("username", "paula"), ("password", "wrong")],
        &[("user", "paula")],
        &[("username", "nobody"), ("password", "canary-pass")],
        &[("username", " ")],
    ] {
        page = person.submits(&page, "login-form", fields).await;
        assert_eq!((page.status, title(&page)), (400, "Try again: Log in"), "{fields:?}");
        assert!(page.body.contains("id=\"complaint\" role=\"alert\"") && !page.body.contains("canary"));
    }
    let page = person.submits(&page, "login-form", &[("username", "paula"), ("password", "canary-pass")]).await;
    let claims = claims(&idp, &person.agrees(&page).await, "web").await;
    let acr = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport";
    assert_eq!((&claims["amr"], &claims["acr"]), (&json!(["pwd"]), &json!(acr)));
    let metadata = Browser::new(&idp).fetch("/.well-known/openid-configuration").await.json();
    assert_eq!(metadata["acr_values_supported"], json!([acr, MULTI_FACTOR]));
    let automatic = MockIdp::builder().in_process().expect("a server");
    let metadata = Browser::new(&automatic).fetch("/.well-known/openid-configuration").await.json();
    assert_eq!(metadata.get("acr_values_supported"), None);
    for entry in idp.journal() {
        assert!(!format!("{entry:?} {entry}").contains("canary"));
    }
}

#[tokio::test]
async fn one_of_several_accounts_is_chosen() {
    let idp = server();
    let person = Person::new(&idp);
    person.logs_in(&web(), "alice").await;
    let page = person.asks(&web().with("prompt", "select_account")).await;
    assert_eq!(title(&page), "Choose an account", "although there is one alone");
    let page = person.submits(&page, "accounts", &[("session", "other")]).await;
    let page = person.is(&page, "bob").await;
    let answer = person.agrees(&page).await;
    assert_eq!(claims(&idp, &answer, "web").await["sub"], "bob");

    let page = person.asks(&web()).await;
    assert_eq!(title(&page), "Choose an account");
    let sid = |id: &str| {
        let rest = page.body.split_once(&format!("id=\"{id}\" name=\"session\" value=\"")).expect("a button").1;
        rest.split('"').next().expect("an end").to_owned()
    };
    let wrong = person.submits(&page, "accounts", &[("session", "x")]).await;
    assert_eq!((wrong.status, title(&wrong)), (400, "Try again: Choose an account"));
    let answer = person.submits(&page, "accounts", &[("session", &sid("account-alice"))]).await;
    assert_eq!(claims(&idp, &answer, "web").await["sub"], "alice");
    assert_ne!(sid("account-alice"), sid("account-bobby"));
}

#[tokio::test]
async fn somebody_new_registers() {
    let idp = server();
    let person = Person::new(&idp);
    let asks =
        with(web(), "scope", "openid email profile").with("prompt", "create").with("login_hint", "c@example.com");
    let mut page = person.asks(&asks).await;
    assert_eq!(title(&page), "Make an account");
    assert!(page.body.contains("value=\"c@example.com\""));
    let long = "x".repeat(300);
    for fields in [
        &[("username", "")][..],
        &[("username", "bobby")],
        &[("username", &long)],
        &[("username", "carol"), ("email", "nowhere")],
        &[("username", "carol"), ("email", "alice@example.com")],
        &[("username", "carol"), ("name", &long)],
    ] {
        page = person.submits(&page, "create-form", fields).await;
        assert_eq!((page.status, title(&page)), (400, "Try again: Make an account"), "{fields:?}");
    }
    let fields = [("username", "carol"), ("name", "Carol"), ("email", "c@example.com"), ("password", "pass")];
    let page = person.submits(&page, "create-form", &fields).await;
    let answer = person.agrees(&page).await;
    let params = answer.redirected();
    let redeems = with(redeeming(params.get("code").expect("a code")), "client_id", "web");
    let tokens = Browser::new(&idp).post("/token", redeems.encode(), Some(&basic("web", "secret"))).await.tokens();
    let userinfo = Browser::new(&idp).userinfo(tokens["access_token"].as_str().expect("a token")).await.json();
    assert_eq!((&userinfo["name"], &userinfo["email_verified"]), (&json!("Carol"), &json!(false)));
    let page = Person::new(&idp).asks(&web()).await;
    let other = Person::new(&idp);
    let again = other.asks(&web()).await;
    let wrong = other.submits(&again, "login-form", &[("username", "carol"), ("password", "no")]).await;
    assert_eq!((title(&page), wrong.status), ("Log in", 400));
    let right = other.submits(&again, "login-form", &[("username", "carol"), ("password", "pass")]).await;
    assert!(right.location.is_some(), "she has agreed before");
}

#[tokio::test]
async fn a_person_may_not_want_to() {
    let idp = server();
    let person = Person::new(&idp);
    for asks in [web(), web().with("prompt", "create")] {
        let page = person.asks(&asks).await;
        let answer = person.submits(&page, "cancel-form", &[("decision", "cancel")]).await;
        assert_refused(&idp, &answer, "rfc6749-login-cancelled", "");
        assert_eq!(answer.redirected().get("state"), Some("st~4te"));
    }
    let page = person.asks(&web()).await;
    let page = person.is(&page, "alice").await;
    let unclear = person.submits(&page, "consent", &[("decision", "perhaps")]).await;
    assert_eq!((unclear.status, title(&unclear)), (400, "Try again: Do you agree?"));
    let answer = person.submits(&page, "consent", &[("decision", "deny")]).await;
    assert_refused(&idp, &answer, "rfc6749-consent-denied", "");
    assert_eq!(title(&person.asks(&web()).await), "Do you agree?", "nothing was remembered");
}

#[tokio::test]
async fn a_form_comes_from_the_page_in_the_same_browser() {
    let idp = server();
    let person = Person::new(&idp);
    let page = person.asks(&web()).await;
    let page = person.is(&page, "alice").await;
    let (action, params) = form(&page, "consent");
    let params = params.with("decision", "approve");
    let id = "rfc6749-form-forged";
    let answer = person.posts(&action, &without(params.clone(), "csrf")).await;
    assert_refused(&idp, &answer, id, "no csrf");
    let other = person.asks(&with(asking(), "client_id", "shop")).await;
    let token = form(&other, "consent").1.get("csrf").expect("a token").to_owned();
    let answer = person.posts(&action, &with(params.clone(), "csrf", &token)).await;
    assert_refused(&idp, &answer, id, "another form");
    let request = Request::post(action.as_str())
        .header("content-type", "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "cross-site");
    let answer = person.sends(request, params.encode().into()).await;
    assert_refused(&idp, &answer, id, "Sec-Fetch-Site");
    assert_eq!((answer.status, answer.location), (400, None));

    let thief = Person::new(&idp);
    thief.takes(person.cookie("mock-idp-session").expect("a session"));
    let answer = thief.posts(&action, &params).await;
    assert_refused(&idp, &answer, "rfc9700-interaction-other-browser", "");
    assert_eq!(error(&person.asks(&web().with("prompt", "none")).await), "consent_required", "nothing was recorded");
    assert!(person.posts(&action, &params).await.redirected().get("code").is_some());
}

#[tokio::test]
async fn a_login_goes_on_in_the_browser_it_began_in() {
    let idp = server();
    let (attacker, victim) = (Person::new(&idp), Person::new(&idp));
    let page = attacker.asks(&web()).await;
    let (action, params) = form(&page, "users");
    let link = format!("{action}?interaction={}", params.get("interaction").expect("an interaction"));
    victim.logs_in(&with(asking(), "client_id", "shop"), "alice").await;
    let id = "rfc9700-interaction-other-browser";
    for answer in [victim.opens(&link).await, victim.posts(&action, &params.clone().with("user", "alice")).await] {
        assert_eq!((answer.status, answer.location.as_deref()), (400, None));
        assert_refused(&idp, &answer, id, "");
    }
    assert_eq!(title(&attacker.opens(&link).await), "Log in", "and the one who began it got nothing");
}

#[tokio::test]
async fn an_interaction_is_used_once_and_ends() {
    let idp = server();
    let person = Person::new(&idp);
    let page = person.asks(&web()).await;
    let (login, params) = form(&page, "users");
    let page = person.is(&page, "alice").await;
    let consent = form(&page, "consent");
    person.agrees(&page).await;
    for (action, params) in [consent, (login, params)] {
        let answer = person.posts(&action, &params.with("decision", "approve")).await;
        assert_refused(&idp, &answer, "rfc6749-interaction-used", "");
        assert_eq!((answer.status, answer.location), (400, None));
    }
    let page = person.asks(&web().with("prompt", "login")).await;
    idp.clock().advance(Duration::from_secs(600));
    let answer = person.is(&page, "alice").await;
    assert_refused(&idp, &answer, "rfc6749-interaction-unknown", "too long");
    for path in ["/login", "/consent?interaction=x", "/select?interaction=x&interaction=x", "/create?interaction="] {
        assert_refused(&idp, &person.opens(path).await, "rfc6749-interaction-unknown", "");
    }
}

#[tokio::test]
async fn a_page_does_nothing_that_is_not_due() {
    let idp = server();
    let person = Person::new(&idp);
    let page = person.asks(&web()).await;
    let (_, params) = form(&page, "users");
    for (path, name, value) in
        [("/consent", "decision", "approve"), ("/create", "username", "carol"), ("/select", "session", "other")]
    {
        let page = person.posts(path, &params.clone().with(name, value)).await;
        assert_eq!(title(&page), "Log in", "{path}");
    }
    let page = person.is(&page, "alice").await;
    assert_eq!(title(&page), "Do you agree?", "nothing was agreed to in advance");
}

#[tokio::test]
async fn what_a_form_carries_changes_nothing_of_the_request() {
    let idp = server();
    let person = Person::new(&idp);
    let page = person.asks(&web()).await;
    let more = [
        ("code_challenge", "x".repeat(43)),
        ("code_challenge_method", "plain".to_owned()),
        ("redirect_uri", "http://127.0.0.1:9/evil".to_owned()),
        ("scope", "openid email admin".to_owned()),
        ("client_id", "shop".to_owned()),
        ("state", "other".to_owned()),
    ];
    let fields = |first: (&'static str, &'static str)| {
        [(first.0, first.1.to_owned())].into_iter().chain(more.clone()).collect::<Vec<_>>()
    };
    let login = fields(("user", "alice"));
    let login: Vec<_> = login.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let page = person.submits(&page, "users", &login).await;
    assert!(!page.body.contains("admin") && !page.body.contains("evil"));
    let agree = fields(("decision", "approve"));
    let agree: Vec<_> = agree.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let answer = person.submits(&page, "consent", &agree).await;
    assert_eq!(answer.redirected().get("state"), Some("st~4te"));
    let claims = claims(&idp, &answer, "web").await;
    assert_eq!((&claims["aud"], &claims["nonce"]), (&json!("web"), &json!("n0nce")));
    assert_ne!(CHALLENGE, more[0].1);
}

#[tokio::test]
async fn a_login_gives_the_browser_another_secret() {
    let idp = server();
    let person = Person::new(&idp);
    person.logs_in(&web(), "alice").await;
    let before = person.cookie("mock-idp-session").expect("a session");
    let page = person.asks(&web().with("prompt", "login")).await;
    let planted = person.copy();
    person.is(&page, "alice").await;
    let after = person.cookie("mock-idp-session").expect("a session");
    assert_ne!(before.value, after.value);
    assert_eq!(error(&planted.asks(&web().with("prompt", "none")).await), "login_required", "the old one is dead");

    // An attacker's own session, planted in a victim's browser.
    let (attacker, victim) = (Person::new(&idp), Person::new(&idp));
    attacker.logs_in(&web(), "bob").await;
    victim.takes(attacker.cookie("mock-idp-session").expect("a session"));
    let page = victim.asks(&web().with("prompt", "login")).await;
    victim.is(&page, "alice").await;
    let hinted = web().with("prompt", "none").with("login_hint", "alice");
    assert!(victim.asks(&hinted).await.redirected().get("code").is_some());
    assert_eq!(error(&attacker.asks(&hinted).await), "login_required");
}

#[tokio::test]
async fn a_session_ends_by_itself() {
    let idp = server();
    let person = Person::new(&idp);
    let silent = || web().with("prompt", "none");
    person.logs_in(&web(), "alice").await;
    for _ in 0..12 {
        idp.clock().advance(Duration::from_secs(3599));
        assert!(person.asks(&silent()).await.redirected().get("code").is_some(), "it is used");
    }
    idp.clock().advance(Duration::from_secs(12));
    assert_eq!(error(&person.asks(&silent()).await), "login_required", "twelve hours are over");
    person.logs_in(&web(), "alice").await;
    idp.clock().advance(Duration::from_secs(3600));
    assert_eq!(error(&person.asks(&silent()).await), "login_required", "an hour is over in which nothing happened");

    let idp =
        builder().amount("session-idle-seconds", 10).amount("session-seconds", 15).in_process().expect("a server");
    idp.clock().set(2_000_000_000);
    let person = Person::new(&idp);
    person.logs_in(&web(), "alice").await;
    idp.clock().advance(Duration::from_secs(9));
    assert!(person.asks(&silent()).await.redirected().get("code").is_some());
    idp.clock().advance(Duration::from_secs(6));
    assert_eq!(error(&person.asks(&silent()).await), "login_required");
}

#[tokio::test]
async fn a_cookie_goes_nowhere_else() {
    for (issuer, base, name, attributes) in [
        ("http://mock-idp.test", "", "mock-idp-session", " Path=/; HttpOnly; SameSite=Lax"),
        ("http://mock-idp.test", "/acme", "mock-idp-session", " Path=/acme; HttpOnly; SameSite=Lax"),
        ("https://idp.example", "", "__Host-mock-idp-session", " Path=/; HttpOnly; SameSite=Lax; Secure"),
        ("https://idp.example", "/acme", "__Secure-mock-idp-session", " Path=/acme; HttpOnly; SameSite=Lax; Secure"),
    ] {
        let idp = builder().issuer(issuer).in_process().expect("a server");
        let person = Person::at(&idp, base);
        person.logs_in(&web(), "alice").await;
        assert_eq!(person.cookie(name).expect(name).attributes, attributes);
        let browser = name.replace("session", "browser");
        assert_eq!(person.cookie(&browser).expect("a browser's secret").attributes, attributes);
        assert!(person.asks(&web().with("prompt", "none")).await.redirected().get("code").is_some());
    }
}

#[tokio::test]
async fn somebody_else_than_the_hint_says_does_not_do() {
    let idp = server();
    let person = Person::new(&idp);
    let answer = person.logs_in(&web(), "alice").await;
    let params = answer.redirected();
    let redeems = with(redeeming(params.get("code").expect("a code")), "client_id", "web");
    let tokens = Browser::new(&idp).post("/token", redeems.encode(), Some(&basic("web", "secret"))).await.tokens();
    let hinted = web().with("id_token_hint", tokens["id_token"].as_str().expect("a token"));
    assert!(person.asks(&hinted.clone().with("prompt", "none")).await.redirected().get("code").is_some());

    let other = Person::new(&idp);
    other.logs_in(&web(), "bob").await;
    assert_eq!(error(&other.asks(&hinted.clone().with("prompt", "none")).await), "login_required");
    let page = other.asks(&hinted).await;
    assert_eq!(title(&page), "Log in");
    let answer = other.is(&page, "bob").await;
    assert_refused(&idp, &answer, "oidc-id-token-hint-other-user", "");
}

#[tokio::test]
async fn a_page_is_plain_and_cannot_be_framed() {
    let idp = server();
    let person = Person::new(&idp);
    let login = person.asks(&web().with("login_hint", "\"><script>alert(1)</script>")).await;
    let consent = person.is(&login, "alice").await;
    for page in [&login, &consent] {
        assert_eq!(page.header("x-frame-options"), Some("DENY"));
        assert_eq!(page.header("cache-control"), Some("no-store"));
        assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
        let policy = page.header("content-security-policy").expect("a policy");
        for part in
            ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self' http: https:"]
        {
            assert!(policy.contains(part), "{policy}");
        }
        assert!(page.body.starts_with("<!DOCTYPE html>\n<html lang=\"en\">") && page.body.contains("<main>\n<h1>"));
        assert!(
            !page.body.contains("<script") && !page.body.contains("autofocus") && !page.body.contains("tabindex")
        );
        assert!(page.body.contains("The &#60;Web&#62;"), "{}", page.body);
        assert_eq!(page.header("access-control-allow-origin"), None);
    }
    for id in ["users", "user-alice", "user-bobby", "login-form", "username", "password", "claims", "login", "cancel"]
    {
        assert!(login.body.contains(&format!(" id=\"{id}\"")), "{id}");
    }
    for id in
        ["consent", "client", "client-id", "redirect-uri", "account", "scope", "consent-approve", "consent-deny"]
    {
        assert!(consent.body.contains(&format!(" id=\"{id}\"")), "{id}");
    }
    for label in ["<label for=\"username\">", "<label for=\"password\">", "<label for=\"claims\">"] {
        assert!(login.body.contains(label));
    }
}

#[tokio::test]
async fn a_parallel_login_does_not_disturb_another() {
    let idp = server();
    let person = Person::new(&idp);
    let (one, other) = (person.asks(&web()).await, person.asks(&with(asking(), "client_id", "shop")).await);
    let page = person.is(&one, "alice").await;
    assert!(person.agrees(&page).await.redirected().get("code").is_some());
    let page = person.is(&other, "bob").await;
    let answer = person.agrees(&page).await;
    assert_eq!(claims(&idp, &answer, "shop").await["sub"], "bob");
}

#[tokio::test]
async fn nobody_agrees_in_the_name_of_another() {
    let idp = server();
    let person = Person::new(&idp);
    let login = person.asks(&web()).await;
    let page = person.is(&login, "alice").await;
    person.is(&login, "bob").await;
    let answer = person.agrees(&page).await;
    assert_eq!((answer.status, title(&answer)), (400, "Try again: Do you agree?"));
    assert!(answer.body.contains("Somebody else is logged in") && answer.body.contains("<small>bobby</small>"));
    let answer = person.agrees(&answer).await;
    assert_eq!(claims(&idp, &answer, "web").await["sub"], "bob");
}

#[tokio::test]
async fn a_posted_request_goes_on_by_get() {
    let idp = server();
    let person = Person::new(&idp);
    let answer = person.posts_once("/authorize", &web()).await;
    assert_eq!(answer.status, 303);
    assert!(answer.location.as_deref().is_some_and(|to| to.starts_with("/login?interaction=")), "{answer:?}");
    let page = person.posts("/authorize", &web()).await;
    let answer = person.is(&page, "alice").await;
    assert!(person.agrees(&answer).await.redirected().get("code").is_some());
}

#[tokio::test]
async fn a_pushed_request_is_used_once_however_many_pages_there_are() {
    let idp = server();
    let person = Person::new(&idp);
    let pushed = Browser::new(&idp).post("/par", web().encode(), Some(&basic("web", "secret"))).await;
    let reference = pushed.json()["request_uri"].as_str().expect("a reference").to_owned();
    let asks = Params::new().with("client_id", "web").with("request_uri", reference);
    let page = person.asks(&asks).await;
    let page = person.is(&page, "alice").await;
    assert!(page.body.contains("<code>email</code>"), "{}", page.body);
    let answer = person.agrees(&page).await;
    assert_eq!(claims(&idp, &answer, "web").await["nonce"], "n0nce");
    let again = person.asks(&asks).await;
    assert_eq!((again.status, again.location.as_deref()), (400, None));
    assert_refused(&idp, &again, "rfc9126-request-uri-reused", "");
}

#[tokio::test]
async fn a_password_keeps_devices_out_as_well() {
    let tv = Client::public("tv").grant_types(["urn:ietf:params:oauth:grant-type:device_code"]);
    let idp = builder().client(tv).in_process().expect("a server");
    let person = Person::new(&idp);
    let begun = Browser::new(&idp).post("/device_authorization", "client_id=tv&scope=openid".to_owned(), None).await;
    let uri = begun.json()["verification_uri_complete"].as_str().expect("a page").to_owned();
    let page = person.opens(uri.trim_start_matches(idp.issuer())).await;
    let params = form(&page, "decide").1.with("decision", "approve").with("user", "paula");
    let answer = person.posts("/device", &params).await;
    assert_refused(&idp, &answer, "rfc8628-user-unknown", "logged in here first");
    let login = person.asks(&web()).await;
    person.submits(&login, "login-form", &[("username", "paula"), ("password", "canary-pass")]).await;
    let answer = person.posts("/device", &params).await;
    assert!(answer.body.contains("Approved"), "{}", answer.body);
}
