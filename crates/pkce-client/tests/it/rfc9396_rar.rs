//! RFC 9396: what is asked for in detail, and what was granted.

use mock_idp::MockIdp;
use oauth_types::Params;
use pkce_client::{Client, ConfigError, Defect, Endpoint, Error, FinishError, MemoryStore, Session, Started};
use serde_json::{Value, json};

use crate::idp::Idp;
use crate::stage::{Stage, asked, callback};

fn payment() -> Value {
    json!({"type": "payment_initiation", "actions": ["initiate", "status"], "amount": {"EUR": "1.00"}})
}

fn account() -> Value {
    json!({"type": "account_information", "identifier": "a1"})
}

fn stage() -> Stage {
    let stage = Stage::new();
    stage.with(|script| {
        let types = json!(["payment_initiation", "account_information"]);
        script.metadata["authorization_details_types_supported"] = types;
    });
    stage
}

async fn login(stage: &Stage, client: &Client, details: &Value) -> Result<Session, FinishError> {
    let login = client.login().scopes(["profile"]).authorization_details(details.clone());
    let started = login.begin().await.expect("a login");
    assert_eq!(named(&asked(&started)), Some(details.clone()));
    stage.visit(&started);
    let response = callback(&started, &[]);
    client.finish(started.pending, response).await
}

fn named(params: &Params) -> Option<Value> {
    params.get("authorization_details").map(|text| serde_json::from_str(text).expect("JSON"))
}

#[tokio::test]
async fn what_was_granted_is_told_and_what_was_not_asked_for_stands_out() {
    let stage = stage();
    let client = stage.client();
    let mut enriched = account();
    enriched["identifier"] = json!("a2");
    stage.member("authorization_details", json!([payment(), enriched]));
    let session = login(&stage, &client, &json!([payment(), account()])).await.expect("a session");
    assert_eq!(session.authorization_details().await, [payment(), enriched.clone()]);
    assert_eq!(session.authorization_details_not_asked_for().await, [enriched]);
    let request = stage.seen(Endpoint::Token).pop().expect("a request");
    assert_eq!(named(&request.params), None, "they belong to the code already");

    stage.member("authorization_details", json!([payment()]));
    let session = login(&stage, &client, &json!([payment(), account()])).await.expect("a session");
    assert_eq!(session.authorization_details().await, [payment()]);
    assert!(session.authorization_details_not_asked_for().await.is_empty());
}

#[tokio::test]
async fn details_that_nobody_asked_for_are_seen() {
    let stage = stage();
    stage.member("authorization_details", json!([payment()]));
    let session = stage.login(&stage.client()).await.expect("a session");
    assert_eq!(session.authorization_details_not_asked_for().await, [payment()]);
    stage.member("authorization_details", json!(null));
    let session = stage.login(&stage.client()).await.expect("a session");
    assert!(session.authorization_details().await.is_empty());
}

#[tokio::test]
async fn a_server_that_does_not_say_what_it_granted_is_not_believed() {
    let stage = stage();
    let defect = async |value: Value| {
        stage.member("authorization_details", value);
        match login(&stage, &stage.client(), &json!([payment()])).await {
            Err(FinishError::Failed(Error::Protocol { endpoint: Endpoint::Token, defect })) => defect,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(defect(json!(null)).await, Defect::Missing("authorization_details"));
    for value in [json!({}), json!("x"), json!([1]), json!([{}]), json!([{"type": 1}]), json!(vec![payment(); 65])] {
        assert_eq!(defect(value.clone()).await, Defect::Member("authorization_details"), "{value}");
    }
}

#[tokio::test]
async fn details_are_named_at_a_refresh_only_if_the_caller_names_them() {
    let stage = stage();
    stage.member("authorization_details", json!([payment(), account()]));
    let session = login(&stage, &stage.client(), &json!([payment(), account()])).await.expect("a session");
    let last = || named(&stage.seen(Endpoint::Token).pop().expect("a request").params);
    session.refresh().await.expect("new tokens");
    assert_eq!(last(), None);
    stage.member("authorization_details", json!([account()]));
    session.refresh_for(json!([account()])).await.expect("new tokens");
    assert_eq!(last(), Some(json!([account()])));
    assert_eq!(session.authorization_details().await, [account()]);
    assert!(session.authorization_details_not_asked_for().await.is_empty());
    session.refresh().await.expect("new tokens");
    assert_eq!(last(), Some(json!([account()])), "they stay named");

    let refusal = r#"{"error": "invalid_authorization_details"}"#;
    stage.answer(Endpoint::Token, 400, "application/json", refusal);
    let error = session.refresh_for(json!([payment()])).await.expect_err("a refusal");
    assert!(matches!(error, Error::OAuth { .. }), "{error}");
    stage.with(|script| script.instead = None);
    session.refresh().await.expect("new tokens");
    assert_eq!(last(), Some(json!([account()])), "what was refused is not named again");
    assert!(matches!(session.refresh_for(json!([])).await, Err(Error::Config(ConfigError::AuthorizationDetails))));
}

#[tokio::test]
async fn a_session_that_is_kept_still_knows_its_details() {
    let stage = stage();
    let client = stage.client();
    stage.member("authorization_details", json!([payment()]));
    let session = login(&stage, &client, &json!([payment(), account()])).await.expect("a session");
    let store = MemoryStore::new();
    session.keep_in(store.clone()).await.expect("kept");
    session.refresh_for(json!([payment()])).await.expect("new tokens");
    let restored = Session::restore(&client, store.clone()).await.expect("a store").expect("a session");
    assert_eq!(restored.authorization_details().await, [payment()]);
    restored.refresh().await.expect("new tokens");
    let last = || named(&stage.seen(Endpoint::Token).pop().expect("a request").params);
    assert_eq!(last(), Some(json!([payment()])), "they stay named");
    // Tokens of another process are not for what is wanted here, however new they are.
    session.refresh_for(json!([account()])).await.expect("new tokens");
    assert_eq!(last(), Some(json!([account()])));
}

#[tokio::test]
async fn what_has_not_the_shape_of_details_is_not_sent() {
    let client = stage().client();
    let deep = (0..17).fold(json!(1), |inner, _| json!([inner]));
    for details in [
        json!({}),
        json!([]),
        json!("x"),
        json!(["x"]),
        json!([{"actions": []}]),
        json!([{"type": ""}]),
        json!([{"type": 1}]),
        json!([{"type": "payment_initiation", "actions": "read"}]),
        json!([{"type": "payment_initiation", "locations": [1]}]),
        json!([{"type": "payment_initiation", "identifier": 1}]),
        json!([{"type": "payment_initiation", "deep": deep}]),
        json!(vec![payment(); 65]),
    ] {
        let error = client.login().authorization_details(details.clone()).begin().await.expect_err("no login");
        assert!(matches!(error, Error::Config(ConfigError::AuthorizationDetails)), "{details}: {error}");
    }
}

#[tokio::test]
async fn only_types_that_the_server_lists_are_asked_for() {
    let refused = async |stage: Stage| {
        let login = stage.client().login().authorization_details(json!([payment()])).begin().await;
        match login.map(drop) {
            Err(Error::Config(ConfigError::NotOffered { value, .. })) => Some(value),
            Ok(()) => None,
            Err(other) => panic!("{other}"),
        }
    };
    assert_eq!(refused(stage()).await, None);
    assert_eq!(refused(Stage::new()).await.as_deref(), Some("payment_initiation"));
    let other = Stage::new();
    other.with(|script| script.metadata["authorization_details_types_supported"] = json!(["account_information"]));
    assert_eq!(refused(other).await.as_deref(), Some("payment_initiation"));
}

#[tokio::test]
async fn the_mock_server_grants_and_narrows_details() {
    let idp = Idp::new(MockIdp::builder());
    let client = idp.client("public").discover().await.expect("a client");
    let asked = json!([payment(), account()]);
    let login = client.login().scopes(["openid"]).authorization_details(asked);
    let Started { url, pending } = login.begin().await.expect("a login");
    let session = client.finish(pending, idp.callback(&url).await).await.expect("a session");
    assert_eq!(session.authorization_details().await, [payment(), account()]);
    let mut less = payment();
    less["actions"] = json!(["status"]);
    session.refresh_for(json!([less])).await.expect("new tokens");
    assert_eq!(session.authorization_details().await, [less.clone()]);
    session.refresh().await.expect("new tokens");
    assert_eq!(session.authorization_details().await, [less]);
    idp.assert_strict();
    let mut more = payment();
    more["actions"] = json!(["refund"]);
    let error = session.refresh_for(json!([more])).await.expect_err("a refusal");
    assert!(
        matches!(&error, Error::OAuth { error, .. } if error.code() == "invalid_authorization_details"),
        "{error}"
    );
}
