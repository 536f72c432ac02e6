//! A client of one MCP server: it lists the tools and calls one, and gets whatever access it is asked for.
//!
//! `mcp_client URL`. A browser that needs nobody to click opens the logins, so it is for servers that ask nobody anything.
//! The program `conformance` of MCP tells it by its environment which scenario is played, and with what.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "it says what tools there are, and why there are none"
)]

use std::error::Error;
use std::io;
use std::process::ExitCode;
use std::sync::Arc;

use http::header::{ACCEPT, CONTENT_TYPE, LOCATION};
use pkce_client::{
    AccessRequest, Algorithm, BoxFuture, Client, ClientDocument, ClientMetadata, Endpoint, HttpClient, HttpRequest,
    Registration, ReqwestTransport, ResourceClient, ResourceClientBuilder, ResourceLogin, Session, SigningKey,
    TokenKind,
};
use serde_json::{Value, json};
use url::Url;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Where this client would say who it is, if it were published.
const DOCUMENT: &str = "https://conformance-test.local/client-metadata.json";

/// The revision since which requests stand alone.
const STATELESS: &str = "2026-07-28";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match play().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let mut text = error.to_string();
            let mut source = error.source();
            while let Some(inner) = source {
                text = format!("{text}: {inner}");
                source = inner.source();
            }
            eprintln!("{text}");
            ExitCode::FAILURE
        }
    }
}

async fn play() -> Outcome<()> {
    let url = std::env::args().next_back().filter(|url| url.contains("://")).ok_or("usage: mcp_client URL")?;
    let scenario = std::env::var("MCP_CONFORMANCE_SCENARIO").unwrap_or_default();
    let context = match std::env::var("MCP_CONFORMANCE_CONTEXT") {
        Ok(text) => serde_json::from_str(&text)?,
        Err(_) => Value::Null,
    };
    let version = std::env::var("MCP_CONFORMANCE_PROTOCOL_VERSION").unwrap_or_else(|_| "2025-11-25".to_owned());
    let resource = resource(&url, &scenario, &context).await?.build()?;
    let mut server = Server { resource, url, version, session: None, sent: 0 };
    server.greet().await?;
    let tools = server.ask("tools/list", json!({})).await?;
    for tool in tools["tools"].as_array().into_iter().flatten() {
        println!("{}", tool["name"]);
    }
    server.ask("tools/call", json!({ "name": "test-tool", "arguments": {} })).await?;
    Ok(())
}

/// The server as a protected resource, and who this client may be there.
async fn resource(url: &str, scenario: &str, context: &Value) -> Outcome<ResourceClientBuilder> {
    let metadata = ClientMetadata::native("pkce-client: MCP example");
    let builder = ResourceClient::at(url).allow_http_localhost().user_agent(browser()?).registering(metadata);
    let text = |name: &str| context[name].as_str().map(str::to_owned);
    let builder = match text("client_id") {
        None => builder,
        Some(client_id) => {
            let issuer = first_server(url).await?;
            builder.registered(match text("client_secret") {
                Some(secret) => Registration::confidential(issuer, client_id, secret),
                None => Registration::public(issuer, client_id),
            })
        }
    };
    Ok(match scenario {
        "auth/basic-cimd" => {
            builder.documented(ClientDocument::new(DOCUMENT, ClientMetadata::native("pkce-client: MCP example"))?)
        }
        "auth/client-credentials-basic" => builder.on_its_own_account(),
        "auth/client-credentials-jwt" => {
            let key = SigningKey::from_pem(Algorithm::Es256, &text("private_key_pem").ok_or("no key")?)?;
            builder.on_its_own_account().client(move |client| client.private_key_jwt(key.clone()))
        }
        "auth/wif-jwt-bearer" => builder.logging_in_by(Workload { jwt: text("valid_jwt").ok_or("no JWT")? }),
        "auth/enterprise-managed-authorization" => builder.logging_in_by(Enterprise {
            issuer: text("idp_issuer").ok_or("no identity provider")?,
            client_id: text("idp_client_id").ok_or("no client at the identity provider")?,
            id_token: text("idp_id_token").ok_or("no ID token")?,
        }),
        "auth/dpop" | "auth/dpop-nonce" => builder.client(|client| client.dpop_with_new_key()),
        scenario if scenario.starts_with("auth/2025-03-26-") => builder.allow_missing_metadata(),
        _ => builder,
    })
}

/// The authorization server that this client has been registered at.
async fn first_server(url: &str) -> Outcome<String> {
    let metadata = ResourceClient::at(url).allow_http_localhost().build()?.metadata().await?;
    Ok(metadata.authorization_servers().first().ok_or("no authorization server")?.clone())
}

/// A program that runs somewhere, and has a token that says so.
struct Workload {
    jwt: String,
}

impl ResourceLogin for Workload {
    fn log_in<'a>(&'a self, request: AccessRequest<'a>) -> BoxFuture<'a, Result<Session, pkce_client::Error>> {
        let grant = request.client().jwt_bearer(self.jwt.as_str());
        Box::pin(grant.resource(request.resource()).scopes(request.scopes()).send())
    }
}

/// A user who is logged in to the identity provider of an enterprise, which says what the user may do elsewhere.
struct Enterprise {
    issuer: String,
    client_id: String,
    id_token: String,
}

impl ResourceLogin for Enterprise {
    fn log_in<'a>(&'a self, request: AccessRequest<'a>) -> BoxFuture<'a, Result<Session, pkce_client::Error>> {
        Box::pin(async move {
            // Nobody is sent to the identity provider with a code to come back with.
            let provider =
                Client::builder(&self.issuer, &self.client_id).allow_http_localhost().allow_unadvertised_pkce();
            let provider = provider.discover().await?;
            let exchange = provider.token_exchange(self.id_token.as_str(), TokenKind::IdToken);
            let exchange = exchange.requesting(TokenKind::IdJag).audience(request.client().issuer());
            let grant = exchange.resource(request.resource()).send().await?;
            let grant = request.client().jwt_bearer(grant.token().clone());
            grant.resource(request.resource()).scopes(request.scopes()).send().await
        })
    }
}

/// An MCP server.
struct Server {
    resource: ResourceClient,
    url: String,
    version: String,
    /// Its name for this conversation.
    session: Option<http::HeaderValue>,
    sent: u64,
}

impl Server {
    /// Begins the conversation, in the revisions that have one.
    async fn greet(&mut self) -> Outcome<()> {
        if self.is_stateless() {
            return Ok(());
        }
        let client = json!({ "name": "pkce-client", "version": env!("CARGO_PKG_VERSION") });
        let hello = json!({ "protocolVersion": self.version, "capabilities": {}, "clientInfo": client });
        self.ask("initialize", hello).await?;
        self.post(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" })).await?;
        Ok(())
    }

    /// The result of one request.
    async fn ask(&mut self, method: &str, mut params: Value) -> Outcome<Value> {
        if self.is_stateless() {
            params["_meta"] = json!({
                "io.modelcontextprotocol/protocolVersion": self.version,
                "io.modelcontextprotocol/clientCapabilities": {},
                "io.modelcontextprotocol/clientInfo": { "name": "pkce-client", "version": env!("CARGO_PKG_VERSION") },
            });
        }
        self.sent += 1;
        let id = self.sent;
        let message = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        let answer = self.post(&message).await?;
        let messages = messages(&answer)?;
        let answer = messages.into_iter().find(|message| message["id"] == id).ok_or("there is no answer in it")?;
        match answer.get("result") {
            Some(result) => Ok(result.clone()),
            None => Err(format!("{method} was refused: {}", answer["error"]["code"]).into()),
        }
    }

    async fn post(&mut self, message: &Value) -> Outcome<http::Response<Vec<u8>>> {
        let mut request = http::Request::post(&self.url)
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "application/json, text/event-stream")
            .header("mcp-protocol-version", &self.version);
        if let Some(session) = &self.session {
            request = request.header("mcp-session-id", session);
        }
        let answer = self.resource.send(request.body(message.to_string().into_bytes())?).await?;
        if let Some(session) = answer.headers().get("mcp-session-id") {
            self.session = Some(session.clone());
        }
        match answer.status().is_success() {
            true => Ok(answer),
            false => Err(format!("the server answered with {}", answer.status()).into()),
        }
    }

    fn is_stateless(&self) -> bool {
        self.version.as_str() >= STATELESS
    }
}

/// The messages in an answer: one, or a stream of them.
fn messages(answer: &http::Response<Vec<u8>>) -> Outcome<Vec<Value>> {
    let kind = answer.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if !kind.starts_with("text/event-stream") {
        return Ok(vec![serde_json::from_slice(answer.body())?]);
    }
    let text = std::str::from_utf8(answer.body())?;
    let data = text.lines().filter_map(|line| line.strip_prefix("data:")).map(str::trim);
    Ok(data.filter(|data| !data.is_empty()).map(serde_json::from_str).collect::<Result<_, _>>()?)
}

/// A browser without a person: it follows redirects, and is not content with a page that says that something is wrong.
fn browser() -> Outcome<impl Fn(Url) -> BoxFuture<'static, io::Result<()>> + Send + Sync> {
    let http = Arc::new(ReqwestTransport::builder().build()?);
    Ok(move |url| -> BoxFuture<'static, io::Result<()>> { Box::pin(visit(Arc::clone(&http), url)) })
}

async fn visit(http: Arc<ReqwestTransport>, mut url: Url) -> io::Result<()> {
    for _ in 0..10 {
        let request = http::Request::get(url.as_str()).body(Vec::new()).map_err(io::Error::other)?;
        let endpoint = Endpoint::Resource;
        let (timeout, max_body) = (std::time::Duration::from_secs(10), endpoint.max_body());
        let answer =
            http.send(HttpRequest { endpoint, request, timeout, max_body }).await.map_err(io::Error::other)?;
        match answer.headers().get(LOCATION).and_then(|location| location.to_str().ok()) {
            Some(location) if answer.status().is_redirection() => {
                url = url.join(location).map_err(io::Error::other)?
            }
            _ if answer.status().is_success() => return Ok(()),
            _ => return Err(io::Error::other(format!("the page at {} says {}", url.path(), answer.status()))),
        }
    }
    Err(io::Error::other("it is redirected on and on"))
}
