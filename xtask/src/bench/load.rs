//! The load: whole flows in a closed loop, every answer looked at, so that a broken server cannot look fast.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use oauth_types::{Algorithm, Params};
use pkce_core::Verifier;
use serde::Deserialize;
use tokio::task::JoinSet;

use super::client::Connection;
use super::keys::{self, Keys};
use crate::stopwatch::Stopwatch;

const CLIENT_ID: &str = "public";
const REDIRECT_URI: &str = "http://127.0.0.1:8400/callback";
const SCOPE: &str = "openid profile email";

/// How many connections ask at once.
const CONNECTIONS: usize = 16;

/// Clients on connections of their own.
pub(super) struct Load(Vec<Player>);

/// What came of a number of flows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Played {
    pub(super) took: Duration,
    /// The octets of the bodies of all token responses.
    pub(super) octets: u64,
}

/// One client.
struct Player {
    connection: Connection,
    algorithm: Algorithm,
    state: String,
    verifier: Verifier,
    /// The authorization request, the same for every flow of this client unless it is pushed.
    authorize: Vec<u8>,
    keyed: Option<Keyed>,
}

/// What a client with keys has besides.
struct Keyed {
    keys: Keys,
    issuer: String,
    /// What it pushes.
    request: Params,
}

/// A token response (RFC 6749 §5.1, OpenID Connect Core §3.1.3.3).
#[derive(Deserialize)]
struct Tokens<'a> {
    token_type: &'a str,
    access_token: &'a str,
    id_token: &'a str,
    refresh_token: &'a str,
}

impl Load {
    /// Connects to a server that signs with `algorithm`. With `keys`, requests are pushed and signed.
    pub(super) async fn open(address: SocketAddr, algorithm: Algorithm, keys: Option<&Keys>) -> Result<Self, String> {
        let mut players = Vec::with_capacity(CONNECTIONS);
        for number in 0..CONNECTIONS {
            players.push(Player::new(address, algorithm, number, keys.cloned()).await?);
        }
        Ok(Self(players))
    }

    /// Plays `flows` flows: whoever is done with one takes the next.
    pub(super) async fn play(&mut self, flows: u32) -> Result<Played, String> {
        let watch = Stopwatch::start();
        let taken = Arc::new(AtomicU32::new(0));
        let mut playing = JoinSet::new();
        for mut player in self.0.drain(..) {
            let taken = taken.clone();
            playing.spawn(async move {
                let mut octets = 0;
                while taken.fetch_add(1, Ordering::Relaxed) < flows {
                    octets += player.flow().await?;
                }
                Ok::<_, String>((player, octets))
            });
        }
        let mut octets = 0;
        while let Some(done) = playing.join_next().await {
            let (player, own) = done.map_err(|error| format!("a client failed: {error}"))??;
            octets += own;
            self.0.push(player);
        }
        Ok(Played { took: watch.took(), octets })
    }
}

impl Player {
    async fn new(
        address: SocketAddr,
        algorithm: Algorithm,
        number: usize,
        keys: Option<Keys>,
    ) -> Result<Self, String> {
        let verifier = Verifier::generate().map_err(|error| error.to_string())?;
        let state = format!("state-of-client-{number:02}");
        let query = Params::new()
            .with("response_type", "code")
            .with("client_id", CLIENT_ID)
            .with("redirect_uri", REDIRECT_URI)
            .with("scope", SCOPE)
            .with("state", state.as_str())
            .with("nonce", format!("nonce-of-client-{number:02}"))
            .with("code_challenge", verifier.challenge().as_str())
            .with("code_challenge_method", "S256");
        let authorize = asking(&query);
        let connection = Connection::open(address).await?;
        let keyed = keys.map(|keys| {
            let mut request = query;
            request.set("client_id", keys::CLIENT_ID);
            Keyed { keys, issuer: format!("http://{address}"), request }
        });
        Ok(Self { connection, algorithm, state, verifier, authorize, keyed })
    }

    /// One flow. Gives the octets of the token response.
    async fn flow(&mut self) -> Result<u64, String> {
        if let Some(keyed) = &self.keyed {
            let answer = self.connection.ask(&keyed.post("/par", keyed.request.clone())?).await?;
            self.authorize = pushed(answer.status, answer.body)?;
        }
        let answer = self.connection.ask(&self.authorize).await?;
        if answer.status != 302 {
            return Err(format!("the authorization request was answered with {}", answer.status));
        }
        let location = answer.header("location").ok_or("a redirect goes nowhere")?;
        let code = code(location, &self.state)?;
        let form = Params::new()
            .with("grant_type", "authorization_code")
            .with("redirect_uri", REDIRECT_URI)
            .with("code", code)
            .with("code_verifier", self.verifier.expose());
        let request = match &self.keyed {
            Some(keyed) => keyed.post("/token", form.with("client_id", keys::CLIENT_ID))?,
            None => posting("/token", "", &form.with("client_id", CLIENT_ID)),
        };
        let answer = self.connection.ask(&request).await?;
        if answer.status != 200 {
            return Err(format!("the token request was answered with {}", answer.status));
        }
        let kind = if self.keyed.is_some() { "DPoP" } else { "Bearer" };
        check(answer.body, self.algorithm, kind)?;
        u64::try_from(answer.body.len()).map_err(|error| error.to_string())
    }
}

impl Keyed {
    /// A POST with an assertion and a proof.
    fn post(&self, path: &str, form: Params) -> Result<Vec<u8>, String> {
        let proof = self.keys.proof(&format!("{}{path}", self.issuer))?;
        let form = form.with("client_assertion_type", keys::ASSERTION_TYPE);
        let form = form.with("client_assertion", self.keys.assertion(&self.issuer)?);
        Ok(posting(path, &format!("DPoP: {proof}\r\n"), &form))
    }
}

fn asking(query: &Params) -> Vec<u8> {
    format!("GET /authorize?{} HTTP/1.1\r\nHost: mock\r\n\r\n", query.encode()).into_bytes()
}

fn posting(path: &str, headers: &str, form: &Params) -> Vec<u8> {
    let form = form.encode();
    let head = format!("POST {path} HTTP/1.1\r\nHost: mock\r\nContent-Type: application/x-www-form-urlencoded\r\n");
    format!("{head}{headers}Content-Length: {}\r\n\r\n{form}", form.len()).into_bytes()
}

/// The authorization request that refers to a pushed one.
fn pushed(status: u16, body: &[u8]) -> Result<Vec<u8>, String> {
    #[derive(Deserialize)]
    struct Pushed<'a> {
        request_uri: &'a str,
    }
    if status != 201 {
        return Err(format!("the pushed request was answered with {status}"));
    }
    let Pushed { request_uri } =
        serde_json::from_slice(body).map_err(|error| format!("a pushed request: {error}"))?;
    Ok(asking(&Params::new().with("client_id", keys::CLIENT_ID).with("request_uri", request_uri)))
}

/// The code of an authorization response, if it went to the right place with the right state.
fn code<'a>(location: &'a str, state: &str) -> Result<&'a str, String> {
    let query = location.strip_prefix(REDIRECT_URI).and_then(|rest| rest.strip_prefix('?'));
    let query = query.ok_or("a redirect goes to the wrong place")?;
    let value = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    if value("state") != Some(state) {
        return Err("a redirect has the wrong state".to_owned());
    }
    value("code").filter(|code| code.len() >= 43).ok_or_else(|| "a redirect has no code".to_owned())
}

fn check(body: &[u8], algorithm: Algorithm, kind: &str) -> Result<(), String> {
    let tokens: Tokens<'_> = serde_json::from_slice(body).map_err(|error| format!("a token response: {error}"))?;
    let signed = |token: &str| {
        let signature = if algorithm == Algorithm::Es256 { 86 } else { 342 };
        token.split('.').count() == 3 && token.rsplit('.').next().is_some_and(|last| last.len() == signature)
    };
    let right = tokens.token_type == kind
        && signed(tokens.access_token)
        && signed(tokens.id_token)
        && tokens.refresh_token.len() >= 43;
    match right {
        true => Ok(()),
        false => Err("a token response lacks a token, or has one of another algorithm".to_owned()),
    }
}
