//! The lying authorization server of an attack on a client: a mock server of its own, and what it was asked.

use std::sync::atomic::{AtomicUsize, Ordering};

use mock_idp::{Builder, Client, Entry, MockIdp, Mounted};
use oauth_types::Params;
use oauth_types::fault::{Edit, Fault, Point};
use oauth_types::mint::Mint;
use serde_json::Value;

use crate::agent::Agent;
use crate::attack::Inconclusive;
use crate::client::Provider;
use crate::target::{ClientAuth, Registration};
use crate::trace::{Party, Step, shown};

/// What the client under test may use. Whether it does is up to it.
const GRANT_TYPES: [&str; 3] =
    ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"];

/// A mock authorization server where the client under test is registered.
#[derive(Debug)]
pub struct Idp {
    mock: MockIdp,
    provider: Provider,
    party: Party,
    /// How many entries of the journal are in the trace already.
    told: AtomicUsize,
}

/// A misbehaviour of the server, for as long as this is kept.
#[derive(Debug)]
#[must_use = "the server is honest again as soon as this is dropped"]
pub struct Lie(Option<Mounted>);

impl Lie {
    /// Whether the lie was told.
    pub fn was_told(&self) -> bool {
        self.0.as_ref().is_some_and(|mounted| mounted.fired() > 0)
    }
}

impl Drop for Lie {
    fn drop(&mut self) {
        // The guard of the mock server fails a test whose fault never fired. Here that is a finding, not a panic.
        if let Some(mounted) = self.0.take() {
            mounted.unmount();
        }
    }
}

impl Idp {
    /// Starts a server of this description where `client` is registered.
    pub(crate) async fn start(builder: Builder, client: Registration, party: Party) -> Result<Self, Inconclusive> {
        let known = match &client.auth {
            ClientAuth::None => Client::public(&client.client_id),
            ClientAuth::Basic(secret) | ClientAuth::Post(secret) => {
                Client::confidential(&client.client_id, secret.clone())
            }
            ClientAuth::PrivateKeyJwt(key) => Client::with_keys(&client.client_id, key.jwks()),
            ClientAuth::MutualTls(_) => return Err(Inconclusive::new("clients with certificates are not played to")),
        };
        let known =
            client.redirect_uris.iter().fold(known, |known, uri| redirect(known, uri)).grant_types(GRANT_TYPES);
        let known = client.registered.iter().fold(known, register);
        let mock = builder.client(known).start().await;
        let mock = mock.map_err(|error| Inconclusive::new(format!("the mock server did not start: {error}")))?;
        let ca_pem = mock.ca_pem().map(str::to_owned);
        let provider = Provider { issuer: mock.issuer().to_owned(), client, ca_pem };
        Ok(Self { mock, provider, party, told: AtomicUsize::new(0) })
    }

    /// The same server, of whose certification authority the client under test is not told.
    #[must_use]
    pub fn untrusted(mut self) -> Self {
        self.provider.ca_pem = None;
        self
    }

    /// The server as the client under test is configured for it.
    pub fn provider(&self) -> &Provider {
        &self.provider
    }

    /// The issuer.
    pub fn issuer(&self) -> &str {
        &self.provider.issuer
    }

    /// Who this server is in the story.
    pub fn party(&self) -> Party {
        self.party
    }

    /// The server itself, with its keys, its clock and the people who log in.
    pub fn mock(&self) -> &MockIdp {
        &self.mock
    }

    /// Makes the server misbehave.
    pub fn lie(&self, fault: Fault) -> Lie {
        Lie(Some(self.mock.mount(fault)))
    }

    /// Makes the server misbehave in one way, always.
    pub fn lie_at(&self, at: Point, edit: Edit) -> Lie {
        self.lie(Fault::always(at, edit))
    }

    /// What time it is for the server, in seconds since 1970-01-01T00:00:00Z.
    pub fn now(&self) -> u64 {
        use mock_idp::clock::Clock as _;
        self.mock.clock().now()
    }

    /// Every token request so far.
    pub fn token_requests(&self) -> Vec<Entry> {
        self.requests("/token")
    }

    /// Every request to this path so far.
    pub fn requests(&self, path: &str) -> Vec<Entry> {
        self.mock.journal().into_iter().filter(|entry| entry.path == path).collect()
    }

    /// A token that the server makes without a login.
    ///
    /// # Errors
    /// [`Inconclusive`] when there can be no such token.
    pub async fn mint(&self, mint: &Mint) -> Result<String, Inconclusive> {
        let token = self.mock.try_mint(mint).await;
        let token = token.map_err(|error| Inconclusive::new(format!("the mock server made no token: {error}")))?;
        Ok(token.expose().to_owned())
    }

    /// Whether any request so far carries this text, in its parameters, its headers or its body.
    pub fn was_told(&self, text: &str) -> bool {
        self.mock.journal().iter().any(|entry| carries(entry, text))
    }

    /// Every request so far.
    pub fn journal(&self) -> Vec<Entry> {
        self.mock.journal().into_iter().collect()
    }

    /// Keeps browsers that open an authorization request where they are (RFC 9110 section 15.3.5), for as long as the
    /// lies are kept.
    pub(crate) fn hold(&self) -> [Lie; 2] {
        [Point::AuthorizationResponse, Point::Page].map(|at| {
            let unmoved = Edit::RemoveHttpHeader { name: "location".to_owned() };
            self.lie(Fault::always(at, unmoved).and(Edit::Status { code: 204 }))
        })
    }

    /// Writes down what was asked since the last time, except what browsers opened.
    pub(crate) fn tell(&self, agent: &Agent) {
        let entries = self.mock.journal();
        let since = self.told.swap(entries.len(), Ordering::Relaxed);
        for entry in entries.iter().skip(since).filter(|entry| entry.path != "/authorize") {
            agent.note(self.step(agent, entry));
        }
    }

    fn step(&self, agent: &Agent, entry: &Entry) -> Step {
        let answer = match &entry.refusal {
            Some(refused) => format!("{} {}", entry.status, refused.error),
            None => entry.status.to_string(),
        };
        Step {
            from: Party::Client,
            to: if entry.path == "/userinfo" { Party::Resource } else { self.party },
            message: format!("{} {}", entry.method, entry.path),
            parameters: shown_params(agent, &entry.params),
            answer: Some(if entry.faults > 0 { format!("{answer}, not the truth") } else { answer }),
            remark: entry.refusal.as_ref().and_then(|refused| Some(agent.conceal(refused.hint.as_deref()?))),
            stopped: false,
            exchange: None,
        }
    }
}

/// The client with one more redirect URI. Servers whose clients come back to `localhost` take it with any port, as RFC 8252
/// section 7.3 has it for addresses.
fn redirect(client: Client, uri: &str) -> Client {
    match uri {
        "http://localhost" => client.any_loopback_redirect(),
        uri => client.redirect_uri(uri),
    }
}

/// The client with one more member of its registration.
fn register(client: Client, (name, value): &(String, Value)) -> Client {
    match (name.as_str(), value.as_array()) {
        ("grant_types", Some(types)) => client.grant_types(types.iter().filter_map(Value::as_str)),
        _ => client.metadata(name, value.clone()),
    }
}

/// Whether a request carries this text.
fn carries(entry: &Entry, text: &str) -> bool {
    let in_params = entry.params.iter().any(|(name, value)| value.contains(text) || name.contains(text));
    let has = |octets: &[u8]| octets.windows(text.len()).any(|window| window == text.as_bytes());
    in_params
        || entry.path.contains(text)
        || entry.headers.values().any(|value| has(value.as_bytes()))
        || has(&entry.body)
}

/// Parameters as they may be shown.
pub(crate) fn shown_params(agent: &Agent, params: &Params) -> Vec<(String, String)> {
    params.iter().map(|(name, value)| (name.to_owned(), agent.conceal(&shown(name, value)))).collect()
}
