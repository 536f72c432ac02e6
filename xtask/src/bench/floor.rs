//! The floor: the least a server can do that answers the two requests of a flow. Bare axum with the connection
//! settings of the mock server, a code of 32 random octets in a locked map, the S256 check, and two signatures over
//! payloads of the same size with keys that were parsed once. It checks nothing else and remembers nothing else.

use std::borrow::Cow;
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
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use mock_idp::dice::{Dice, SystemDice};
use oauth_types::Algorithm;
use pkce_core::Challenge;
use tokio::net::{TcpListener, TcpStream};
use url::form_urlencoded;

use super::process::LISTENING;

mod keyed;

use keyed::Known;

const SHARDS: usize = 16;
/// What nobody checks here is of the same size as what the mock server puts there.
const FILLER: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// The floor, as far as its handlers know it.
struct Floor {
    issuer: String,
    key: Key,
    known: Known,
    codes: [Mutex<HashMap<String, Pending>>; SHARDS],
}

/// What a code stands for, or a pushed request.
struct Pending {
    challenge: Challenge,
    scope: String,
    nonce: String,
    /// The thumbprint of the client's key, if it has one.
    jkt: Option<String>,
    /// Where a pushed request is answered, and with which state.
    back: Option<(String, String)>,
}

/// What is looked at of a request.
#[derive(Default)]
struct Asked<'a> {
    redirect_uri: Option<Cow<'a, str>>,
    state: Option<Cow<'a, str>>,
    scope: Option<Cow<'a, str>>,
    nonce: Option<Cow<'a, str>>,
    challenge: Option<Cow<'a, str>>,
    request_uri: Option<Cow<'a, str>>,
    code: Option<Cow<'a, str>>,
    verifier: Option<Cow<'a, str>>,
    assertion: Option<Cow<'a, str>>,
}

/// A private key, parsed once.
enum Key {
    Rsa(Box<RsaKeyPair>),
    Ec(Box<EcdsaKeyPair>),
}

/// Serves until the process is ended.
pub(super) fn serve(algorithm: Algorithm, point: &str) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.map_err(|error| error.to_string())?.block_on(listen(algorithm, point))
}

#[expect(clippy::print_stdout, reason = "whoever started this process waits for the line")]
async fn listen(algorithm: Algorithm, point: &str) -> Result<(), String> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(|error| error.to_string())?;
    let address: SocketAddr = listener.local_addr().map_err(|error| error.to_string())?;
    let key = Key::generate(algorithm).ok_or("no key could be made")?;
    let known = Known::parse(point).ok_or("the point is no public key")?;
    let floor = Arc::new(Floor { issuer: format!("http://{address}"), key, known, codes: Default::default() });
    let router = Router::new().route("/authorize", get(authorize)).route("/par", post(push));
    let router = router.route("/token", post(token)).with_state(floor);
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

async fn push(State(floor): State<Arc<Floor>>, headers: HeaderMap, body: Bytes) -> Response<Body> {
    match proof(&headers).and_then(|proof| floor.push(&body, proof)) {
        Some(pushed) => answer(StatusCode::CREATED, CONTENT_TYPE, "application/json".to_owned(), pushed.into()),
        None => refused(),
    }
}

async fn token(State(floor): State<Arc<Floor>>, headers: HeaderMap, body: Bytes) -> Response<Body> {
    match floor.token(&body, proof(&headers)) {
        Some(tokens) => answer(StatusCode::OK, CONTENT_TYPE, "application/json".to_owned(), tokens.into()),
        None => refused(),
    }
}

fn proof(headers: &HeaderMap) -> Option<&str> {
    headers.get("dpop")?.to_str().ok()
}

impl<'a> Asked<'a> {
    fn read(text: &'a [u8]) -> Self {
        let mut asked = Self::default();
        for (name, value) in form_urlencoded::parse(text) {
            let place = match name.as_ref() {
                "redirect_uri" => &mut asked.redirect_uri,
                "state" => &mut asked.state,
                "scope" => &mut asked.scope,
                "nonce" => &mut asked.nonce,
                "code_challenge" => &mut asked.challenge,
                "request_uri" => &mut asked.request_uri,
                "code" => &mut asked.code,
                "code_verifier" => &mut asked.verifier,
                "client_assertion" => &mut asked.assertion,
                _ => continue,
            };
            *place = Some(value);
        }
        asked
    }
}

impl Floor {
    /// Where an authorization request is redirected.
    fn authorize(&self, query: &str) -> Option<String> {
        let asked = Asked::read(query.as_bytes());
        let (pending, (redirect_uri, state)) = match asked.request_uri {
            Some(reference) => {
                let mut pending = self.take(&reference)?;
                let back = pending.back.take()?;
                (pending, back)
            }
            None => {
                let pending = Pending {
                    challenge: Challenge::parse(&asked.challenge?).ok()?,
                    scope: asked.scope?.into_owned(),
                    nonce: asked.nonce?.into_owned(),
                    jkt: None,
                    back: None,
                };
                (pending, (asked.redirect_uri?.into_owned(), asked.state?.into_owned()))
            }
        };
        let code = SystemDice.handle();
        let location = format!("{redirect_uri}?code={code}&state={state}&iss={}", self.issuer);
        self.keep(code, pending);
        Some(location)
    }

    /// The answer to a token request.
    fn token(&self, form: &[u8], proof: Option<&str>) -> Option<String> {
        let asked = Asked::read(form);
        let jkt = match asked.assertion {
            Some(assertion) => {
                self.known.signed(&assertion)?;
                Some(keyed::proven(proof?)?)
            }
            None => None,
        };
        let pending = self.take(&asked.code?).filter(|pending| pending.jkt == jkt)?;
        pending.challenge.verify(&asked.verifier?).ok()?;
        let (issuer, scope, nonce) = (&self.issuer, &pending.scope, &pending.nonce);
        let (name, kid) = match self.key {
            Key::Rsa(_) => ("RS256", "mock-rs256"),
            Key::Ec(_) => ("ES256", "mock-es256"),
        };
        let (client_id, cnf, kind) = match jkt {
            Some(jkt) => (super::keys::CLIENT_ID, format!(r#","cnf":{{"jkt":"{jkt}"}}"#), "DPoP"),
            None => ("public", String::new(), "Bearer"),
        };
        let access_token = self.key.signed(
            &format!(r#"{{"alg":"{name}","kid":"{kid}","typ":"at+jwt"}}"#),
            &format!(
                r#"{{"aud":"{issuer}","auth_time":1700000000,"client_id":"{client_id}"{cnf},"exp":1700003600,"iat":1700000000,"iss":"{issuer}","jti":"{FILLER}","scope":"{scope}","sub":"alice"}}"#
            ),
        )?;
        let id_token = self.key.signed(
            &format!(r#"{{"alg":"{name}","kid":"{kid}","typ":"JWT"}}"#),
            &format!(
                r#"{{"at_hash":"{}","aud":"{client_id}","auth_time":1700000000,"exp":1700003600,"iat":1700000000,"iss":"{issuer}","nonce":"{nonce}","sub":"alice"}}"#,
                &FILLER[..22]
            ),
        )?;
        let refresh_token = SystemDice.handle();
        Some(format!(
            r#"{{"access_token":"{access_token}","expires_in":3600,"id_token":"{id_token}","refresh_token":"{refresh_token}","scope":"{scope}","token_type":"{kind}"}}"#
        ))
    }

    fn keep(&self, handle: String, pending: Pending) {
        self.shard(&handle).lock().unwrap_or_else(PoisonError::into_inner).insert(handle, pending);
    }

    fn take(&self, handle: &str) -> Option<Pending> {
        self.shard(handle).lock().unwrap_or_else(PoisonError::into_inner).remove(handle)
    }

    fn shard(&self, handle: &str) -> &Mutex<HashMap<String, Pending>> {
        &self.codes[usize::from(handle.as_bytes().last().copied().unwrap_or_default()) % SHARDS]
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
