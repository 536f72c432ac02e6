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
    /// The authorization request, the same for every flow of this client.
    authorize: Vec<u8>,
    /// The token request, written anew for every flow.
    token: Vec<u8>,
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
    /// Connects to a server that signs with `algorithm`.
    pub(super) async fn open(address: SocketAddr, algorithm: Algorithm) -> Result<Self, String> {
        let mut players = Vec::with_capacity(CONNECTIONS);
        for number in 0..CONNECTIONS {
            players.push(Player::new(address, algorithm, number).await?);
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
    async fn new(address: SocketAddr, algorithm: Algorithm, number: usize) -> Result<Self, String> {
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
        let authorize = format!("GET /authorize?{} HTTP/1.1\r\nHost: {address}\r\n\r\n", query.encode()).into_bytes();
        let connection = Connection::open(address).await?;
        Ok(Self { connection, algorithm, state, verifier, authorize, token: Vec::new() })
    }

    /// One flow. Gives the octets of the token response.
    async fn flow(&mut self) -> Result<u64, String> {
        let answer = self.connection.ask(&self.authorize).await?;
        if answer.status != 302 {
            return Err(format!("the authorization request was answered with {}", answer.status));
        }
        let location = answer.header("location").ok_or("a redirect goes nowhere")?;
        let code = code(location, &self.state)?;
        let form = Params::new()
            .with("grant_type", "authorization_code")
            .with("client_id", CLIENT_ID)
            .with("redirect_uri", REDIRECT_URI)
            .with("code", code)
            .with("code_verifier", self.verifier.expose())
            .encode();
        self.token.clear();
        let head = "POST /token HTTP/1.1\r\nHost: mock\r\nContent-Type: application/x-www-form-urlencoded\r\n";
        self.token.extend_from_slice(format!("{head}Content-Length: {}\r\n\r\n{form}", form.len()).as_bytes());
        let answer = self.connection.ask(&self.token).await?;
        if answer.status != 200 {
            return Err(format!("the token request was answered with {}", answer.status));
        }
        check(answer.body, self.algorithm)?;
        u64::try_from(answer.body.len()).map_err(|error| error.to_string())
    }
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

fn check(body: &[u8], algorithm: Algorithm) -> Result<(), String> {
    let tokens: Tokens<'_> = serde_json::from_slice(body).map_err(|error| format!("a token response: {error}"))?;
    let signed = |token: &str| {
        let signature = if algorithm == Algorithm::Es256 { 86 } else { 342 };
        token.split('.').count() == 3 && token.rsplit('.').next().is_some_and(|last| last.len() == signature)
    };
    let right = tokens.token_type == "Bearer"
        && signed(tokens.access_token)
        && signed(tokens.id_token)
        && tokens.refresh_token.len() >= 43;
    match right {
        true => Ok(()),
        false => Err("a token response lacks a token, or has one of another algorithm".to_owned()),
    }
}
