//! MCP Authorization: a client gets from the first refusal to a token for one resource alone.

use std::io;
use std::sync::Arc;

use mock_idp::{Client as Known, MockIdp, Profile};
use pkce_client::{
    AccessRequest, BoxFuture, Callback, ClientDocument, ClientMetadata, Endpoint, Error, MemoryStore, Registration,
    ResourceClient, ResourceClientBuilder, ResourceError, ResourceLogin, Session,
};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use url::Url;

use crate::draft_client_id_metadata::Page;
use crate::idp::{Idp, REDIRECT_URI};
use crate::resource::{RESOURCE, builder, failed, ok, refusal, request, resource, shown, unknown};
use crate::stage::{CLIENT_ID, ISSUER, Seen, Stage, response};

const DOCUMENT: &str = "https://app.example/client.json";

/// The MCP server of the mock authorization server.
struct Mcp {
    idp: Idp,
    url: String,
}

impl Mcp {
    fn new(build: impl FnOnce(mock_idp::Builder) -> mock_idp::Builder) -> Self {
        let idp = Idp::new(build(MockIdp::builder().profile(Profile::Mcp)));
        let url = format!("{}/mcp", idp.mock().issuer());
        Self { idp, url }
    }

    fn resource(&self) -> ResourceClientBuilder {
        let builder = ResourceClient::at(&self.url).http(self.idp.clone()).clock(self.idp.clone());
        builder.client(|client| client.redirect_uri(REDIRECT_URI)).logging_in_by(Person(self.idp.clone()))
    }

    /// A call of a tool, and whether it was served.
    async fn call(&self, resource: &ResourceClient, tool: &str) -> http::StatusCode {
        let arguments = json!({ "to": "bob", "amount": 1, "text": "x" });
        let params = json!({ "name": tool, "arguments": arguments });
        let message = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
        let request = http::Request::post(&self.url).header("content-type", "application/json");
        let request = request.header("mcp-protocol-version", "2025-11-25").body(message.to_string().into_bytes());
        resource.send(request.expect("a request")).await.expect("an answer").status()
    }

    /// What was asked of an endpoint, by its path.
    fn count(&self, path: &str) -> usize {
        self.idp.mock().journal().iter().filter(|entry| entry.path == path).count()
    }
}

/// A user of the mock server, who agrees to everything at once.
struct Person(Idp);

impl ResourceLogin for Person {
    fn log_in<'a>(&'a self, request: AccessRequest<'a>) -> BoxFuture<'a, Result<Session, Error>> {
        Box::pin(async move {
            let started = request.login().begin().await?;
            let answer = self.0.visit(&started.url).await;
            let location = answer.headers().get("location").expect("a redirect").to_str().expect("a URL");
            let location = Url::parse(location).expect("a URL");
            let callback = Callback::from_query(location.query().expect("a query")).expect("parameters");
            request.client().finish(started.pending, callback).await.map_err(failed)
        })
    }
}

fn web() -> ClientMetadata {
    ClientMetadata::web("App", REDIRECT_URI)
}

#[tokio::test]
async fn a_stranger_gets_from_the_first_refusal_to_a_tool() {
    let mcp = Mcp::new(|builder| builder);
    let resource = mcp.resource().registering(web()).build().expect("a resource");
    assert_eq!(mcp.call(&resource, "whoami").await, 200);
    assert_eq!(mcp.call(&resource, "whoami").await, 200);
    assert_eq!((mcp.count("/register"), mcp.count("/authorize"), mcp.count("/token")), (1, 1, 1));
    let session = resource.session().await.expect("a session");
    assert_eq!(session.scopes().await, ["mcp:tools"]);
    assert_eq!(resource.registrations().await.len(), 1);
}

#[tokio::test]
async fn a_tool_that_needs_more_gets_it_once() {
    let mcp = Mcp::new(|builder| builder);
    let resource = mcp.resource().registering(web()).build().expect("a resource");
    assert_eq!(mcp.call(&resource, "whoami").await, 200);
    assert_eq!(mcp.call(&resource, "transfer").await, 200);
    assert_eq!(resource.session().await.expect("a session").scopes().await, ["mcp:tools", "mcp:transfer"]);
    assert_eq!((mcp.count("/register"), mcp.count("/authorize")), (1, 2));
    assert_eq!(mcp.call(&resource, "whoami").await, 200);
    assert_eq!(mcp.count("/authorize"), 2, "nobody is asked for what there is");
}

#[tokio::test]
async fn an_expired_token_is_refreshed_for_the_same_resource() {
    let mcp = Mcp::new(|builder| builder);
    let resource = mcp.resource().registering(web()).build().expect("a resource");
    assert_eq!(mcp.call(&resource, "whoami").await, 200);
    mcp.idp.advance(24 * 3600);
    assert_eq!(mcp.call(&resource, "whoami").await, 200);
    assert_eq!((mcp.count("/authorize"), mcp.count("/token")), (1, 2));
}

#[tokio::test]
async fn who_is_registered_does_not_register_and_who_has_a_document_neither() {
    let document = ClientDocument::new(DOCUMENT, web()).expect("a document");
    let page = document.to_json();
    let mcp = Mcp::new(|builder| {
        let known = Known::confidential("known", "secret").redirect_uri(REDIRECT_URI).any_grant_type();
        builder.client(known.scope(["mcp:tools"])).outbound(Arc::new(Page(page)))
    });
    let issuer = mcp.idp.mock().issuer().to_owned();
    let all = || mcp.resource().registering(web()).documented(document.clone());
    let known = all().registered(Registration::confidential(&issuer, "known", "secret")).build().expect("a resource");
    assert_eq!(mcp.call(&known, "whoami").await, 200);
    assert_eq!(known.client().await.expect("a client").client_id(), "known");

    let elsewhere = Registration::confidential("https://other.example", "known", "secret");
    let documented = all().registered(elsewhere).build().expect("a resource");
    assert_eq!(mcp.call(&documented, "whoami").await, 200);
    assert_eq!(documented.client().await.expect("a client").client_id(), DOCUMENT);
    assert_eq!(mcp.count("/register"), 0);
}

#[tokio::test]
async fn a_server_that_reads_no_documents_gets_a_registration() {
    let stage = resource(|_| None);
    let document = ClientDocument::new(DOCUMENT, web()).expect("a document");
    let both = builder(&stage).documented(document.clone()).build().expect("a resource");
    assert_eq!(both.client().await.expect("a client").client_id(), "given");
    let stage = resource(|_| None);
    let alone = unknown(&stage).documented(document).build().expect("a resource");
    let error = alone.send(request()).await.expect_err("it cannot introduce itself");
    assert!(matches!(error, Error::ProtectedResource(ResourceError::Unknown)));
    stage.with(|script| drop(script.metadata.as_object_mut().map(|all| all.remove("registration_endpoint"))));
    let error =
        builder(&stage).build().expect("a resource").send(request()).await.expect_err("nobody registers there");
    assert!(matches!(error, Error::ProtectedResource(ResourceError::Unknown)));
}

#[tokio::test]
async fn the_resource_is_named_wherever_a_token_is_asked_for() {
    let stage = resource(|_| None);
    let resource = builder(&stage).build().expect("a resource");
    assert_eq!(resource.send(request()).await.expect("an answer").status(), 200);
    let session = resource.session().await.expect("a session");
    session.refresh().await.expect("there is a refresh token");
    let tokens = stage.seen(Endpoint::Token);
    let named: Vec<_> = tokens.iter().map(|seen| seen.params.all("resource").collect::<Vec<_>>()).collect();
    assert_eq!(named, [[RESOURCE], [RESOURCE]]);
    assert_eq!(shown(&stage), ["", "Bearer at-1"]);
}

#[tokio::test]
async fn scopes_are_those_of_the_refusal_or_else_those_of_the_metadata() {
    let asked = async |challenge: &'static str, known: Value, offered: Value| {
        let (stage, seen) = asking(challenge, known);
        stage.with(|script| script.metadata["scopes_supported"] = offered);
        let resource = builder(&stage).logging_in_by(seen.clone()).build().expect("a resource");
        resource.send(request()).await.expect("an answer");
        seen.scopes()
    };
    let none = json!(["x"]);
    let known = json!(["known", "other"]);
    assert_eq!(asked("Bearer scope=\"a b\"", known.clone(), none.clone()).await, [["a", "b"]]);
    assert_eq!(asked("Bearer", known.clone(), none.clone()).await, [["known", "other"]]);
    assert_eq!(asked("Bearer scope=\"\"", known.clone(), none.clone()).await, [["known", "other"]]);
    assert_eq!(asked("Bearer", json!([]), none).await, [[""; 0]]);
    let offline = json!(["offline_access"]);
    assert_eq!(asked("Bearer scope=\"a\"", known, offline).await, [["a", "offline_access"]]);
}

/// A resource that refuses in this way, and somebody who remembers what was asked for.
fn asking(challenge: &'static str, known: Value) -> (Stage, Remembering) {
    let members = json!({ "resource": RESOURCE, "authorization_servers": [ISSUER], "scopes_supported": known });
    let stage = resource(move |seen| match seen.endpoint {
        Endpoint::Resource if seen.uri == crate::resource::METADATA => Some(ok(&members)),
        Endpoint::Resource if seen.uri == RESOURCE && seen.authorization.is_none() => Some(refusal(401, challenge)),
        _ => None,
    });
    (stage, Remembering::default())
}

/// Remembers the scopes of every login.
#[derive(Clone, Default)]
pub(crate) struct Remembering(Arc<std::sync::Mutex<Vec<Vec<String>>>>);

impl Remembering {
    pub(crate) fn scopes(&self) -> Vec<Vec<String>> {
        self.0.lock().expect("no panic").clone()
    }
}

impl ResourceLogin for Remembering {
    fn log_in<'a>(&'a self, request: AccessRequest<'a>) -> BoxFuture<'a, Result<Session, Error>> {
        self.0.lock().expect("no panic").push(request.scopes().to_vec());
        crate::resource::Visit.log_in(request)
    }
}

#[tokio::test]
async fn tokens_and_registration_outlive_the_program() {
    let store = Arc::new(MemoryStore::new());
    let stage = resource(|_| None);
    let first = builder(&stage).keep_in(Arc::clone(&store)).build().expect("a resource");
    first.send(request()).await.expect("an answer");
    let registration = first.registrations().await.remove(0);

    let seen = Remembering::default();
    let again = || builder(&stage).keep_in(Arc::clone(&store)).logging_in_by(seen.clone());
    let second = again().registered(registration.clone()).build().expect("a resource");
    second.send(request()).await.expect("an answer");
    assert_eq!(shown(&stage), ["", "Bearer at-1", "Bearer at-1"]);
    assert!(seen.scopes().is_empty() && stage.seen(Endpoint::Registration).len() == 1);

    let stranger = again().build().expect("a resource");
    stranger.send(request()).await.expect("an answer");
    assert_eq!(seen.scopes().len(), 1, "without its registration the tokens are nobody's");

    let other = ResourceClient::at("https://api.example/other").http(stage.clone()).clock(stage.clock.clone());
    let other = other.registered(registration).keep_in(store).build().expect("a resource");
    other.send(crate::resource::to("https://api.example/other")).await.expect_err("it has no metadata");
    assert_eq!(shown(&stage).last().map(String::as_str), Some(""), "nor are they for another resource");
}

#[tokio::test]
async fn all_who_are_refused_at_once_cause_one_login() {
    let stage = resource(|_| None);
    let seen = Remembering::default();
    let resource = builder(&stage).logging_in_by(seen.clone()).build().expect("a resource");
    stage.gate.send_replace(Some(Endpoint::Resource));
    let send = || {
        let resource = resource.clone();
        tokio::spawn(async move { resource.send(request()).await.expect("an answer").status() })
    };
    let sent = [send(), send(), send()];
    stage.arrived(Endpoint::Resource, 3).await;
    stage.gate.send_replace(None);
    for answer in sent {
        assert_eq!(answer.await.expect("no panic"), 200);
    }
    assert_eq!((seen.scopes().len(), stage.seen(Endpoint::Registration).len()), (1, 1));
}

#[tokio::test]
async fn a_service_has_access_on_its_own_account() {
    let stage = resource(|_| None);
    let registration = Registration::confidential(ISSUER, CLIENT_ID, "s3cret");
    let resource = unknown(&stage).registered(registration).on_its_own_account().build().expect("a resource");
    assert_eq!(resource.send(request()).await.expect("an answer").status(), 200);
    let token = &stage.seen(Endpoint::Token)[0];
    assert_eq!(token.params.get("grant_type"), Some("client_credentials"));
    assert_eq!((token.params.get("resource"), token.params.get("scope")), (Some(RESOURCE), Some("first")));
    stage.clock.advance(7200);
    assert_eq!(resource.send(request()).await.expect("an answer").status(), 200);
    let tokens = stage.seen(Endpoint::Token);
    assert_eq!((tokens.len(), tokens[1].params.get("grant_type")), (2, Some("client_credentials")));
}

#[tokio::test]
async fn a_resource_without_metadata_is_used_if_that_is_said() {
    let bare = |seen: &Seen| match seen.endpoint {
        Endpoint::Resource if seen.method == http::Method::GET => Some(Ok(response(404, "text/plain", ""))),
        Endpoint::Resource if seen.authorization.is_none() => Some(refusal(401, "Bearer")),
        Endpoint::Discovery => Some(Ok(response(404, "text/plain", ""))),
        _ => None,
    };
    let stage = resource(bare);
    builder(&stage).build().expect("a resource").send(request()).await.expect_err("it is not said");
    let old = builder(&stage).allow_missing_metadata().build().expect("a resource");
    old.client().await.expect("a client");
    assert_eq!(stage.seen(Endpoint::Registration)[0].uri, "https://api.example/register");
    let metadata = old.metadata().await.expect("metadata");
    assert_eq!((metadata.resource(), &metadata.authorization_servers()[0][..]), (RESOURCE, "https://api.example"));
    assert_eq!(old.client().await.expect("a client").issuer(), "https://api.example");
}

#[tokio::test]
async fn a_native_login_is_what_happens_by_itself() {
    let mcp = Mcp::new(|builder| builder);
    let idp = mcp.idp.clone();
    let browser = move |url: Url| {
        let idp = idp.clone();
        async move {
            let answer = idp.visit(&url).await;
            let location = answer.headers().get("location").expect("a redirect").to_str().expect("a URL");
            let url = Url::parse(location).map_err(io::Error::other)?;
            let mut stream = TcpStream::connect(("127.0.0.1", url.port().expect("a port"))).await?;
            let target = format!("{}?{}", url.path(), url.query().unwrap_or_default());
            let host = format!("127.0.0.1:{}", url.port().expect("a port"));
            stream.write_all(format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes()).await?;
            stream.read_to_string(&mut String::new()).await.map(drop)
        }
    };
    let resource = ResourceClient::at(&mcp.url).http(mcp.idp.clone()).user_agent(browser);
    let resource = resource.registering(ClientMetadata::native("CLI")).build().expect("a resource");
    assert_eq!(mcp.call(&resource, "whoami").await, 200);
    let registration = resource.registrations().await.remove(0);
    assert_eq!(registration.redirect_uris(), ["http://127.0.0.1/callback"]);
}
