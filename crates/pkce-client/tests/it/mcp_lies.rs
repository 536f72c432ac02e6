//! MCP Authorization where the resource or the server means no good: nobody is sent round in circles, and no token leaves
//! for where it was not issued for.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use http::header::AUTHORIZATION;
use pkce_client::{
    AccessRequest, BoxFuture, Endpoint, Error, Registration, ResourceClient, ResourceError, ResourceLogin, Session,
};
use serde_json::json;

use crate::mcp_authorization::Remembering;
use crate::resource::{METADATA, RESOURCE, builder, metadata, ok, refusal, request, resource, shown, unknown};
use crate::stage::{ISSUER, REDIRECT_URI, START, Seen, Stage, metadata as server, response};

/// What is answered to whoever has a token.
fn to_tokens(mut answer: impl FnMut(u32) -> Option<crate::stage::Answer> + Send + 'static) -> Stage {
    let mut count = 0;
    resource(move |seen| {
        has_token(seen).then(|| {
            count += 1;
            answer(count)
        })?
    })
}

fn has_token(seen: &Seen) -> bool {
    seen.endpoint == Endpoint::Resource && seen.authorization.is_some()
}

fn remembered(stage: &Stage) -> (ResourceClient, Remembering) {
    let seen = Remembering::default();
    (builder(stage).logging_in_by(seen.clone()).build().expect("a resource"), seen)
}

#[tokio::test]
async fn a_refusal_of_what_was_asked_for_leads_to_no_login() {
    let stage = to_tokens(|_| Some(refusal(403, r#"Bearer error="insufficient_scope", scope="first""#)));
    let (resource, logins) = remembered(&stage);
    for _ in 0..3 {
        assert_eq!(resource.send(request()).await.expect("an answer").status(), 403);
    }
    assert_eq!(logins.scopes(), [["first"]]);
}

#[tokio::test]
async fn a_resource_that_wants_ever_more_is_followed_twice() {
    let stage = to_tokens(|count| {
        let challenge = format!(r#"Bearer error="insufficient_scope", scope="more{count}""#);
        Some(refusal(403, &challenge))
    });
    let (resource, logins) = remembered(&stage);
    assert_eq!(resource.send(request()).await.expect("an answer").status(), 403);
    let expected = [vec!["first"], vec!["first", "more1"], vec!["first", "more1", "more2"]];
    assert_eq!(logins.scopes(), expected, "what was asked for before is asked for again");
    assert_eq!(shown(&stage).len(), 4);
}

#[tokio::test]
async fn a_resource_that_wants_ever_more_gets_nobody_to_agree_request_by_request() {
    let serves = Arc::new(AtomicU32::new(u32::MAX));
    let served = Arc::clone(&serves);
    let stage = to_tokens(move |count| {
        let challenge = format!(r#"Bearer error="insufficient_scope", scope="more{count}""#);
        (served.load(Ordering::Relaxed) != count).then(|| refusal(403, &challenge))
    });
    let (resource, logins) = remembered(&stage);
    let send = async || resource.send(request()).await.expect("an answer").status().as_u16();
    for _ in 0..5 {
        assert_eq!(send().await, 403);
    }
    assert_eq!(logins.scopes().len(), 3, "the first login, and two for more");
    // The first request was without a token.
    serves.store(u32::try_from(shown(&stage).len()).expect("a few"), Ordering::Relaxed);
    assert_eq!(send().await, 200);
    assert_eq!(logins.scopes().len(), 3);
    assert_eq!((send().await, send().await), (403, 403), "it has served a request, and is believed again");
    assert_eq!(logins.scopes().len(), 5);
    stage.clock.advance(599);
    assert_eq!((send().await, logins.scopes().len()), (403, 5));
    stage.clock.advance(1);
    assert_eq!((send().await, logins.scopes().len()), (403, 7), "after a while, too");
}

#[tokio::test]
async fn a_refusal_for_another_reason_is_no_call_for_scope() {
    for challenge in [
        r#"Bearer error="invalid_request", scope="more""#,
        r#"Bearer scope="more""#,
        r#"Bearer error="insufficient_scope""#,
        "Basic realm=\"x\"",
    ] {
        let stage = to_tokens(move |_| Some(refusal(403, challenge)));
        let (resource, logins) = remembered(&stage);
        assert_eq!(resource.send(request()).await.expect("an answer").status(), 403, "{challenge}");
        assert_eq!(logins.scopes().len(), 1, "{challenge}");
    }
    let stage = resource(|seen| {
        let bare = seen.endpoint == Endpoint::Resource && seen.uri == RESOURCE;
        bare.then(|| refusal(403, r#"Bearer error="insufficient_scope", scope="more""#))
    });
    let (resource, logins) = remembered(&stage);
    assert_eq!(resource.send(request()).await.expect("an answer").status(), 403);
    assert!(logins.scopes().is_empty(), "who has no token has not too little of one");
}

#[tokio::test]
async fn a_token_that_is_never_good_enough_leads_to_one_login() {
    let stage = to_tokens(|_| Some(refusal(401, "Bearer")));
    let (resource, logins) = remembered(&stage);
    assert_eq!(resource.send(request()).await.expect("an answer").status(), 401);
    assert_eq!((logins.scopes().len(), shown(&stage).len()), (1, 2));
    assert_eq!(resource.send(request()).await.expect("an answer").status(), 401);
    assert_eq!(logins.scopes().len(), 2, "one for each request");
}

#[tokio::test]
async fn an_invalid_token_is_refreshed_before_anybody_logs_in() {
    let stage = to_tokens(|count| (count == 1).then(|| refusal(401, r#"Bearer error="invalid_token""#)));
    let (resource, logins) = remembered(&stage);
    assert_eq!(resource.send(request()).await.expect("an answer").status(), 200);
    let grants: Vec<_> = stage
        .seen(Endpoint::Token)
        .into_iter()
        .map(|seen| seen.params.get("grant_type").map(str::to_owned))
        .collect();
    assert_eq!(grants, [Some("authorization_code".to_owned()), Some("refresh_token".to_owned())]);
    assert_eq!(logins.scopes().len(), 1);
}

#[tokio::test]
async fn who_cannot_refresh_any_more_logs_in_again() {
    let stage = resource(|seen| {
        (seen.params.get("grant_type") == Some("refresh_token"))
            .then(|| Ok(response(400, "application/json", r#"{"error":"invalid_grant"}"#)))
    });
    let (resource, logins) = remembered(&stage);
    resource.send(request()).await.expect("an answer");
    stage.clock.advance(7200);
    assert_eq!(resource.send(request()).await.expect("an answer").status(), 200);
    assert_eq!(logins.scopes().len(), 2);
}

#[tokio::test]
async fn a_resource_that_moves_takes_nothing_along() {
    let moved = Arc::new(AtomicU32::new(0));
    let now = Arc::clone(&moved);
    let stage = resource(move |seen| match (seen.endpoint, seen.uri.as_str(), now.load(Ordering::Relaxed)) {
        (Endpoint::Resource, METADATA, 1) => {
            let mut members = metadata();
            members["authorization_servers"] = json!(["https://second.example"]);
            Some(ok(&members))
        }
        (Endpoint::Resource, RESOURCE, 1) if seen.authorization.as_deref() == Some("Bearer at-1") => {
            Some(refusal(401, &format!("Bearer resource_metadata=\"{METADATA}\"")))
        }
        (Endpoint::Discovery, uri, _) if uri.starts_with("https://second.example") => {
            let mut members = server("https://second.example");
            members["registration_endpoint"] = json!("https://second.example/register");
            members["token_endpoint_auth_methods_supported"] = json!(["none"]);
            members["authorization_response_iss_parameter_supported"] = json!(false);
            Some(ok(&members))
        }
        (Endpoint::Token, uri, _) if uri.starts_with("https://second.example") => {
            Some(ok(&json!({ "access_token": "at-2", "token_type": "Bearer" })))
        }
        _ => None,
    });
    let resource = builder(&stage).logging_in_by(Anywhere).build().expect("a resource");
    assert_eq!(resource.send(request()).await.expect("an answer").status(), 200);
    moved.store(1, Ordering::Relaxed);
    assert_eq!(resource.send(request()).await.expect("an answer").status(), 200);
    assert_eq!(shown(&stage), ["", "Bearer at-1", "Bearer at-1", "Bearer at-2"]);
    let registered: Vec<_> = stage.seen(Endpoint::Registration).into_iter().map(|seen| seen.uri).collect();
    assert_eq!(registered, ["https://issuer.example/register", "https://second.example/register"]);
    let issuers: Vec<_> = resource.registrations().await.iter().map(|known| known.issuer().to_owned()).collect();
    assert_eq!(issuers, [ISSUER, "https://second.example"]);
    let second = &stage.seen(Endpoint::Token)[1];
    assert!(second.uri.starts_with("https://second.example") && second.authorization.is_none());
    assert!(second.params.get("refresh_token").is_none());
}

/// Comes back without saying from where.
struct Anywhere;

impl ResourceLogin for Anywhere {
    fn log_in<'a>(&'a self, request: AccessRequest<'a>) -> BoxFuture<'a, Result<Session, Error>> {
        Box::pin(async move {
            let started = request.login().begin().await?;
            let callback = crate::stage::callback(&started, &[("iss", request.client().issuer())]);
            request.client().finish(started.pending, callback).await.map_err(crate::resource::failed)
        })
    }
}

#[tokio::test]
async fn a_session_for_another_resource_or_of_another_client_is_not_used() {
    struct Another(Stage, bool);

    impl ResourceLogin for Another {
        fn log_in<'a>(&'a self, request: AccessRequest<'a>) -> BoxFuture<'a, Result<Session, Error>> {
            Box::pin(async move {
                let own = self.0.client();
                let client = if self.1 { &own } else { request.client() };
                let login = client.login().resource(if self.1 { RESOURCE } else { "https://api.example/other" });
                let started = login.begin().await?;
                let callback = crate::stage::callback(&started, &[]);
                client.finish(started.pending, callback).await.map_err(crate::resource::failed)
            })
        }
    }

    for of_another in [true, false] {
        let stage = resource(|_| None);
        let login = Another(stage.clone(), of_another);
        let resource = builder(&stage).logging_in_by(login).build().expect("a resource");
        let error = resource.send(request()).await.expect_err("it is for something else");
        assert!(matches!(error, Error::ProtectedResource(ResourceError::OtherResource)), "{error:?}");
        assert_eq!(shown(&stage), [""]);
    }
}

#[tokio::test]
async fn a_token_of_somebody_else_is_not_passed_on() {
    let stage = resource(|_| None);
    let (resource, _) = remembered(&stage);
    let with = || {
        let mut request = request();
        request.headers_mut().insert(AUTHORIZATION, "Bearer theirs".parse().expect("a header"));
        request
    };
    resource.send(with()).await.expect("an answer");
    resource.send(with()).await.expect("an answer");
    assert_eq!(shown(&stage), ["", "Bearer at-1", "Bearer at-1"]);
}

#[tokio::test]
async fn a_secret_that_has_expired_leads_to_another_registration() {
    let stage = resource(|seen| {
        (seen.endpoint == Endpoint::Registration).then(|| {
            let mut answer = seen.json.clone();
            answer["client_id"] = "given".into();
            answer["client_secret"] = "secret".into();
            answer["client_secret_expires_at"] = (START + 1000).into();
            Ok(response(201, "application/json", answer.to_string()))
        })
    });
    stage.with(|script| {
        script.metadata["token_endpoint_auth_methods_supported"] = json!(["client_secret_basic"]);
        script.members = json!({ "access_token": "at-1", "token_type": "Bearer", "expires_in": 3600 });
    });
    let (resource, logins) = remembered(&stage);
    resource.send(request()).await.expect("an answer");
    let before = resource.registrations().await.remove(0);
    stage.clock.advance(7200);
    let kept = builder(&stage).registered(before).build().expect("a resource");
    assert_eq!(kept.client().await.expect("a client").client_id(), "given");
    assert_eq!(stage.seen(Endpoint::Registration).len(), 2, "of an earlier run of the program");
    assert_eq!(kept.registrations().await.len(), 1);
    stage.with(|script| script.members["access_token"] = "at-2".into());
    drop(resource.send(request()).await);
    assert_eq!((stage.seen(Endpoint::Registration).len(), logins.scopes().len()), (3, 2), "and of this one");
}

#[tokio::test]
async fn a_server_that_has_forgotten_the_client_is_told_again_who_it_is() {
    let stage = resource(|seen| {
        (seen.endpoint == Endpoint::Token && seen.params.get("client_id") == Some("given"))
            .then(|| Ok(response(401, "application/json", r#"{"error":"invalid_client"}"#)))
    });
    let (resource, _) = remembered(&stage);
    for _ in 0..2 {
        let error = resource.send(request()).await.expect_err("it is not known");
        assert!(matches!(error, Error::OAuth { error, .. } if error.code() == "invalid_client"));
    }
    assert_eq!(stage.seen(Endpoint::Registration).len(), 2, "once for each request");

    let known = unknown(&stage).registered(Registration::public(ISSUER, "given"));
    let known = known.registering(pkce_client::ClientMetadata::web("App", REDIRECT_URI)).build().expect("a resource");
    for _ in 0..2 {
        known.send(request()).await.expect_err("it is not known");
    }
    assert_eq!(stage.seen(Endpoint::Registration).len(), 2, "whoever somebody else has registered does not register");
}

#[tokio::test]
async fn a_redirect_of_the_resource_is_not_followed() {
    let stage = to_tokens(|_| {
        let mut answer = response(307, "text/plain", "");
        answer.headers_mut().insert("location", "https://evil.example/".parse().expect("a header"));
        Some(Ok(answer))
    });
    let (resource, _) = remembered(&stage);
    let error = resource.send(request()).await.expect_err("it leads elsewhere");
    assert!(matches!(error, Error::Protocol { endpoint: Endpoint::Resource, .. }));
    assert_eq!(shown(&stage).len(), 2);
    assert!(stage.seen(Endpoint::Resource).iter().all(|seen| seen.uri.starts_with("https://api.example/")));
}
