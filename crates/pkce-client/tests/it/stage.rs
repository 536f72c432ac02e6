//! A server in memory that signs with the published test keys, and a clock that is moved by hand.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm as Jws, EncodingKey};
use oauth_types::Params;
use pkce_client::{
    BoxFuture, Callback, Client, ClientBuilder, Clock, Endpoint, FinishError, HttpClient, HttpRequest,
    ProviderMetadata, Session, Started, TransportError,
};
use serde_json::{Value, json};
use tokio::sync::watch;

pub(crate) const ISSUER: &str = "https://issuer.example";
pub(crate) const CLIENT_ID: &str = "app";
pub(crate) const REDIRECT_URI: &str = "https://app.example/cb?from=idp";
pub(crate) const START: u64 = 1_700_000_000;

pub(crate) const RS256: &str = include_str!("../../../../fixtures/keys/rs256.pem");
pub(crate) const PS256: &str = include_str!("../../../../fixtures/keys/ps256.pem");
pub(crate) const ES256: &str = include_str!("../../../../fixtures/keys/es256.pem");
pub(crate) const EDDSA: &str = include_str!("../../../../fixtures/keys/eddsa.pem");
pub(crate) const UNPUBLISHED: &str = include_str!("../../../../fixtures/keys/unpublished-rs256.pem");

/// Time that stands still until it is moved.
#[derive(Clone)]
pub(crate) struct TestClock(Arc<watch::Sender<u64>>);

impl TestClock {
    pub(crate) fn new() -> Self {
        Self(Arc::new(watch::Sender::new(START)))
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.0.send_modify(|now| *now += seconds);
    }

    /// How many are waiting for time to pass.
    pub(crate) fn waiting(&self) -> usize {
        self.0.receiver_count()
    }
}

impl Clock for TestClock {
    fn now(&self) -> u64 {
        *self.0.borrow()
    }

    fn wait(&self, duration: Duration) -> BoxFuture<'_, ()> {
        let (mut time, until) = (self.0.subscribe(), self.now() + duration.as_secs());
        Box::pin(async move {
            time.wait_for(|now| *now >= until).await.expect("the clock outlives whoever waits");
        })
    }
}

/// A request as the server saw it.
#[derive(Clone)]
pub(crate) struct Seen {
    pub(crate) endpoint: Endpoint,
    pub(crate) method: http::Method,
    pub(crate) uri: String,
    pub(crate) headers: http::HeaderMap,
    pub(crate) params: Params,
    /// Of another kind than a form.
    pub(crate) json: Value,
    pub(crate) authorization: Option<String>,
}

/// Answers some requests otherwise.
type Instead = Box<dyn FnMut(&Seen) -> Option<Answer> + Send>;

pub(crate) type Answer = Result<http::Response<Vec<u8>>, TransportError>;

/// What the server does. Tests change it as they like.
pub(crate) struct Script {
    pub(crate) metadata: Value,
    pub(crate) jwks: Value,
    pub(crate) userinfo: Value,
    /// JOSE header of the ID token.
    pub(crate) header: Value,
    /// Claims of the ID token, besides `nonce`.
    pub(crate) claims: Value,
    pub(crate) nonce: Option<String>,
    pub(crate) key: EncodingKey,
    pub(crate) alg: Jws,
    /// Members of the token response, besides `id_token`.
    pub(crate) members: Value,
    /// Changes the ID token after it is signed.
    pub(crate) edit: Option<fn(String) -> String>,
    /// Stands in for any answer.
    pub(crate) instead: Option<Instead>,
}

/// The server, and everything it was asked.
#[derive(Clone)]
pub(crate) struct Stage {
    pub(crate) script: Arc<Mutex<Script>>,
    pub(crate) seen: Arc<Mutex<Vec<Seen>>>,
    pub(crate) clock: TestClock,
    /// Closed while the server takes its time over answers of the named endpoint.
    pub(crate) gate: Arc<watch::Sender<Option<Endpoint>>>,
}

impl Stage {
    pub(crate) fn new() -> Self {
        let script = Script {
            metadata: metadata(ISSUER),
            jwks: json!({"keys": [jwk(&rsa(RS256), Jws::RS256, "one")]}),
            userinfo: json!({"sub": "alice", "name": "Alice"}),
            header: json!({"alg": "RS256", "kid": "one", "typ": "JWT"}),
            claims: json!({
                "iss": ISSUER, "sub": "alice", "aud": CLIENT_ID, "iat": START, "exp": START + 600, "groups": ["a"]
            }),
            nonce: None,
            key: rsa(RS256),
            alg: Jws::RS256,
            members: json!({"access_token": "at-1", "token_type": "Bearer", "expires_in": 3600, "refresh_token": "rt-1"}),
            edit: None,
            instead: None,
        };
        Self {
            script: Arc::new(Mutex::new(script)),
            seen: Arc::default(),
            clock: TestClock::new(),
            gate: Arc::new(watch::Sender::new(None)),
        }
    }

    pub(crate) fn builder(&self) -> ClientBuilder {
        Client::builder(ISSUER, CLIENT_ID).redirect_uri(REDIRECT_URI).http(self.clone()).clock(self.clock.clone())
    }

    pub(crate) fn client(&self) -> Client {
        self.client_of(self.builder())
    }

    pub(crate) fn client_of(&self, builder: ClientBuilder) -> Client {
        let metadata = self.with(|script| script.metadata.clone());
        let metadata: ProviderMetadata = serde_json::from_value(metadata).expect("metadata");
        builder.with_metadata(metadata).expect("a client")
    }

    /// Changes what the server does.
    pub(crate) fn with<T>(&self, change: impl FnOnce(&mut Script) -> T) -> T {
        change(&mut self.script.lock().expect("no test panics while it holds the script"))
    }

    /// Puts a value in place of a claim; `null` takes it out.
    pub(crate) fn claim(&self, name: &str, value: Value) {
        self.with(|script| put(&mut script.claims, name, value));
    }

    /// Puts a value in place of a member of the token response; `null` takes it out.
    pub(crate) fn member(&self, name: &str, value: Value) {
        self.with(|script| put(&mut script.members, name, value));
    }

    /// Answers with `instead` wherever it has something to say.
    pub(crate) fn instead(&self, instead: impl FnMut(&Seen) -> Option<Answer> + Send + 'static) {
        self.with(|script| script.instead = Some(Box::new(instead)));
    }

    /// Answers at `endpoint` with this, always.
    pub(crate) fn answer(&self, endpoint: Endpoint, status: u16, content_type: &'static str, body: &'static str) {
        self.instead(move |seen| (seen.endpoint == endpoint).then(|| Ok(response(status, content_type, body))));
    }

    pub(crate) async fn begin(&self, client: &Client) -> Started {
        let started = client.login().scopes(["openid", "email"]).begin().await.expect("a login");
        self.visit(&started);
        started
    }

    /// The browser's visit to the authorization endpoint: the server remembers the nonce.
    pub(crate) fn visit(&self, started: &Started) {
        self.visit_url(&started.url);
    }

    pub(crate) fn visit_url(&self, url: &url::Url) {
        let nonce = asked_by(url).get("nonce").map(str::to_owned);
        self.with(|script| script.nonce = nonce);
    }

    pub(crate) async fn login(&self, client: &Client) -> Result<Session, FinishError> {
        let started = self.begin(client).await;
        let callback = callback(&started, &[]);
        client.finish(started.pending, callback).await
    }

    pub(crate) fn seen(&self, endpoint: Endpoint) -> Vec<Seen> {
        let seen = self.seen.lock().expect("no test panics while it holds the journal");
        seen.iter().filter(|seen| seen.endpoint == endpoint).cloned().collect()
    }

    /// Resolves once `count` requests to `endpoint` have arrived.
    pub(crate) async fn arrived(&self, endpoint: Endpoint, count: usize) {
        while self.seen(endpoint).len() < count {
            tokio::task::yield_now().await;
        }
    }

    fn respond(&self, seen: &Seen) -> Answer {
        self.with(|script| {
            if let Some(answer) = script.instead.as_mut().and_then(|instead| instead(seen)) {
                return answer;
            }
            let body = match seen.endpoint {
                Endpoint::Discovery => script.metadata.clone(),
                Endpoint::Jwks => script.jwks.clone(),
                Endpoint::Userinfo => script.userinfo.clone(),
                _ => script.token_response(),
            };
            Ok(response(200, "application/json", body.to_string()))
        })
    }
}

impl Script {
    fn token_response(&self) -> Value {
        let mut members = self.members.clone();
        if members.get("id_token").is_none() {
            members["id_token"] = self.id_token().into();
        }
        members
    }

    pub(crate) fn id_token(&self) -> String {
        let mut claims = self.claims.clone();
        if let (Some(nonce), None) = (&self.nonce, claims.get("nonce")) {
            claims["nonce"] = nonce.as_str().into();
        }
        let token = sign(&self.header.to_string(), &claims.to_string(), &self.key, self.alg);
        self.edit.map_or(token.clone(), |edit| edit(token))
    }
}

impl HttpClient for Stage {
    fn send(&self, request: HttpRequest) -> BoxFuture<'_, Answer> {
        let authorization = request.request.headers().get("authorization");
        let is_json = request.request.headers().get("content-type").is_some_and(|kind| kind == "application/json");
        let body = String::from_utf8(request.request.body().clone()).expect("text");
        let seen = Seen {
            endpoint: request.endpoint,
            method: request.request.method().clone(),
            headers: request.request.headers().clone(),
            uri: request.request.uri().to_string(),
            params: if is_json { Params::new() } else { Params::parse(&body).expect("a form") },
            json: if is_json { serde_json::from_str(&body).expect("JSON") } else { Value::Null },
            authorization: authorization.map(|value| value.to_str().expect("ASCII").to_owned()),
        };
        self.seen.lock().expect("no test panics while it holds the journal").push(seen.clone());
        let mut gate = self.gate.subscribe();
        Box::pin(async move {
            gate.wait_for(|closed| *closed != Some(seen.endpoint)).await.expect("the stage is alive");
            self.respond(&seen)
        })
    }
}

pub(crate) fn metadata(issuer: &str) -> Value {
    json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize?tenant=1"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/jwks"),
        "userinfo_endpoint": format!("{issuer}/userinfo"),
        "response_types_supported": ["code"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "authorization_response_iss_parameter_supported": true
    })
}

pub(crate) fn response(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> http::Response<Vec<u8>> {
    let response = http::Response::builder().status(status).header("content-type", content_type);
    response.body(body.into()).expect("a response")
}

pub(crate) fn rsa(pem: &str) -> EncodingKey {
    EncodingKey::from_rsa_pem(pem.as_bytes()).expect("an RSA key")
}

pub(crate) fn jwk(key: &EncodingKey, alg: Jws, kid: &str) -> Value {
    let mut jwk = serde_json::to_value(Jwk::from_encoding_key(key, alg).expect("a public key")).expect("JSON");
    jwk["kid"] = kid.into();
    jwk["use"] = "sig".into();
    jwk
}

pub(crate) fn sign(header: &str, claims: &str, key: &EncodingKey, alg: Jws) -> String {
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let signature = jsonwebtoken::crypto::sign(signed.as_bytes(), key, alg).expect("a signature");
    format!("{signed}.{signature}")
}

/// The parameters of the authorization request.
pub(crate) fn asked(started: &Started) -> Params {
    asked_by(&started.url)
}

pub(crate) fn asked_by(url: &url::Url) -> Params {
    Params::parse(url.query().expect("a query")).expect("parameters")
}

/// The right response to a login, with these parameters instead; an empty value takes one out.
pub(crate) fn callback(started: &Started, changes: &[(&str, &str)]) -> Callback {
    Callback::from_query(&callback_query(started, changes)).expect("parameters")
}

pub(crate) fn callback_query(started: &Started, changes: &[(&str, &str)]) -> String {
    response_to(&started.url, changes)
}

/// The query of the right response to an authorization request, with these parameters instead.
pub(crate) fn response_to(url: &url::Url, changes: &[(&str, &str)]) -> String {
    let asked = asked_by(url);
    let mut params = Params::new().with("code", "code-1").with("iss", ISSUER);
    params.push("state", asked.get("state").expect("a state"));
    for (name, value) in changes {
        match *value {
            "" => drop(params.remove(name)),
            value => params.set(name, value),
        }
    }
    params.encode()
}

fn put(object: &mut Value, name: &str, value: Value) {
    let object = object.as_object_mut().expect("an object");
    match value {
        Value::Null => drop(object.remove(name)),
        value => drop(object.insert(name.to_owned(), value)),
    }
}
