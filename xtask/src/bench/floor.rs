//! The floor: the least a server can do that answers the two requests of a flow. Bare axum with the connection
//! settings of the mock server, a code of 32 random octets in a locked map, the S256 check, and two signatures over
//! payloads of the same size with keys that were parsed once. It checks nothing else and remembers nothing else.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{RawQuery, State};
use axum::routing::{get, post};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION};
use http::{HeaderValue, Response, StatusCode};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use mock_idp::dice::{Dice, SystemDice};
use oauth_types::Algorithm;
use pkce_core::Challenge;
use tokio::net::{TcpListener, TcpStream};
use url::form_urlencoded;

use super::process::LISTENING;

const SHARDS: usize = 16;
/// What nobody checks here is of the same size as what the mock server puts there.
const FILLER: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// The floor, as far as its handlers know it.
struct Floor {
    issuer: String,
    key: Key,
    codes: [Mutex<HashMap<String, Pending>>; SHARDS],
}

/// What a code stands for.
struct Pending {
    challenge: Challenge,
    scope: String,
    nonce: String,
}

/// A private key, parsed once.
enum Key {
    Rsa(Box<RsaKeyPair>),
    Ec(Box<EcdsaKeyPair>),
}

/// Serves until the process is ended.
pub(super) fn serve(algorithm: Algorithm) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(|error| error.to_string())?.block_on(listen(algorithm))
}

#[expect(clippy::print_stdout, reason = "whoever started this process waits for the line")]
async fn listen(algorithm: Algorithm) -> Result<(), String> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(|error| error.to_string())?;
    let address: SocketAddr = listener.local_addr().map_err(|error| error.to_string())?;
    let key = Key::generate(algorithm).ok_or("no key could be made")?;
    let floor = Arc::new(Floor { issuer: format!("http://{address}"), key, codes: Default::default() });
    let router = Router::new().route("/authorize", get(authorize)).route("/token", post(token)).with_state(floor);
    println!("{LISTENING}{address}");
    loop {
        let (stream, _) = listener.accept().await.map_err(|error| error.to_string())?;
        tokio::spawn(connection(stream, router.clone()));
    }
}

/// The settings of the mock server.
async fn connection(stream: TcpStream, router: Router) {
    let _ = stream.set_nodelay(true);
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(15))
        .max_buf_size(64 * 1024)
        .max_headers(100)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    // A connection that broke concerns nobody but its other end.
    let _ = served.await;
}

async fn authorize(State(floor): State<Arc<Floor>>, RawQuery(query): RawQuery) -> Response<Body> {
    match floor.authorize(query.as_deref().unwrap_or_default()) {
        Some(location) => answer(StatusCode::FOUND, LOCATION, location, Body::empty()),
        None => refused(),
    }
}

async fn token(State(floor): State<Arc<Floor>>, body: Bytes) -> Response<Body> {
    match floor.token(&body) {
        Some(tokens) => answer(StatusCode::OK, CONTENT_TYPE, "application/json".to_owned(), tokens.into()),
        None => refused(),
    }
}

impl Floor {
    /// Where an authorization request is redirected.
    fn authorize(&self, query: &str) -> Option<String> {
        let (mut redirect_uri, mut state, mut challenge) = (None, None, None);
        let (mut scope, mut nonce) = (None, None);
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match name.as_ref() {
                "redirect_uri" => redirect_uri = Some(value),
                "state" => state = Some(value),
                "scope" => scope = Some(value.into_owned()),
                "nonce" => nonce = Some(value.into_owned()),
                "code_challenge" => challenge = Challenge::parse(&value).ok(),
                _ => {}
            }
        }
        let pending = Pending { challenge: challenge?, scope: scope?, nonce: nonce? };
        let code = SystemDice.handle();
        let location = format!("{}?code={code}&state={}&iss={}", redirect_uri?, state?, self.issuer);
        self.shard(&code).lock().unwrap_or_else(PoisonError::into_inner).insert(code, pending);
        Some(location)
    }

    /// The answer to a token request.
    fn token(&self, form: &[u8]) -> Option<String> {
        let (mut code, mut verifier) = (None, None);
        for (name, value) in form_urlencoded::parse(form) {
            match name.as_ref() {
                "code" => code = Some(value),
                "code_verifier" => verifier = Some(value),
                _ => {}
            }
        }
        let (code, verifier) = (code?, verifier?);
        let pending = self.shard(&code).lock().unwrap_or_else(PoisonError::into_inner).remove(code.as_ref())?;
        pending.challenge.verify(&verifier).ok()?;
        let (issuer, scope, nonce) = (&self.issuer, &pending.scope, &pending.nonce);
        let (name, kid) = match self.key {
            Key::Rsa(_) => ("RS256", "mock-rs256"),
            Key::Ec(_) => ("ES256", "mock-es256"),
        };
        let access_token = self.key.signed(
            &format!(r#"{{"alg":"{name}","kid":"{kid}","typ":"at+jwt"}}"#),
            &format!(
                r#"{{"aud":"{issuer}","auth_time":1700000000,"client_id":"public","exp":1700003600,"iat":1700000000,"iss":"{issuer}","jti":"{FILLER}","scope":"{scope}","sub":"alice"}}"#
            ),
        )?;
        let id_token = self.key.signed(
            &format!(r#"{{"alg":"{name}","kid":"{kid}","typ":"JWT"}}"#),
            &format!(
                r#"{{"at_hash":"{}","aud":"public","auth_time":1700000000,"exp":1700003600,"iat":1700000000,"iss":"{issuer}","nonce":"{nonce}","sub":"alice"}}"#,
                &FILLER[..22]
            ),
        )?;
        let refresh_token = SystemDice.handle();
        Some(format!(
            r#"{{"access_token":"{access_token}","expires_in":3600,"id_token":"{id_token}","refresh_token":"{refresh_token}","scope":"{scope}","token_type":"Bearer"}}"#
        ))
    }

    fn shard(&self, code: &str) -> &Mutex<HashMap<String, Pending>> {
        &self.codes[usize::from(code.as_bytes().first().copied().unwrap_or_default()) % SHARDS]
    }
}

impl Key {
    fn generate(algorithm: Algorithm) -> Option<Self> {
        match algorithm {
            Algorithm::Es256 => {
                EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).ok().map(Box::new).map(Self::Ec)
            }
            _ => RsaKeyPair::generate(KeySize::Rsa2048).ok().map(Box::new).map(Self::Rsa),
        }
    }

    /// A token in compact form (RFC 7515 §7.1).
    fn signed(&self, header: &str, claims: &str) -> Option<String> {
        let mut text = String::with_capacity(1024);
        BASE64_URL_SAFE_NO_PAD.encode_string(header, &mut text);
        text.push('.');
        BASE64_URL_SAFE_NO_PAD.encode_string(claims, &mut text);
        let random = SystemRandom::new();
        match self {
            Self::Rsa(pair) => {
                let mut signature = [0; 256];
                pair.sign(&RSA_PKCS1_SHA256, &random, text.as_bytes(), &mut signature).ok()?;
                text.push('.');
                BASE64_URL_SAFE_NO_PAD.encode_string(signature, &mut text);
            }
            Self::Ec(pair) => {
                let signature = pair.sign(&random, text.as_bytes()).ok()?;
                text.push('.');
                BASE64_URL_SAFE_NO_PAD.encode_string(signature, &mut text);
            }
        }
        Some(text)
    }
}

fn answer(status: StatusCode, name: http::HeaderName, value: String, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    match HeaderValue::try_from(value) {
        Ok(value) => {
            response.headers_mut().insert(name, value);
        }
        Err(_) => *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR,
    }
    response
}

fn refused() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::BAD_REQUEST;
    response
}
