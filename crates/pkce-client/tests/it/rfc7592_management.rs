//! RFC 7592: who has registered a client reads, replaces and deletes the registration.

use http::Method;
use mock_idp::{MockIdp, Profile};
use pkce_client::{
    Client, ClientMetadata, ConfigError, Defect, DiscoveryError, Endpoint, Error, Registration, RegistrationError,
};
use serde_json::{Value, json};

use crate::idp::{Idp, REDIRECT_URI};
use crate::rfc7591_registration::{registering, stranger};
use crate::stage::{REDIRECT_URI as WEB, Stage, response};

const AT: &str = "https://issuer.example/register?id=1";

/// A client that manages its registration at a server that answers with this from then on.
async fn managed(uri: &str, status: u16, answer: Value) -> (Stage, Client, Registration) {
    let stage = Stage::new();
    let given = json!({
        "client_secret": "secret-1", "registration_client_uri": uri, "registration_access_token": "token-1"
    });
    registering(&stage, given);
    stage.with(|script| script.metadata["token_endpoint_auth_methods_supported"] = json!(["client_secret_basic"]));
    let (client, registration) = stranger(&stage).register(ClientMetadata::web("App", WEB)).await.expect("a client");
    stage.instead(move |seen| {
        let at = seen.endpoint == Endpoint::Registration;
        at.then(|| Ok(response(status, "application/json", answer.to_string())))
    });
    (stage, client, registration)
}

#[tokio::test]
async fn a_client_reads_replaces_and_deletes_its_registration() {
    let idp = Idp::new(MockIdp::builder().profile(Profile::Mcp));
    let builder = Client::unregistered(idp.mock().issuer()).http(idp.clone()).clock(idp.clone()).secret("unknown");
    let (client, registration) = builder.register(ClientMetadata::web("App", REDIRECT_URI)).await.expect("a client");
    let read = client.read_registration(&registration).await.expect("a registration");
    assert_eq!((read.client_id(), read.method()), (registration.client_id(), "client_secret_basic"));
    assert_eq!(read.metadata()["client_name"], "App");

    let other = ClientMetadata::web("Other", REDIRECT_URI).redirect_uri("https://app.example/cb");
    let updated = client.update_registration(&read, &other).await.expect("a registration");
    assert_eq!(updated.metadata()["client_name"], "Other");
    assert_eq!(updated.redirect_uris(), [REDIRECT_URI.to_owned(), "https://app.example/cb".to_owned()]);
    let again = Client::registered(&updated).redirect_uri(REDIRECT_URI).http(idp.clone()).clock(idp.clone());
    idp.login(&again.discover().await.expect("a client"), &[]).await;

    client.delete_registration(&updated).await.expect("it is deleted");
    let error = client.read_registration(&updated).await.expect_err("there is no client");
    assert!(matches!(error, Error::OAuth { .. } | Error::Protocol { defect: Defect::Status(401), .. }), "{error:?}");
}

#[tokio::test]
async fn an_update_says_who_the_client_is_and_nothing_that_the_server_decides() {
    let answer = json!({"client_id": "given", "client_secret": "secret-2", "registration_access_token": "token-2",
        "registration_client_uri": AT, "redirect_uris": [WEB], "client_secret_expires_at": 0});
    let (stage, client, registration) = managed(AT, 200, answer).await;
    let updated =
        client.update_registration(&registration, &ClientMetadata::web("B", WEB)).await.expect("a registration");
    let seen = &stage.seen(Endpoint::Registration)[1];
    assert_eq!((&seen.method, seen.uri.as_str()), (&Method::PUT, AT));
    assert_eq!(seen.authorization.as_deref(), Some("Bearer token-1"));
    assert_eq!((&seen.json["client_id"], &seen.json["client_secret"]), (&json!("given"), &json!("secret-1")));
    for name in
        ["registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at"]
    {
        assert_eq!(seen.json.get(name), None);
    }
    let kept = updated.expose_json();
    assert!(kept.expose().contains("secret-2") && kept.expose().contains("token-2"));
    client.read_registration(&updated).await.expect("a registration");
    assert_eq!(stage.seen(Endpoint::Registration)[2].authorization.as_deref(), Some("Bearer token-2"));
}

#[tokio::test]
async fn what_the_server_leaves_out_is_kept() {
    let (_, client, registration) = managed(AT, 200, json!({"client_id": "given", "client_name": "B"})).await;
    let read = client.read_registration(&registration).await.expect("a registration");
    let kept = read.expose_json();
    assert!(kept.expose().contains("secret-1") && kept.expose().contains("token-1"));
    assert_eq!((read.method(), read.redirect_uris()), ("client_secret_basic", &[WEB.to_owned()][..]));
}

#[tokio::test]
async fn an_answer_about_another_client_is_refused() {
    let (_, client, registration) = managed(AT, 200, json!({"client_id": "another"})).await;
    let error = client.read_registration(&registration).await.expect_err("it is another client");
    assert!(matches!(error, Error::Registration(RegistrationError::Differs("client_id"))));
}

#[tokio::test]
async fn the_token_goes_to_a_safe_address_and_for_this_client_alone() {
    for uri in
        ["http://issuer.example/register", "http://127.0.0.1/register", "/register", "https://u:p@issuer.example/"]
    {
        let (stage, client, registration) = managed(uri, 200, json!({"client_id": "given"})).await;
        let error = client.read_registration(&registration).await.expect_err("it is not safe");
        assert!(
            matches!(error, Error::Discovery(DiscoveryError::Endpoint { name: "registration_client_uri", .. })),
            "{uri}"
        );
        assert_eq!(stage.seen(Endpoint::Registration).len(), 1, "nothing is sent");
    }
    let (stage, client, registration) = managed(AT, 200, json!({"client_id": "given"})).await;
    let foreign = registration.expose_json().expose().replace("issuer.example\"", "other.example\"");
    let foreign = Registration::from_exposed_json(&foreign).expect("a registration");
    assert!(matches!(client.delete_registration(&foreign).await, Err(Error::OtherClient)));
    let unmanaged = Registration::public(client.issuer(), client.client_id());
    let error = client.delete_registration(&unmanaged).await.expect_err("there is no token");
    assert!(matches!(error, Error::Registration(RegistrationError::Unmanaged)));
    let unusable = ClientMetadata::web("App", "nowhere");
    let error = client.update_registration(&registration, &unusable).await.expect_err("it is no URI");
    assert!(matches!(error, Error::Config(ConfigError::RedirectUri(_))));
    assert_eq!(stage.seen(Endpoint::Registration).len(), 1);
}

#[tokio::test]
async fn a_deletion_is_believed_with_status_204_alone() {
    for (status, answer) in [(200, json!({})), (403, json!({})), (401, json!({"error": "invalid_token"}))] {
        let (stage, client, registration) = managed(AT, status, answer).await;
        let error = client.delete_registration(&registration).await.expect_err("it is not deleted");
        match error {
            Error::OAuth { error, .. } => assert_eq!((status, error.code()), (401, "invalid_token")),
            Error::Protocol { defect: Defect::Status(told), .. } => assert_eq!(told, status),
            error => panic!("{error:?}"),
        }
        assert_eq!(stage.seen(Endpoint::Registration)[1].method, Method::DELETE);
    }
    let (_, client, registration) = managed(AT, 204, Value::Null).await;
    client.delete_registration(&registration).await.expect("it is deleted");
}
