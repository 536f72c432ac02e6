//! People: what is told of them where, at every login and at one alone, and who they show to be.

use http::Request;
use mock_idp::{MockIdp, User};
use oauth_types::Params;
use oauth_types::scenario::{Destination, MULTI_FACTOR, NextLogin, UserSetup};
use serde_json::{Value, json};

use crate::browser::{Answer, Browser, asking, decode, redeeming, refreshing, with};
use crate::person::{Person, form, title};
use crate::refusals::{assert_quiet, assert_refused};

fn server() -> MockIdp {
    MockIdp::builder().in_process().expect("nothing can fail")
}

/// What the three destinations say: the ID token, the access token, UserInfo.
struct Said {
    id_token: Value,
    access_token: Value,
    userinfo: Value,
    refresh_token: Value,
}

async fn said(browser: &Browser<'_>, tokens: Value) -> Said {
    let userinfo = browser.userinfo(tokens["access_token"].as_str().expect("a token")).await.json();
    let (id_token, access_token) = (decode(&tokens["id_token"]).1, decode(&tokens["access_token"]).1);
    Said { id_token, access_token, userinfo, refresh_token: tokens["refresh_token"].clone() }
}

async fn log_in(browser: &Browser<'_>, params: &Params) -> Said {
    let tokens = browser.token(&redeeming(&browser.code(params).await)).await.tokens();
    said(browser, tokens).await
}

impl Said {
    fn told(&self, name: &str) -> [&Value; 3] {
        [&self.id_token[name], &self.access_token[name], &self.userinfo[name]]
    }
}

/// Peers §3, row 16.
#[tokio::test]
async fn row_16_id_token_access_token_and_userinfo_have_different_claims() {
    let carol = User::new("carol")
        .claim("email", "carol@example.com")
        .claim("groups", ["all"])
        .claim_in(Destination::IdToken, "groups", ["id"])
        .claim_in(Destination::AccessToken, "groups", ["access"])
        .claim_in(Destination::AccessToken, "roles", ["admin"])
        .claim_in(Destination::Userinfo, "email", Value::Null)
        .claim_in(Destination::IdToken, "email", "id@example.com");
    let idp = MockIdp::builder().user(carol).in_process().expect("a server");
    let browser = Browser::new(&idp);
    let said = log_in(&browser, &asking()).await;
    assert_eq!(said.told("groups"), [&json!(["id"]), &json!(["access"]), &json!(["all"])]);
    assert_eq!(said.told("roles"), [&Value::Null, &json!(["admin"]), &Value::Null]);
    assert_eq!(said.told("email"), [&json!("id@example.com"), &Value::Null, &Value::Null]);
    assert_eq!(said.told("sub"), [&json!("carol"); 3]);
    assert_eq!(said.userinfo, json!({"sub": "carol", "groups": ["all"]}));
}

#[tokio::test]
async fn nobody_is_told_what_only_the_server_says() {
    let mut eve = User::new("eve").claim("sub", "alice");
    for name in ["sub", "iss", "aud", "exp", "nonce", "acr", "azp", "nbf", "jti", "cnf", "client_id"] {
        for at in [Destination::IdToken, Destination::AccessToken, Destination::Userinfo] {
            eve = eve.claim_in(at, name, "alice");
        }
    }
    let idp = MockIdp::builder().user(eve).in_process().expect("a server");
    let said = log_in(&Browser::new(&idp), &asking()).await;
    for claims in [said.id_token, said.access_token, said.userinfo] {
        assert_eq!(claims["sub"], "eve");
        assert!(!claims.to_string().contains("alice"), "{claims}");
    }
}

/// Peers §3, row 14.
#[tokio::test]
async fn row_14_users_have_claims_that_are_chosen_at_login_or_per_test() {
    let idp = server();
    let browser = Browser::new(&idp);
    let next = r#"{"user":"bob","claims":{"email":"other@example.com","tier":"gold"},"id_token":{"tier":"id"},
        "access_token":{"roles":["admin"]},"userinfo":{"tier":null}}"#;
    idp.next_login(serde_json::from_str(next).expect("a login"));
    let bob = log_in(&browser, &asking()).await;
    assert_eq!(bob.told("sub"), [&json!("bob"); 3]);
    assert_eq!(bob.told("tier"), [&json!("id"), &Value::Null, &Value::Null]);
    assert_eq!(bob.userinfo["email"], "other@example.com");
    assert_eq!(bob.access_token["roles"], json!(["admin"]));

    let other = log_in(&browser, &asking().with("login_hint", "bob")).await;
    assert_eq!(other.told("tier"), [&Value::Null; 3], "it was said of one login");
    assert_eq!((&other.userinfo["email"], &other.access_token["roles"]), (&json!("bob@example.com"), &Value::Null));

    let tokens = browser.token(&refreshing(&bob.refresh_token)).await.tokens();
    let again = said(&browser, tokens).await;
    assert_eq!(again.told("tier"), [&json!("id"), &Value::Null, &Value::Null], "refreshed tokens agree");
    assert_eq!(again.told("roles"), bob.told("roles"));
    assert_eq!(again.userinfo, bob.userinfo);
}

/// Peers §3, row 15.
#[tokio::test]
async fn row_15_a_login_needs_no_page_in_end_to_end_tests() {
    let idp = MockIdp::builder().on("login-pages").in_process().expect("a server");
    let browser = Browser::new(&idp);
    idp.login("bob");
    assert_eq!(log_in(&browser, &asking()).await.id_token["sub"], "bob");
    idp.login(NextLogin::deny());
    let denied = browser.authorize(&asking()).await;
    assert_refused(&idp, &denied, "rfc6749-consent-denied", "");
    assert_eq!(title(&Person::new(&idp).asks(&asking()).await), "Log in", "and then there are pages again");

    let acme = idp.tenant("acme");
    acme.login("bob".to_owned());
    let acme = log_in(&Browser { idp: &idp, base: "/acme" }, &asking()).await;
    assert_eq!(acme.id_token["sub"], "bob");
}

#[tokio::test]
async fn somebody_is_made_for_a_login() {
    let idp = server();
    let browser = Browser::new(&idp);
    let dave = UserSetup::new("dave").claim("email", "dave@example.com");
    let dave = dave.claim_in(Destination::AccessToken, "roles", ["admin"]);
    idp.login(dave.clone());
    let first = log_in(&browser, &asking()).await;
    assert_eq!(first.told("sub"), [&json!("dave"); 3]);
    assert_eq!(
        (&first.userinfo["email"], &first.access_token["roles"]),
        (&json!("dave@example.com"), &json!(["admin"]))
    );
    let known = log_in(&browser, &asking().with("login_hint", "dave@example.com")).await;
    assert_eq!(known.userinfo, first.userinfo, "they are known from then on");

    idp.login(NextLogin::person(dave.claim("email", "d@example.com")).claim("tier", "gold").mfa());
    let second = log_in(&browser, &asking()).await;
    assert_eq!((&second.userinfo["email"], &second.userinfo["tier"]), (&json!("d@example.com"), &json!("gold")));
    assert_eq!(second.id_token["acr"], MULTI_FACTOR);
    let known = log_in(&browser, &asking().with("login_hint", "dave")).await;
    assert_eq!(known.userinfo, json!({"sub": "dave", "email": "d@example.com"}));
}

#[tokio::test]
async fn who_is_made_for_a_login_is_nobody_who_is_configured() {
    let idp = server();
    let browser = Browser::new(&idp);
    idp.login(UserSetup::new("alice"));
    assert_refused(&idp, &browser.authorize(&asking()).await, "oidc-subject-taken", "say user");
    idp.login(UserSetup::new("eve").claim("preferred_username", "alice"));
    assert_eq!(log_in(&browser, &asking()).await.id_token["sub"], "eve");
    let hinted = log_in(&browser, &asking().with("login_hint", "alice")).await;
    assert_eq!(hinted.id_token["sub"], "alice", "the name is that of the configured user");
}

#[test]
#[should_panic(expected = "sub is no claim of a person")]
fn a_login_that_says_another_sub_is_refused() {
    server().login(NextLogin::user("bob").claim("sub", "eve"));
}

#[tokio::test]
async fn what_is_said_of_one_login_holds_on_the_pages_too() {
    let idp = server();
    let person = Person::new(&idp);
    let next = NextLogin::pages().claim("tier", "gold");
    idp.next_login(NextLogin { person: Some(Box::new(UserSetup::new("dave"))), ..next });
    let code = person.logs_in(&asking(), "dave").await.redirected().get("code").expect("a code").to_owned();
    let browser = Browser::new(&idp);
    let tokens = browser.token(&redeeming(&code)).await.tokens();
    assert_eq!(said(&browser, tokens).await.userinfo, json!({"sub": "dave", "tier": "gold"}));
}

#[tokio::test]
async fn a_scripted_login_has_more_than_one_factor() {
    let idp = server();
    idp.login(NextLogin::user("bob").mfa());
    let essential = format!(r#"{{"id_token":{{"acr":{{"essential":true,"value":"{MULTI_FACTOR}"}}}}}}"#);
    let said = log_in(&Browser::new(&idp), &asking().with("claims", essential)).await;
    assert_eq!((&said.id_token["acr"], &said.id_token["amr"]), (&json!(MULTI_FACTOR), &json!(["pwd", "otp", "mfa"])));
}

fn with_pages() -> MockIdp {
    MockIdp::builder()
        .user(User::new("alice").password("pa55").one_time_code("123456"))
        .user(User::new("bob").one_time_code("654321"))
        .user(User::new("carol").password("pa55"))
        .on("login-pages")
        .in_process()
        .expect("a server")
}

async fn enters_password(person: &Person<'_>, page: &Answer, user: &str) -> Answer {
    person.submits(page, "login-form", &[("username", user), ("password", "pa55")]).await
}

async fn enters_code(person: &Person<'_>, page: &Answer, code: &str) -> Answer {
    person.submits(page, "otp-form", &[("otp", code)]).await
}

/// The ID token of who agrees on this page.
async fn id_token(idp: &MockIdp, person: &Person<'_>, page: &Answer) -> Value {
    let answer = if page.location.is_some() { None } else { Some(person.agrees(page).await) };
    let code = answer.as_ref().unwrap_or(page).redirected().get("code").expect("a code").to_owned();
    decode(&Browser::new(idp).token(&redeeming(&code)).await.tokens()["id_token"]).1
}

#[tokio::test]
async fn a_one_time_code_is_asked_for_after_the_password() {
    let idp = with_pages();
    let person = Person::new(&idp);
    let page = person.asks(&asking()).await;
    let page = enters_password(&person, &page, "alice").await;
    assert_eq!((page.status, title(&page)), (200, "Enter your code"));
    assert!(page.body.contains(r#"<label for="otp">One-time code</label>"#), "{}", page.body);
    assert!(page.body.contains(r#"<input id="otp" name="otp""#) && page.body.contains(r#"id="cancel""#));
    assert!(page.body.contains(r#"autocomplete="one-time-code""#) && page.body.contains("alice"));
    let wrong = enters_code(&person, &page, "canary").await;
    assert_eq!((wrong.status, title(&wrong)), (400, "Try again: Enter your code"));
    assert!(wrong.body.contains(r#"<p id="complaint" role="alert">This code is wrong.</p>"#));
    assert_quiet(&idp, &wrong, &["canary", "123456"]);
    let page = enters_code(&person, &wrong, " 123456 ").await;
    assert_eq!(title(&page), "Do you agree?");
    let claims = id_token(&idp, &person, &page).await;
    assert_eq!((&claims["sub"], &claims["acr"]), (&json!("alice"), &json!(MULTI_FACTOR)));
    assert_eq!(claims["amr"], json!(["pwd", "otp", "mfa"]));
}

#[tokio::test]
async fn a_code_without_a_password_is_one_factor() {
    let idp = with_pages();
    let person = Person::new(&idp);
    let page = person.asks(&asking()).await;
    let page = person.is(&page, "bob").await;
    let page = enters_code(&person, &page, "654321").await;
    let claims = id_token(&idp, &person, &page).await;
    assert_eq!((claims.get("acr"), &claims["amr"]), (None, &json!(["otp"])));
}

#[tokio::test]
async fn nobody_is_logged_in_before_the_code() {
    let idp = with_pages();
    let person = Person::new(&idp);
    let page = person.asks(&asking()).await;
    let (login, fields) = form(&page, "login-form");
    let otp = enters_password(&person, &page, "alice").await;
    let mut agreeing = fields.clone();
    agreeing.push("decision", "approve");
    let answer = person.posts(&login.replace("/login", "/consent"), &agreeing).await;
    assert_eq!(title(&answer), "Enter your code", "agreeing is not due");
    let early = person.asks(&with(asking(), "prompt", "none")).await;
    assert_eq!(early.redirected().get("error"), Some("login_required"), "there is no session");
    let page = enters_password(&person, &page, "carol").await;
    assert_eq!(title(&page), "Do you agree?", "who it is may be said again");
    let late = enters_code(&person, &otp, "123456").await;
    assert_eq!(title(&late), "Do you agree?", "a code is not due any more");
    assert_eq!(id_token(&idp, &person, &late).await["sub"], "carol");
}

#[tokio::test]
async fn a_code_is_guessed_five_times_at_most() {
    let idp = with_pages();
    let person = Person::new(&idp);
    let mut page = enters_password(&person, &person.asks(&asking()).await, "alice").await;
    for tries in 1..5 {
        page = enters_code(&person, &page, "1").await;
        assert_eq!(title(&page), "Try again: Enter your code", "{tries}");
    }
    page = enters_code(&person, &page, "1").await;
    assert_refused(&idp, &page, "rfc6749-one-time-code-guessed", "");
    assert_eq!(page.redirected().get("error"), Some("access_denied"));
}

#[tokio::test]
async fn logging_in_again_gives_no_further_guesses() {
    let idp = with_pages();
    let person = Person::new(&idp);
    let login = person.asks(&asking()).await;
    for _ in 0..4 {
        let page = enters_password(&person, &login, "alice").await;
        assert_eq!(title(&enters_code(&person, &page, "1").await), "Try again: Enter your code");
    }
    let page = enters_password(&person, &login, "alice").await;
    let right = enters_code(&person, &page, "123456").await;
    assert_eq!(title(&right), "Do you agree?", "the fifth was right");

    let person = Person::new(&idp);
    let login = person.asks(&asking()).await;
    for _ in 0..4 {
        let page = enters_password(&person, &login, "alice").await;
        enters_code(&person, &page, "1").await;
    }
    let page = enters_password(&person, &login, "alice").await;
    let answer = enters_code(&person, &page, "1").await;
    assert_refused(&idp, &answer, "rfc6749-one-time-code-guessed", "");
}

#[tokio::test]
async fn the_second_factor_may_be_refused() {
    let idp = with_pages();
    let person = Person::new(&idp);
    let page = enters_password(&person, &person.asks(&asking()).await, "alice").await;
    let answer = person.submits(&page, "cancel-form", &[("decision", "cancel")]).await;
    assert_refused(&idp, &answer, "rfc6749-login-cancelled", "");
}

#[tokio::test]
async fn whoever_asks_for_more_than_one_factor_is_led_there() {
    let idp = with_pages();
    let browser = Browser::new(&idp);
    let essential = format!(r#"{{"id_token":{{"acr":{{"essential":true,"value":"{MULTI_FACTOR}"}}}}}}"#);
    for asks in [asking().with("acr_values", MULTI_FACTOR), asking().with("claims", essential.as_str())] {
        let person = Person::new(&idp);
        idp.login(NextLogin::user("alice").amr(["pwd"]));
        // The browser keeps the session of a login with one factor.
        assert!(person.asks(&asking()).await.redirected().get("code").is_some());
        let page = person.asks(&asks).await;
        assert_eq!(title(&page), "Log in", "{asks:?}");
        let page = enters_password(&person, &page, "alice").await;
        assert_eq!(title(&page), "Enter your code");
        let page = enters_code(&person, &page, "123456").await;
        assert_eq!(id_token(&idp, &person, &page).await["acr"], MULTI_FACTOR);
        let again = person.asks(&asks).await;
        assert!(again.location.is_some() || title(&again) == "Do you agree?", "it is not asked for twice");
    }
    let person = Person::new(&idp);
    let asks = asking().with("claims", essential.as_str());
    let page = enters_password(&person, &person.asks(&asks).await, "carol").await;
    assert_refused(&idp, &page, "oidc-acr-unmet", "this login has urn:oasis");
    let none = browser.authorize(&asks.with("prompt", "none")).await;
    assert_eq!(none.redirected().get("error"), Some("login_required"));
}

#[tokio::test]
async fn a_voluntary_acr_shows_no_page_where_the_client_forbids_it() {
    let idp = with_pages();
    let person = Person::new(&idp);
    idp.login(NextLogin::user("alice").amr(["pwd"]));
    assert!(person.asks(&asking()).await.redirected().get("code").is_some());
    let asks = asking().with("acr_values", MULTI_FACTOR).with("prompt", "none");
    let answer = person.asks(&asks).await;
    assert_ne!(answer.redirected().get("error"), Some("login_required"), "less will do");
}

#[tokio::test]
async fn a_login_with_two_factors_is_one_with_a_password() {
    let idp = with_pages();
    let person = Person::new(&idp);
    let password = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport";
    let essential = format!(r#"{{"id_token":{{"acr":{{"essential":true,"value":"{password}"}}}}}}"#);
    let page = enters_password(&person, &person.asks(&asking().with("claims", essential)).await, "alice").await;
    let page = enters_code(&person, &page, "123456").await;
    let claims = id_token(&idp, &person, &page).await;
    assert_eq!((&claims["acr"], &claims["amr"]), (&json!(password), &json!(["pwd", "otp", "mfa"])));
}

#[tokio::test]
async fn the_page_for_codes_is_no_tenant() {
    let idp = with_pages();
    let answer = idp.call(Request::get("/otp/authorize").body(bytes::Bytes::new()).expect("a request")).await;
    assert_eq!(answer.status(), 404);
}

#[tokio::test]
async fn no_refusal_about_people_shows_a_secret() {
    let idp = with_pages();
    let person = Person::new(&idp);
    let setup = UserSetup::new("alice").password("canary-password").one_time_code("canary-code");
    let mut printed = format!("{:?} {:?} {setup:?}", User::from(setup.clone()), NextLogin::person(setup.clone()));
    idp.login(setup);
    printed += &format!("{:?}", person.asks(&asking()).await);
    for entry in idp.journal() {
        printed += &format!("{entry:?} {entry}");
    }
    assert!(!printed.contains("canary"), "{printed}");
}
