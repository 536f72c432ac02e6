//! RFC 6750: access tokens shown to protected resources.

use pkce_client::{AddressError, Endpoint, Error, Session};

use crate::stage::{Seen, Stage, response};

const RESOURCE: &str = "https://api.example/things?page=2";

fn request(to: &str) -> http::Request<Vec<u8>> {
    http::Request::post(to).header("x-own", "1").body(Vec::new()).expect("a request")
}

async fn session(stage: &Stage) -> Session {
    stage.login(&stage.client()).await.expect("a session")
}

/// A resource that refuses the token `at-1` like this.
fn refusing(stage: &Stage, status: u16, challenge: &'static str) {
    stage.instead(move |seen| {
        let refused = seen.authorization.as_deref() == Some("Bearer at-1");
        (seen.endpoint == Endpoint::Resource).then(|| {
            let mut answer = response(if refused { status } else { 200 }, "text/plain", "");
            answer.headers_mut().insert("www-authenticate", challenge.parse().expect("a header"));
            Ok(answer)
        })
    });
}

fn shown(stage: &Stage) -> Vec<String> {
    let authorization = |seen: Seen| seen.authorization.expect("a token");
    stage.seen(Endpoint::Resource).into_iter().map(authorization).collect()
}

#[tokio::test]
async fn a_token_is_shown_in_its_header_to_whom_nobody_can_listen() {
    let stage = Stage::new();
    let session = session(&stage).await;
    let mut own = request(RESOURCE);
    session.authorize(&mut own).await.expect("a token");
    assert_eq!(
        (&own.headers()["authorization"], &own.headers()["x-own"]),
        (&"Bearer at-1".parse().expect("a header"), &"1".parse().expect("a header"))
    );
    assert!(own.headers()["authorization"].is_sensitive());
    assert_eq!(own.uri(), RESOURCE);
    for (address, reason) in [
        ("http://api.example/", AddressError::Insecure),
        ("/things", AddressError::NotAUrl),
        ("https://user@api.example/", AddressError::Userinfo),
    ] {
        let refused = |outcome| matches!(outcome, Err(Error::Resource(why)) if why == reason);
        assert!(refused(session.authorize(&mut request(address)).await), "{address}");
        assert!(refused(session.send(request(address)).await.map(drop)), "{address}");
    }
    assert!(stage.seen(Endpoint::Resource).is_empty());
}

#[tokio::test]
async fn a_token_that_is_said_to_be_invalid_is_replaced_once() {
    let stage = Stage::new();
    let session = session(&stage).await;
    stage.member("access_token", "at-2".into());
    refusing(&stage, 401, r#"Bearer error="invalid_token""#);
    assert_eq!(session.send(request(RESOURCE)).await.expect("an answer").status(), 200);
    assert_eq!(shown(&stage), ["Bearer at-1", "Bearer at-2"]);
    assert_eq!(stage.seen(Endpoint::Token).len(), 2);
}

#[tokio::test]
async fn a_resource_that_refuses_every_token_is_asked_twice_at_most() {
    let stage = Stage::new();
    let session = session(&stage).await;
    refusing(&stage, 401, r#"Bearer error="invalid_token""#);
    assert_eq!(session.send(request(RESOURCE)).await.expect("an answer").status(), 401);
    assert_eq!(shown(&stage).len(), 2);
}

#[tokio::test]
async fn any_other_refusal_is_returned_as_it_is() {
    for (status, challenge) in [
        (401, r#"Bearer realm="api""#),
        (403, r#"Bearer error="insufficient_scope", scope="write""#),
        (500, r#"Bearer error="invalid_token""#),
    ] {
        let stage = Stage::new();
        let session = session(&stage).await;
        refusing(&stage, status, challenge);
        assert_eq!(session.send(request(RESOURCE)).await.expect("an answer").status(), status);
        assert_eq!((shown(&stage).len(), stage.seen(Endpoint::Token).len()), (1, 1), "{challenge}");
    }
}

#[tokio::test]
async fn a_token_that_cannot_be_replaced_leaves_the_refusal() {
    let stage = Stage::new();
    stage.member("refresh_token", serde_json::Value::Null);
    let session = session(&stage).await;
    refusing(&stage, 401, r#"Bearer error="invalid_token""#);
    assert_eq!(session.send(request(RESOURCE)).await.expect("an answer").status(), 401);
    assert_eq!(shown(&stage).len(), 1);
}

#[tokio::test]
async fn a_redirect_of_a_resource_is_not_followed() {
    let stage = Stage::new();
    let session = session(&stage).await;
    stage.answer(Endpoint::Resource, 307, "text/plain", "");
    assert!(matches!(
        session.send(request(RESOURCE)).await,
        Err(Error::Protocol { endpoint: Endpoint::Resource, .. })
    ));
    assert_eq!(shown(&stage).len(), 1);
}
