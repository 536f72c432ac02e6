//! RFC 8707: the resource that the access token is for.

use pkce_client::{ConfigError, Endpoint, Error};

use crate::stage::{Stage, asked_by, callback};

const RESOURCES: [&str; 2] = ["https://api.example/v1", "https://files.example/"];

#[tokio::test]
async fn a_resource_is_named_in_every_request_for_tokens() {
    let stage = Stage::new();
    let client = stage.client();
    let login = client.login().scopes(["profile"]).resource(RESOURCES[0]).resource(RESOURCES[1]);
    let started = login.begin().await.expect("a login");
    let named = |params: &oauth_types::Params| {
        let values = params.iter().filter(|(name, _)| *name == "resource");
        values.map(|(_, value)| value.to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(named(&asked_by(&started.url)), RESOURCES);
    let answer = callback(&started, &[]);
    let session = client.finish(started.pending, answer).await.expect("a session");
    session.refresh().await.expect("new tokens");
    let requests = stage.seen(Endpoint::Token);
    assert_eq!(requests.len(), 2);
    for request in requests {
        assert_eq!(named(&request.params), RESOURCES, "{:?}", request.params.get("grant_type"));
    }
}

#[tokio::test]
async fn what_is_no_resource_is_not_asked_for() {
    let stage = Stage::new();
    for resource in ["api.example", "https://api.example/#fragment"] {
        let error = stage.client().login().resource(resource).begin().await.expect_err("no login");
        assert!(matches!(error, Error::Config(ConfigError::Resource)), "{resource}: {error}");
    }
    let error = stage.client().login().param("resource", RESOURCES[0]).begin().await.expect_err("no login");
    assert!(matches!(error, Error::Config(ConfigError::ReservedParameter(_))), "{error}");
}
