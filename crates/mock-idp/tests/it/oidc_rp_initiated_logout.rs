//! OpenID Connect RP-Initiated Logout 1.0: a client has somebody logged out, if it is theirs to do.

use std::time::Duration;

use mock_idp::{Client, MockIdp, User};
use oauth_types::Params;
use oauth_types::fault::{Edit, Fault, Point};
use oauth_types::scenario::NextLogin;
use serde_json::{Value, json};

use crate::browser::{Answer, Browser, REDIRECT_URI, asking, decode, redeeming, refreshing, with};
use crate::person::{Person, title};
use crate::refusals::assert_refused;

const BYE: &str = "https://app.example/bye";

fn server() -> MockIdp {
    let client = |id| Client::public(id).redirect_uri(REDIRECT_URI);
    MockIdp::builder()
        .client(client("public").post_logout_redirect_uri(BYE).post_logout_redirect_uri("https://app.example/2?x=1"))
        .client(client("other").post_logout_redirect_uri("https://other.example/bye"))
        .client(Client::public("tool").any_loopback_redirect())
        .user(User::new("alice"))
        .user(User::new("bob"))
        .in_process()
        .expect("a server")
}

/// The tokens that an authorization response leads to.
async fn tokens(idp: &MockIdp, answer: &Answer) -> Value {
    let params = answer.redirected();
    let code = params.get("code").unwrap_or_else(|| panic!("no code in {params:?}"));
    Browser::new(idp).token(&redeeming(code)).await.tokens()
}

fn leaving(pairs: &[(&str, &str)]) -> String {
    format!("/logout?{}", pairs.iter().copied().collect::<Params>().encode())
}

fn hint(tokens: &Value) -> &str {
    tokens["id_token"].as_str().expect("an ID token")
}

/// Whether a refresh token still works.
async fn refreshes(idp: &MockIdp, tokens: &Value) -> bool {
    Browser::new(idp).token(&refreshing(&tokens["refresh_token"])).await.status == 200
}

#[tokio::test]
async fn a_client_logs_out_whoever_it_has_an_id_token_of() {
    let idp = server();
    let person = Person::new(&idp);
    let tokens = tokens(&idp, &person.asks(&asking()).await).await;
    assert!(decode(&tokens["id_token"]).1["sid"].is_string());
    let path = leaving(&[("id_token_hint", hint(&tokens)), ("post_logout_redirect_uri", BYE), ("state", "st~4te")]);
    let answer = person.opens(&path).await;
    assert_eq!((answer.status, answer.location.as_deref()), (303, Some("https://app.example/bye?state=st~4te")));
    assert_eq!(person.cookie("mock-idp-session").map(|held| held.value), None);
    assert!(!refreshes(&idp, &tokens).await, "Back-Channel Logout 2.7");
    assert_eq!(Browser::new(&idp).userinfo(tokens["access_token"].as_str().expect("a token")).await.status, 401);
    let again = person.opens(&path).await;
    assert_eq!(again.status, 303, "it is done already");
}

#[tokio::test]
async fn a_client_without_a_browser_logs_out_its_own_session() {
    let idp = server();
    let browser = Browser::new(&idp);
    let (one, other) = (browser.log_in().await, browser.log_in().await);
    assert_ne!(decode(&one["id_token"]).1["sid"], decode(&other["id_token"]).1["sid"]);
    idp.clock().advance(Duration::from_secs(3599));
    let answer = browser.fetch(&leaving(&[("id_token_hint", hint(&one))])).await;
    assert_eq!((answer.status, title(&answer)), (200, "You are logged out"));
    assert!(!refreshes(&idp, &one).await && refreshes(&idp, &other).await);
}

#[tokio::test]
async fn a_code_of_a_session_that_has_ended_is_worth_nothing() {
    let idp = server();
    let person = Person::new(&idp);
    let tokens = tokens(&idp, &person.asks(&asking()).await).await;
    let params = person.asks(&asking()).await.redirected();
    person.opens(&leaving(&[("id_token_hint", hint(&tokens))])).await;
    let answer = Browser::new(&idp).token(&redeeming(params.get("code").expect("a code"))).await;
    assert_eq!(answer.json()["error"], "invalid_grant");
}

#[tokio::test]
async fn what_was_granted_for_offline_access_lasts() {
    let idp = server();
    let person = Person::new(&idp);
    let offline = with(asking(), "scope", "openid offline_access");
    let offline = tokens(&idp, &person.asks(&offline).await).await;
    let online = tokens(&idp, &person.asks(&asking()).await).await;
    assert_eq!(decode(&offline["id_token"]).1["sid"], decode(&online["id_token"]).1["sid"]);
    person.opens(&leaving(&[("id_token_hint", hint(&online))])).await;
    assert!(refreshes(&idp, &offline).await && !refreshes(&idp, &online).await);
}

#[tokio::test]
async fn one_session_serves_every_client_in_a_browser() {
    let idp = server();
    idp.clock().set(2_000_000_000);
    let person = Person::new(&idp);
    let first = tokens(&idp, &person.asks(&asking()).await).await;
    idp.clock().advance(Duration::from_secs(60));
    let params = person.asks(&with(asking(), "client_id", "other")).await.redirected();
    let code = params.get("code").expect("a code");
    let second = Browser::new(&idp).token(&with(redeeming(code), "client_id", "other")).await.tokens();
    let claims = [decode(&first["id_token"]).1, decode(&second["id_token"]).1];
    assert_eq!((&claims[0]["sid"], &claims[0]["auth_time"]), (&claims[1]["sid"], &claims[1]["auth_time"]));
    assert_eq!(claims[1]["auth_time"], 2_000_000_000_u64, "nobody logged in again");
    let renewed = tokens(&idp, &person.asks(&asking().with("prompt", "login")).await).await;
    let renewed = decode(&renewed["id_token"]).1;
    assert_eq!((&renewed["sid"], &renewed["auth_time"]), (&claims[0]["sid"], &json!(2_000_000_060_u64)));
    let bob = tokens(&idp, &person.asks(&asking().with("login_hint", "bob")).await).await;
    assert_ne!(decode(&bob["id_token"]).1["sid"], claims[0]["sid"]);
    let still = tokens(&idp, &person.asks(&asking().with("prompt", "none")).await).await;
    assert_eq!(decode(&still["id_token"]).1["sub"], "bob", "who is logged in stays logged in");
    idp.next_login(NextLogin::user("alice"));
    let alice = tokens(&idp, &person.asks(&asking()).await).await;
    assert_eq!(decode(&alice["id_token"]).1["sid"], claims[0]["sid"]);
}

#[tokio::test]
async fn whoever_shows_no_id_token_has_the_person_asked() {
    let idp = server();
    let person = Person::new(&idp);
    let tokens = tokens(&idp, &person.asks(&asking()).await).await;
    let path = leaving(&[("client_id", "public"), ("post_logout_redirect_uri", BYE), ("state", "s")]);
    let page = person.opens(&path).await;
    assert_eq!((page.status, title(&page)), (200, "Do you want to log out?"));
    assert!(page.body.contains("id=\"logout-approve\"") && page.body.contains("<li>alice <small>alice</small></li>"));
    assert_eq!(page.header("x-frame-options"), Some("DENY"));
    let answer = person.submits(&page, "logout", &[("decision", "deny")]).await;
    assert_eq!(title(&answer), "You are still logged in");
    assert!(refreshes(&idp, &tokens).await);
    let answer = person.submits(&page, "logout", &[("decision", "approve")]).await;
    assert_eq!((answer.status, answer.location.as_deref()), (303, Some("https://app.example/bye?state=s")));
    assert!(!refreshes(&idp, &tokens).await);
    assert_eq!(person.opens(&path).await.status, 303, "nobody is left to be asked");
    assert_eq!(title(&person.opens("/logout").await), "You are logged out");
}

#[tokio::test]
async fn a_page_of_somebody_else_logs_nobody_out() {
    let idp = server();
    let person = Person::new(&idp);
    let tokens = tokens(&idp, &person.asks(&asking()).await).await;
    person.opens("/logout").await;
    for forged in [Params::new(), Params::new().with("csrf", "x")] {
        let answer = person.posts("/logout", &forged.with("decision", "approve")).await;
        assert_refused(&idp, &answer, "rfc6749-form-forged", "");
    }
    assert_eq!(title(&person.opens("/logout?decision=approve").await), "Do you want to log out?");
    assert_eq!(title(&person.posts("/logout", &Params::new()).await), "Do you want to log out?");
    assert!(refreshes(&idp, &tokens).await);
}

#[tokio::test]
async fn an_id_token_of_somebody_else_does_not_log_out_whoever_is_here() {
    let idp = server();
    let (alice, bob) = (Person::new(&idp), Person::new(&idp));
    let of_alice = tokens(&idp, &alice.asks(&asking()).await).await;
    let of_bob = tokens(&idp, &bob.asks(&asking().with("login_hint", "bob")).await).await;
    let page = alice.opens(&leaving(&[("id_token_hint", hint(&of_bob))])).await;
    assert_eq!(title(&page), "Do you want to log out?");
    assert!(refreshes(&idp, &of_alice).await && refreshes(&idp, &of_bob).await);
    // A former session of the same user will do.
    let before = of_alice;
    alice.forgets("mock-idp-session");
    let now = tokens(&idp, &alice.asks(&asking()).await).await;
    alice.opens(&leaving(&[("id_token_hint", hint(&before))])).await;
    assert!(!refreshes(&idp, &now).await);
}

#[tokio::test]
async fn nobody_is_sent_to_a_place_that_the_client_did_not_register() {
    let idp = server();
    let person = Person::new(&idp);
    let tokens = tokens(&idp, &person.asks(&asking()).await).await;
    let id = "oidc-logout-redirect-unregistered";
    for uri in ["https://evil.example/", "https://app.example/bye/", "https://app.example/bye?x", REDIRECT_URI] {
        for who in [("id_token_hint", hint(&tokens)), ("client_id", "public")] {
            let answer = person.opens(&leaving(&[who, ("post_logout_redirect_uri", uri)])).await;
            assert_eq!((answer.status, answer.location.as_deref()), (400, None), "{uri}");
            assert_refused(&idp, &answer, id, "https://app.example/bye");
        }
    }
    let to = ("post_logout_redirect_uri", BYE);
    assert_refused(&idp, &person.opens(&leaving(&[to])).await, "oidc-logout-redirect-without-client", "");
    assert!(refreshes(&idp, &tokens).await, "and nobody was logged out");
    let two = leaving(&[("id_token_hint", hint(&tokens)), ("post_logout_redirect_uri", "https://app.example/2?x=1")]);
    let answer = person.opens(&format!("{two}&state=s")).await;
    assert_eq!(answer.location.as_deref(), Some("https://app.example/2?x=1&state=s"));
    let local = ("post_logout_redirect_uri", "http://localhost:4000/bye");
    let answer = person.opens(&leaving(&[("client_id", "tool"), local])).await;
    assert_eq!(answer.location.as_deref(), Some("http://localhost:4000/bye"), "as it may use any loopback address");
}

#[tokio::test]
async fn a_hint_that_is_not_ours_is_refused() {
    let idp = server();
    let person = Person::new(&idp);
    let tokens = tokens(&idp, &person.asks(&asking()).await).await;
    let forged = format!("{}.AAAA", hint(&tokens).rsplit_once('.').expect("parts").0);
    for (pairs, id, said) in [
        (vec![("id_token_hint", forged.as_str())], "oidc-logout-hint-invalid", "not signed"),
        (vec![("id_token_hint", "canary")], "oidc-logout-hint-invalid", "three parts"),
        (vec![("client_id", "nobody")], "oidc-logout-client-unknown", ""),
        (vec![("id_token_hint", hint(&tokens)), ("client_id", "other")], "oidc-logout-client-differs", ""),
        (vec![("state", "1"), ("state", "2")], "oidc-logout-parameter-twice", "state"),
    ] {
        let answer = person.opens(&leaving(&pairs)).await;
        assert_eq!((answer.status, answer.location.as_deref()), (400, None), "{id}");
        assert_refused(&idp, &answer, id, said);
        assert!(!answer.body.contains("canary") && !answer.body.contains(hint(&tokens)));
    }
    for entry in idp.journal() {
        assert!(!format!("{entry:?} {entry}").contains(hint(&tokens)));
    }
    assert!(refreshes(&idp, &tokens).await);
}

#[tokio::test]
async fn nobody_is_asked_where_the_server_says_so() {
    let idp = MockIdp::builder().on("logout-unasked").in_process().expect("a server");
    let person = Person::new(&idp);
    let tokens = tokens(&idp, &person.asks(&asking()).await).await;
    let answer = person.posts("/logout", &Params::new()).await;
    assert_eq!(title(&answer), "You are logged out");
    assert_eq!(idp.journal().pop().expect("an entry").relaxations, ["logout-unasked"]);
    assert!(!refreshes(&idp, &tokens).await);
}

#[tokio::test]
async fn it_works_with_pages_and_for_several_accounts() {
    let idp = MockIdp::builder().on("login-pages").in_process().expect("a server");
    let person = Person::new(&idp);
    let alice = tokens(&idp, &person.logs_in(&asking(), "alice").await).await;
    let page = person.asks(&asking().with("prompt", "login")).await;
    let page = person.is(&page, "bob").await;
    let bob = tokens(&idp, &person.agrees(&page).await).await;
    person.opens(&leaving(&[("id_token_hint", hint(&alice))])).await;
    assert!(!refreshes(&idp, &alice).await && refreshes(&idp, &bob).await, "the others stay");
    let page = person.asks(&asking()).await;
    assert_eq!(title(&page), "Do you agree?", "bob is logged in");
    let page = person.opens("/logout").await;
    person.submits(&page, "logout", &[("decision", "approve")]).await;
    assert_eq!(title(&person.asks(&asking()).await), "Log in");
}

#[tokio::test]
async fn it_is_announced_and_can_be_left_out() {
    let idp = server();
    let metadata = Browser::new(&idp).fetch("/acme/.well-known/openid-configuration").await.json();
    assert_eq!(metadata["end_session_endpoint"], format!("{}/acme/logout", idp.issuer()));
    let without =
        MockIdp::builder().without("OpenID Connect RP-Initiated Logout 1.0").in_process().expect("a server");
    let metadata = Browser::new(&without).fetch("/.well-known/openid-configuration").await.json();
    assert_eq!(metadata.get("end_session_endpoint"), None);
    assert_eq!(Browser::new(&without).fetch("/logout").await.status, 404);
}

#[tokio::test]
async fn the_way_back_can_be_a_lie() {
    let idp = server();
    let person = Person::new(&idp);
    let to = "https://app.example/bye?state=evil".to_owned();
    let guard = idp.mount(Fault::always(Point::Logout, Edit::Redirect { code: 303, location: to.clone() }));
    let answer = person.opens(&leaving(&[("client_id", "public"), ("post_logout_redirect_uri", BYE)])).await;
    assert_eq!((answer.location, guard.fired()), (Some(to), 1));
}
