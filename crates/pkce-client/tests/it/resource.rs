//! A protected resource beside the server in memory: it refuses whoever has no token, and says where to get one.

use http::Method;
use pkce_client::{
    AccessRequest, BoxFuture, ClientMetadata, Endpoint, Error, FinishError, ResourceClient, ResourceClientBuilder,
    ResourceLogin, Session,
};
use serde_json::{Value, json};

use crate::stage::{Answer, ISSUER, REDIRECT_URI, Seen, Stage, callback, response};

pub(crate) const RESOURCE: &str = "https://api.example/mcp";
pub(crate) const METADATA: &str = "https://api.example/.well-known/oauth-protected-resource/mcp";

/// What the resource says of itself.
pub(crate) fn metadata() -> Value {
    json!({ "resource": RESOURCE, "authorization_servers": [ISSUER], "scopes_supported": ["known"] })
}

pub(crate) fn refusal(status: u16, challenge: &str) -> Answer {
    let mut response = response(status, "application/json", "{}");
    response.headers_mut().insert("www-authenticate", challenge.parse().expect("a header"));
    Ok(response)
}

pub(crate) fn ok(body: &Value) -> Answer {
    Ok(response(200, "application/json", body.to_string()))
}

/// A resource, and a server that registers whoever asks. `otherwise` answers what it wants to.
pub(crate) fn resource(mut otherwise: impl FnMut(&Seen) -> Option<Answer> + Send + 'static) -> Stage {
    let stage = Stage::new();
    stage.with(|script| {
        script.metadata["registration_endpoint"] = json!(format!("{ISSUER}/register"));
        script.metadata["token_endpoint_auth_methods_supported"] = json!(["none", "client_secret_basic"]);
    });
    stage.instead(move |seen| otherwise(seen).or_else(|| usual(seen)));
    stage
}

fn usual(seen: &Seen) -> Option<Answer> {
    match (seen.endpoint, &seen.method, seen.uri.as_str()) {
        (Endpoint::Registration, ..) => {
            let mut answer = seen.json.clone();
            answer["client_id"] = "given".into();
            Some(Ok(response(201, "application/json", answer.to_string())))
        }
        (Endpoint::Resource, _, METADATA) => Some(ok(&metadata())),
        (Endpoint::Resource, &Method::GET, _) => Some(Ok(response(404, "text/plain", ""))),
        (Endpoint::Resource, ..) => Some(match seen.authorization {
            Some(_) => ok(&json!({ "served": true })),
            None => refusal(401, &format!("Bearer resource_metadata=\"{METADATA}\", scope=\"first\"")),
        }),
        _ => None,
    }
}

/// Everything a client needs that registers there.
pub(crate) fn builder(stage: &Stage) -> ResourceClientBuilder {
    unknown(stage).registering(ClientMetadata::web("App", REDIRECT_URI))
}

/// The same for a client that cannot introduce itself.
pub(crate) fn unknown(stage: &Stage) -> ResourceClientBuilder {
    let builder = ResourceClient::at(RESOURCE).http(stage.clone()).clock(stage.clock.clone());
    builder.client(|client| client.redirect_uri(REDIRECT_URI)).logging_in_by(Visit)
}

/// A user who agrees to everything at once.
pub(crate) struct Visit;

impl ResourceLogin for Visit {
    fn log_in<'a>(&'a self, request: AccessRequest<'a>) -> BoxFuture<'a, Result<Session, Error>> {
        Box::pin(async move {
            let started = request.login().begin().await?;
            let callback = callback(&started, &[("asked", started.url.query().unwrap_or_default())]);
            request.client().finish(started.pending, callback).await.map_err(failed)
        })
    }
}

pub(crate) fn failed(error: FinishError) -> Error {
    match error {
        FinishError::Failed(error) => error,
        FinishError::Rejected(rejected) => Error::Rejected(rejected.reason),
        error => panic!("{error:?}"),
    }
}

pub(crate) fn request() -> http::Request<Vec<u8>> {
    to(RESOURCE)
}

pub(crate) fn to(url: &str) -> http::Request<Vec<u8>> {
    let request = http::Request::post(url).header("content-type", "application/json");
    request.body(b"{}".to_vec()).expect("a request")
}

/// The tokens that the resource was shown, in their order; an empty one for none.
pub(crate) fn shown(stage: &Stage) -> Vec<String> {
    let posts = stage.seen(Endpoint::Resource).into_iter().filter(|seen| seen.method == Method::POST);
    posts.map(|seen| seen.authorization.unwrap_or_default()).collect()
}

/// The addresses that metadata were asked for at.
pub(crate) fn fetched(stage: &Stage) -> Vec<String> {
    let gets = stage.seen(Endpoint::Resource).into_iter().filter(|seen| seen.method == Method::GET);
    gets.map(|seen| seen.uri).collect()
}
