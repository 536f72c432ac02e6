//! RFC 9728: what a resource says of itself, and how much of it is believed.

use http::Method;
use mock_idp::{MockIdp, Profile};
use pkce_client::{AddressError, Defect, Endpoint, Error, ResourceClient, ResourceError, TransportError};
use serde_json::{Value, json};

use crate::idp::Idp;
use crate::resource::{METADATA, RESOURCE, builder, fetched, metadata, ok, refusal, request, resource, shown, to};
use crate::stage::{Seen, Stage, response};

const ROOT: &str = "https://api.example/.well-known/oauth-protected-resource";

/// A resource that says this of itself, at the usual address.
fn saying(members: Value) -> Stage {
    resource(move |seen| (seen.uri == METADATA).then(|| ok(&members)))
}

/// A resource that names this address for its metadata.
fn naming(challenge: &'static str) -> Stage {
    resource(move |seen| is_bare(seen).then(|| refusal(401, challenge)))
}

fn is_bare(seen: &Seen) -> bool {
    seen.endpoint == Endpoint::Resource && seen.method == Method::POST && seen.authorization.is_none()
}

async fn refused(stage: &Stage) -> Error {
    let error = builder(stage).build().expect("a resource").send(request()).await.expect_err("it is not believed");
    assert!(stage.seen(Endpoint::Discovery).is_empty() && stage.seen(Endpoint::Registration).is_empty());
    assert_eq!(shown(stage), [""], "no token is got");
    error
}

fn changed(name: &str, value: Value) -> Value {
    let mut members = metadata();
    match value {
        Value::Null => drop(members.as_object_mut().expect("an object").remove(name)),
        value => members[name] = value,
    }
    members
}

#[tokio::test]
async fn the_resources_of_a_server_say_whose_tokens_they_take() {
    let idp = Idp::new(MockIdp::builder().profile(Profile::Mcp));
    for (path, name) in [("/mcp", "Mock MCP server"), ("/resource", "Mock protected resource")] {
        let url = format!("{}{path}", idp.mock().issuer());
        let resource = ResourceClient::at(&url).http(idp.clone()).build().expect("a resource");
        let metadata = resource.metadata().await.expect("metadata");
        assert_eq!(
            (metadata.resource(), metadata.authorization_servers()),
            (&*url, &[idp.mock().issuer().to_owned()][..])
        );
        assert_eq!(metadata.member("resource_name"), Some(&json!(name)));
        let expected = (path == "/mcp").then(|| vec!["mcp:tools".to_owned()]);
        assert_eq!(metadata.scopes_supported(), expected.as_deref());
    }
}

#[tokio::test]
async fn the_address_with_the_path_is_tried_before_the_root() {
    let stage = resource(|seen| match seen.uri.as_str() {
        METADATA => Some(Ok(response(404, "text/plain", ""))),
        ROOT => Some(ok(&changed("resource", json!("https://api.example")))),
        _ => is_bare(seen).then(|| refusal(401, "Bearer realm=\"x\"")),
    });
    let resource = builder(&stage).build().expect("a resource");
    assert_eq!(resource.send(request()).await.expect("an answer").status(), 200);
    assert_eq!(fetched(&stage), [METADATA, ROOT]);
    let token = &stage.seen(Endpoint::Token)[0];
    assert_eq!(token.params.get("resource"), Some("https://api.example"), "as the resource calls itself");

    let stage = resource_without_any();
    let error = builder(&stage).build().expect("a resource").send(request()).await.expect_err("there are none");
    assert!(matches!(error, Error::ProtectedResource(ResourceError::NotFound(404))));
    assert_eq!(fetched(&stage), [METADATA, ROOT]);
}

fn resource_without_any() -> Stage {
    resource(|seen| match seen.uri.as_str() {
        METADATA | ROOT => Some(Ok(response(404, "text/plain", ""))),
        _ => is_bare(seen).then(|| refusal(401, "Bearer")),
    })
}

#[tokio::test]
async fn an_address_that_the_resource_names_is_the_only_one() {
    let stage = resource(|seen| match seen.uri.as_str() {
        "https://api.example/custom.json" => Some(ok(&metadata())),
        _ => is_bare(seen).then(|| refusal(401, r#"Bearer resource_metadata="https://api.example/custom.json""#)),
    });
    let resource_there = builder(&stage).build().expect("a resource");
    assert_eq!(resource_there.send(request()).await.expect("an answer").status(), 200);
    assert_eq!(fetched(&stage), ["https://api.example/custom.json"]);

    let stage = naming(r#"Bearer resource_metadata="https://api.example/gone.json""#);
    assert!(matches!(refused(&stage).await, Error::ProtectedResource(ResourceError::NotFound(404))));
    assert_eq!(fetched(&stage), ["https://api.example/gone.json"]);
}

#[tokio::test]
async fn the_resource_has_nothing_else_asked_for() {
    let cases: [(&str, ResourceError); 8] = [
        (r#"Bearer resource_metadata="https://other.example/x""#, ResourceError::OtherOrigin),
        (r#"Bearer resource_metadata="https://api.example:444/x""#, ResourceError::OtherOrigin),
        (r#"Bearer resource_metadata="https://169.254.169.254/latest""#, ResourceError::OtherOrigin),
        (r#"Bearer resource_metadata="http://api.example/x""#, ResourceError::Address(AddressError::Insecure)),
        (r#"Bearer resource_metadata="http://127.0.0.1/x""#, ResourceError::Address(AddressError::LoopbackFromAfar)),
        (r#"Bearer resource_metadata="/x""#, ResourceError::Address(AddressError::NotAUrl)),
        (r#"Bearer resource_metadata="https://a@api.example/x""#, ResourceError::Address(AddressError::Userinfo)),
        (
            r#"Bearer resource_metadata="https://api.example/a", DPoP resource_metadata="https://api.example/b""#,
            ResourceError::Ambiguous,
        ),
    ];
    for (challenge, expected) in cases {
        let stage = naming(challenge);
        let error = refused(&stage).await;
        assert!(matches!(error, Error::ProtectedResource(error) if error == expected), "{challenge}: {error:?}");
        assert!(fetched(&stage).is_empty(), "{challenge}");
    }
}

#[tokio::test]
async fn metadata_about_another_resource_are_not_believed() {
    for other in [
        "https://evil.example/mcp",
        "https://api.example",
        "https://api.example/",
        "https://api.example/mcp/",
        "https://api.example/MCP",
        "http://api.example/mcp",
        "https://api.example/mcp?x",
        "",
    ] {
        let error = refused(&saying(changed("resource", json!(other)))).await;
        assert!(matches!(error, Error::ProtectedResource(ResourceError::OtherResource)), "{other}: {error:?}");
    }
}

#[tokio::test]
async fn metadata_of_the_wrong_shape_are_refused() {
    for (name, value) in [
        ("resource", Value::Null),
        ("resource", json!(["https://api.example/mcp"])),
        ("authorization_servers", json!("https://issuer.example")),
        ("authorization_servers", json!([7])),
        ("authorization_servers", json!(vec!["https://issuer.example"; 65])),
        ("scopes_supported", json!("known")),
        ("scopes_supported", json!(vec!["known"; 65])),
    ] {
        let error = refused(&saying(changed(name, value.clone()))).await;
        let Error::Protocol { endpoint: Endpoint::Resource, defect } = error else { panic!("{error:?}") };
        assert!(matches!(defect, Defect::Missing(n) | Defect::Member(n) if n == name), "{name}: {value}");
    }
    for value in [Value::Null, json!([])] {
        let error = refused(&saying(changed("authorization_servers", value))).await;
        assert!(matches!(error, Error::ProtectedResource(ResourceError::NoServer)));
    }
}

#[tokio::test]
async fn metadata_are_fetched_as_any_other_document() {
    let answered = async |status, content_type: &'static str, body: String| {
        let stage =
            resource(move |seen| (seen.uri == METADATA).then(|| Ok(response(status, content_type, body.clone()))));
        match refused(&stage).await {
            Error::Protocol { endpoint: Endpoint::Resource, defect } => Some(defect),
            Error::Transport { source: TransportError::TooLarge { .. }, .. } => None,
            error => panic!("{error:?}"),
        }
    };
    assert_eq!(answered(302, "text/html", String::new()).await, Some(Defect::Redirect(302)));
    assert_eq!(answered(307, "application/json", metadata().to_string()).await, Some(Defect::Redirect(307)));
    assert_eq!(answered(500, "application/json", "{}".to_owned()).await, Some(Defect::Status(500)));
    assert_eq!(answered(200, "text/html", metadata().to_string()).await, Some(Defect::ContentType));
    let twice = format!(r#"{{"resource":"{RESOURCE}","resource":"{RESOURCE}"}}"#);
    assert!(matches!(answered(200, "application/json", twice).await, Some(Defect::Json(_))));
    assert_eq!(answered(200, "application/json", " ".repeat(2 * 1024 * 1024)).await, None);
}

#[tokio::test]
async fn a_resource_outside_leads_nobody_inside() {
    for (issuer, reason) in [
        ("https://10.0.0.1", AddressError::Inside),
        ("https://localhost", AddressError::Inside),
        ("https://vault.internal", AddressError::Inside),
        ("http://127.0.0.1:8080", AddressError::Inside),
        ("https://[::1]", AddressError::Inside),
        ("http://issuer.example", AddressError::Insecure),
        ("https://issuer.example?x", AddressError::Query),
        ("issuer.example", AddressError::NotAUrl),
    ] {
        let error = refused(&saying(changed("authorization_servers", json!([issuer])))).await;
        let expected = ResourceError::Server("issuer", reason);
        assert!(matches!(error, Error::ProtectedResource(error) if error == expected), "{issuer}: {error:?}");
    }
    for (member, value) in [
        ("token_endpoint", "https://192.168.0.1/token"),
        ("registration_endpoint", "https://metadata.google.internal/"),
        ("authorization_endpoint", "https://localhost/authorize"),
        ("jwks_uri", "https://169.254.169.254/"),
    ] {
        let stage = resource(|_| None);
        stage.with(|script| script.metadata[member] = json!(value));
        let error = builder(&stage).build().expect("a resource").send(request()).await.expect_err("it leads inside");
        let expected = ResourceError::Server(member, AddressError::Inside);
        assert!(matches!(error, Error::ProtectedResource(error) if error == expected), "{value}: {error:?}");
        assert!(stage.seen(Endpoint::Registration).is_empty());
    }
}

#[tokio::test]
async fn a_server_of_the_list_may_be_chosen_and_no_other() {
    let listed = json!(["https://issuer.example", "https://second.example"]);
    let members = changed("authorization_servers", listed);
    let metadata = members.clone();
    let stage = saying(members);
    let chosen = |issuer: &str| builder(&stage).authorization_server(issuer).build().expect("a resource");
    let error = chosen("https://third.example").send(request()).await.expect_err("it is not listed");
    assert!(matches!(error, Error::ProtectedResource(ResourceError::NotListed)));
    let client = builder(&stage).build().expect("a resource").client().await.expect("a client");
    assert_eq!(client.issuer(), metadata["authorization_servers"][0].as_str().expect("text"));
    stage.with(|script| script.metadata = crate::stage::metadata("https://second.example"));
    stage.with(|script| {
        script.metadata["registration_endpoint"] = json!("https://second.example/register");
        script.metadata["token_endpoint_auth_methods_supported"] = json!(["none"]);
    });
    let client = chosen("https://second.example").client().await.expect("a client");
    assert_eq!(client.issuer(), "https://second.example");
}

#[tokio::test]
async fn the_metadata_of_a_server_are_looked_for_in_the_order_of_mcp() {
    let looked = async |issuer: &'static str| {
        let members = changed("authorization_servers", json!([issuer]));
        let stage = resource(move |seen| match seen.endpoint {
            Endpoint::Discovery => Some(Ok(response(404, "text/plain", ""))),
            _ => (seen.uri == METADATA).then(|| ok(&members)),
        });
        builder(&stage).build().expect("a resource").send(request()).await.expect_err("there are none");
        stage.seen(Endpoint::Discovery).into_iter().map(|seen| seen.uri).collect::<Vec<_>>()
    };
    let found = looked("https://issuer.example/tenant1").await;
    assert_eq!(
        found,
        [
            "https://issuer.example/.well-known/oauth-authorization-server/tenant1",
            "https://issuer.example/.well-known/openid-configuration/tenant1",
            "https://issuer.example/tenant1/.well-known/openid-configuration",
        ]
    );
    let found = looked("https://issuer.example").await;
    assert_eq!(
        found,
        [
            "https://issuer.example/.well-known/oauth-authorization-server",
            "https://issuer.example/.well-known/openid-configuration",
        ]
    );
}

#[tokio::test]
async fn a_request_that_goes_elsewhere_is_not_sent() {
    let stage = resource(|_| None);
    let resource = builder(&stage).build().expect("a resource");
    resource.log_in().await.expect("a session");
    for url in [
        "https://other.example/mcp",
        "https://api.example/mcp2",
        "https://api.example/",
        "https://api.example/mcp/../admin",
        "http://api.example/mcp",
    ] {
        let error = resource.send(to(url)).await.expect_err("it is another resource");
        assert!(matches!(error, Error::ProtectedResource(ResourceError::Elsewhere)), "{url}");
    }
    assert!(shown(&stage).is_empty());
    resource.send(to("https://api.example/mcp/more?x=1")).await.expect("it is below");
    assert_eq!(shown(&stage), ["Bearer at-1"]);
}

#[test]
fn a_resource_has_an_address_that_is_used() {
    let refused = |url: &str| match ResourceClient::at(url).build() {
        Err(Error::ProtectedResource(ResourceError::Address(reason))) => reason,
        other => panic!("{url}: {other:?}"),
    };
    assert_eq!(refused("http://api.example/mcp"), AddressError::Insecure);
    assert_eq!(refused("http://localhost/mcp"), AddressError::Insecure);
    assert_eq!(refused("https://api.example/mcp#x"), AddressError::Fragment);
    assert_eq!(refused("/mcp"), AddressError::NotAUrl);
    assert!(ResourceClient::at("http://localhost/mcp").allow_http_localhost().build().is_ok());
}
