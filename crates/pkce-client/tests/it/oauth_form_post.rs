//! Form Post Response Mode: responses that are posted, and none in another way.

use mock_idp::MockIdp;
use pkce_client::{Callback, ConfigError, Error, FinishError, RejectReason, Started};
use serde_json::json;

use crate::idp::{Idp, REDIRECT_URI};
use crate::stage::{Stage, asked, callback, callback_query};

fn stage() -> Stage {
    let stage = Stage::new();
    stage.with(|script| script.metadata["response_modes_supported"] = json!(["query", "form_post", "form_post.jwt"]));
    stage
}

#[tokio::test]
async fn a_posted_response_is_asked_for_and_taken() {
    let stage = stage();
    let client = stage.client();
    let started = client.login().form_post().begin().await.expect("a login");
    assert_eq!(asked(&started).get("response_mode"), Some("form_post"));
    let form = Callback::from_form(&callback_query(&started, &[])).expect("parameters");
    client.finish(started.pending, form).await.expect("a session");
}

#[tokio::test]
async fn a_response_in_another_mode_is_rejected_and_the_login_handed_back() {
    let stage = stage();
    let client = stage.client();
    for posted in [true, false] {
        let login = client.login();
        let login = if posted { login.form_post() } else { login };
        let started = login.begin().await.expect("a login");
        let text = callback_query(&started, &[]);
        let (form, query) = (Callback::from_form(&text), Callback::from_query(&text));
        let (right, wrong) = if posted { (form, query) } else { (query, form) };
        let Err(FinishError::Rejected(rejected)) = client.finish(started.pending, wrong.expect("parameters")).await
        else {
            panic!("a rejection")
        };
        assert_eq!(rejected.reason, RejectReason::Mode, "posted: {posted}");
        client.finish(rejected.pending, right.expect("parameters")).await.expect("the login is unharmed");
    }
}

#[tokio::test]
async fn a_wrong_state_is_told_before_a_wrong_mode() {
    let stage = stage();
    let started = stage.client().login().form_post().begin().await.expect("a login");
    let response = callback(&started, &[("state", "x")]);
    assert_eq!(started.pending.accept(response).expect_err("a rejection").reason, RejectReason::StateMismatch);
}

#[tokio::test]
async fn a_server_that_does_not_offer_it_is_not_asked() {
    for (modes, offered) in [(json!(null), false), (json!(["query"]), false), (json!(["form_post"]), true)] {
        let stage = Stage::new();
        stage.with(|script| script.metadata["response_modes_supported"] = modes.clone());
        match stage.client().login().form_post().begin().await {
            Ok(_) => assert!(offered, "{modes}"),
            Err(Error::Config(ConfigError::NotOffered { value, .. })) => {
                assert_eq!((value.as_str(), offered), ("form_post", false), "{modes}");
            }
            Err(other) => panic!("{modes}: {other}"),
        }
    }
}

#[tokio::test]
async fn a_native_login_cannot_ask_for_it() {
    let error = stage().client().login().form_post().native().await.expect_err("no login");
    assert!(matches!(error, Error::Config(ConfigError::FormPostNative)), "{error}");
}

#[tokio::test]
async fn the_mock_server_posts_signed_and_unsigned_responses() {
    let idp = Idp::new(MockIdp::builder());
    let plain = idp.client("public").discover().await.expect("a client");
    let signed = idp.client("public").signed_responses().discover().await.expect("a client");
    for (client, names) in [(plain, vec!["code", "state", "iss"]), (signed, vec!["response"])] {
        let Started { url, pending } = client.login().scopes(["openid"]).form_post().begin().await.expect("a login");
        let page = String::from_utf8(idp.visit(&url).await.into_body().to_vec()).expect("a page");
        assert!(page.contains(&format!("action=\"{REDIRECT_URI}\"")), "{page}");
        let mut form = oauth_types::Params::new();
        for input in page.split("<input type=\"hidden\" name=\"").skip(1) {
            let (name, rest) = input.split_once("\" value=\"").expect("a value");
            form.push(name, rest.split('"').next().expect("its end"));
        }
        assert_eq!(form.iter().map(|(name, _)| name).collect::<Vec<_>>(), names);
        let callback = Callback::from_form(&form.encode()).expect("parameters");
        assert_eq!(callback.lookup_key(), Some(pending.lookup_key()));
        client.finish(pending, callback).await.expect("a session");
    }
    idp.assert_strict();
}
