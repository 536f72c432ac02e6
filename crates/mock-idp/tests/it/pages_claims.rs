//! Pages: claims that are entered for one login.

use mock_idp::User;
use oauth_types::scenario::{Destination, NextLogin};
use serde_json::json;

use crate::browser::{Browser, basic, decode, redeeming, with, without};
use crate::pages::{builder, claims, web};
use crate::person::{Person, form, title};

#[tokio::test]
async fn claims_are_entered_for_one_login() {
    let idp = builder().in_process().expect("a server");
    let person = Person::new(&idp);
    let mut page = person.asks(&web()).await;
    for (text, complains) in [
        ("{", "one JSON object"),
        ("[1]", "one JSON object"),
        ("{\"role\":1,\"role\":2}", "no name occurs twice"),
        ("{\"sub\":\"eve\"}", "a fault makes it lie"),
        (&format!("{{\"a\":\"{}\"}}", "x".repeat(4000)), "at most 4000"),
    ] {
        page = person.submits(&page, "login-form", &[("username", "bobby"), ("claims", text)]).await;
        assert_eq!((page.status, title(&page)), (400, "Try again: Log in"), "{text}");
        assert!(page.body.contains(complains), "{}", page.body);
        assert!(page.body.contains("value=\"bobby\""), "what was not wrong stays");
        let escaped = text.replace('"', "&#34;");
        assert!(text.len() > 4000 || page.body.contains(&format!("\n{escaped}</textarea>")), "{}", page.body);
    }
    let told = r#"{"roles":["admin"],"preferred_username":null,"nested":{"<":"&"}}"#;
    let page = person.submits(&page, "login-form", &[("username", "bobby"), ("claims", told)]).await;
    let answer = person.agrees(&page).await;
    let code = answer.redirected().get("code").expect("a code").to_owned();
    let redeems = with(redeeming(&code), "client_id", "web");
    let tokens = Browser::new(&idp).post("/token", redeems.encode(), Some(&basic("web", "secret"))).await.tokens();
    let userinfo = Browser::new(&idp).userinfo(tokens["access_token"].as_str().expect("a token")).await.json();
    for told in [decode(&tokens["id_token"]).1, decode(&tokens["access_token"]).1, userinfo] {
        assert_eq!((&told["sub"], &told["roles"]), (&json!("bob"), &json!(["admin"])), "{told}");
        assert_eq!((&told["nested"], told.get("preferred_username")), (&json!({"<": "&"}), None), "{told}");
    }
    let answer = person.asks(&web()).await;
    assert_eq!(claims(&idp, &answer, "web").await.get("roles"), None, "another login");
}

#[tokio::test]
async fn claims_that_were_entered_are_of_who_logs_in_then() {
    let idp = builder()
        .user(User::new("otto").password("canary-pass").one_time_code("123456"))
        .in_process()
        .expect("a server");
    idp.next_login(NextLogin::pages().claim_in(Destination::IdToken, "roles", ["user"]).claim_in(
        Destination::IdToken,
        "team",
        "red",
    ));
    let person = Person::new(&idp);
    let page = person.asks(&web()).await;
    let fields = [("username", "otto"), ("password", "canary-pass"), ("claims", r#"{"roles":["admin"]}"#)];
    let page = person.submits(&page, "login-form", &fields).await;
    assert_eq!(title(&page), "Enter your code");
    let page = person.submits(&page, "otp-form", &[("otp", "123456")]).await;
    let answer = person.agrees(&page).await;
    let said = claims(&idp, &answer, "web").await;
    assert_eq!((&said["roles"], &said["team"]), (&json!(["admin"]), &json!("red")), "beside what a test says");

    let page = person.asks(&web().with("prompt", "login")).await;
    let page =
        person.submits(&page, "login-form", &[("username", "bobby"), ("claims", r#"{"roles":["admin"]}"#)]).await;
    assert_eq!(title(&page), "Do you agree?");
    let (_, params) = form(&page, "consent");
    let params = without(params, "session").with("session", "other");
    let page = person.posts("/select", &params).await;
    let page = person.is(&page, "alice").await;
    let said = claims(&idp, &person.agrees(&page).await, "web").await;
    assert_eq!((&said["sub"], said.get("roles")), (&json!("alice"), None));
}

#[tokio::test]
async fn claims_that_were_entered_are_not_of_whoever_comes_after() {
    let idp = builder().on("logout-unasked").in_process().expect("a server");
    let person = Person::new(&idp);
    let page = person.asks(&web().with("prompt", "consent")).await;
    let page =
        person.submits(&page, "login-form", &[("username", "alice"), ("claims", r#"{"roles":["admin"]}"#)]).await;
    assert_eq!(title(&page), "Do you agree?");
    let (action, params) = form(&page, "consent");
    // In another window.
    person.opens("/logout").await;
    let other = person.asks(&web()).await;
    person.is(&other, "bob").await;
    let here = format!("{action}?interaction={}", params.get("interaction").expect("an interaction"));
    let page = person.opens(&here).await;
    assert!(title(&page) == "Do you agree?" && page.body.contains("bobby"), "{}", page.body);
    let said = claims(&idp, &person.agrees(&page).await, "web").await;
    assert_eq!((&said["sub"], said.get("roles")), (&json!("bob"), None));
}
