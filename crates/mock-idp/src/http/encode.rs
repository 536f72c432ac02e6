//! Turns a reply into an HTTP response: faults edit it, tokens are signed last, then it is written down.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
    LOCATION, PRAGMA, REFERRER_POLICY, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderName, HeaderValue, Method, Response, StatusCode};
use oauth_types::fault::{Point, Signature};
use oauth_types::{Algorithm, ErrorCode};
use serde_json::{Map, Value, json};

use super::pages;
use super::tap::{self, Faults};
use crate::jose::{compact, left_half};
use crate::pipeline;
use crate::ports::keys::Keys;
use crate::refusal::Refusal;
use crate::reply::{AuthorizationResponse, Broken, Reply, TokenReply, Unsigned, token_status};
use crate::world::World;

/// About how many octets a token has, signature included.
const TOKEN: usize = 960;

/// What an answer is encoded with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Encoder<'a> {
    pub(crate) world: &'a World,
    pub(crate) faults: &'a Faults,
    /// The client the request was about, as far as that is known.
    pub(crate) client_id: Option<&'a str>,
    /// The method of the request: a POST is redirected by 303 (RFC 9700 §4.12).
    pub(crate) method: &'a Method,
    /// The endpoint's point, for faults that act on whatever leaves there.
    pub(crate) at: Point,
}

/// A response, how many faults changed it, and why it is a refusal, if it is one.
pub(crate) struct Encoded {
    pub(crate) response: Response<Bytes>,
    pub(crate) refusal: Option<Refusal>,
    pub(crate) faults: u32,
}

impl Encoder<'_> {
    /// Writes down a reply.
    pub(crate) fn encode(&self, reply: Reply) -> Encoded {
        let slots = self.faults.due(self.at, self.client_id);
        let mut faults = u32::try_from(slots.len()).unwrap_or(u32::MAX);
        let (mut response, refusal) = match reply {
            Reply::Authorization { mut response, refusal } => {
                tap::edit_params(&slots, &mut response.params);
                (self.deliver(&response), refusal)
            }
            Reply::Tokens(reply) => match self.sign(reply, &mut faults) {
                Ok(mut members) => {
                    tap::edit_members(&slots, &mut members);
                    (json_response(StatusCode::OK, &members), None)
                }
                Err(broken) => (failure(&broken), None),
            },
            Reply::Document { at, mut members } => {
                tap::edit_members(&slots, &mut members);
                (document(at, &members), None)
            }
            Reply::Error(refusal) => {
                let mut members = error_members(&refusal);
                tap::edit_members(&slots, &mut members);
                (token_error(&refusal, &members), Some(refusal))
            }
            Reply::Challenge(refusal) => (challenge(&refusal), Some(refusal)),
            Reply::Page(refusal) => {
                (html_response(StatusCode::BAD_REQUEST, pages::refusal(&refusal), pages::POLICY), Some(refusal))
            }
            Reply::Broken { what: _, to: Some(response) } => (self.deliver(&response), None),
            Reply::Broken { what, to: None } => (failure(&what), None),
        };
        tap::edit_response(&slots, &mut response);
        Encoded { response, refusal, faults }
    }

    fn deliver(&self, response: &AuthorizationResponse) -> Response<Bytes> {
        let Some(delivery) = pipeline::deliver(self.world, response) else {
            return plain(StatusCode::INTERNAL_SERVER_ERROR);
        };
        if let Some(page) = delivery.page {
            return html_response(StatusCode::OK, page.html, &page.policy);
        }
        let status = if *self.method == Method::POST { StatusCode::SEE_OTHER } else { StatusCode::FOUND };
        let mut answer = plain(status);
        let location = delivery.location.and_then(|location| HeaderValue::try_from(location).ok());
        match location {
            Some(location) => set(&mut answer, LOCATION, location),
            None => *answer.status_mut() = StatusCode::INTERNAL_SERVER_ERROR,
        }
        answer
    }

    /// Signs what is to be signed, in order, after faults edited it; a hash of an earlier token is put in just before.
    fn sign(&self, reply: TokenReply, faults: &mut u32) -> Result<Map<String, Value>, Broken> {
        let mut members = reply.members;
        for mut token in reply.tokens {
            let slots = self.faults.due(token.at, self.client_id);
            *faults = faults.saturating_add(u32::try_from(slots.len()).unwrap_or(u32::MAX));
            let wrongly = tap::edit_token(&slots, &mut token);
            if let Some((claim, member)) = token.hash
                && let Some(hashed) = members.get(member).and_then(Value::as_str)
            {
                token.claims.insert(claim.to_owned(), left_half(hashed, token.algorithm).into());
            }
            let (member, signed) = (token.member, signed(self.world.ports.keys.as_ref(), token, wrongly)?);
            members.insert(member.to_owned(), signed.into());
        }
        Ok(members)
    }
}

/// A token in compact form, signed rightly unless a fault asks for something else.
fn signed(keys: &dyn Keys, mut token: Unsigned, wrongly: Option<Signature>) -> Result<String, Broken> {
    let algorithm = token.algorithm;
    let lie = match wrongly {
        Some(Signature::AlgNone) => Some("none"),
        Some(Signature::Hs256PublicKey) => Some("HS256"),
        _ => None,
    };
    if let Some(name) = lie {
        token.header.insert("alg".to_owned(), name.into());
    }
    let mut text = String::with_capacity(TOKEN);
    BASE64_URL_SAFE_NO_PAD.encode_string(json_text(&token.header, TOKEN / 2), &mut text);
    text.push('.');
    BASE64_URL_SAFE_NO_PAD.encode_string(json_text(&token.claims, TOKEN / 2), &mut text);
    let signature = match wrongly {
        None => keys.sign_as(token.header.get("kid").and_then(Value::as_str), algorithm, text.as_bytes())?,
        Some(Signature::UnpublishedKey) => keys.forge(algorithm, text.as_bytes())?,
        Some(Signature::Hs256PublicKey) => keyed_hash(&keys.public_pem(Algorithm::Rs256), text.as_bytes()),
        Some(_) => Vec::new(),
    };
    Ok(compact(text, &signature))
}

fn keyed_hash(key: &str, message: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes()), message).as_ref().to_vec()
}

/// An answer to a request that cannot be read or is not served.
pub(crate) fn unreadable(status: StatusCode, refusal: &Refusal) -> Response<Bytes> {
    json_response(status, &error_members(refusal))
}

/// An answer without a body.
pub(crate) fn plain(status: StatusCode) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    set(&mut response, CACHE_CONTROL, HeaderValue::from_static("no-store"));
    set(&mut response, REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// Lets scripts of any origin read an answer. Not for the authorization endpoint (RFC 9700 §2.6).
pub(crate) fn share(response: &mut Response<Bytes>) {
    set(response, ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    set(response, ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("WWW-Authenticate"));
}

fn error_members(refusal: &Refusal) -> Map<String, Value> {
    let mut members = Map::new();
    members.insert("error".to_owned(), refusal.error().as_str().into());
    members.insert("error_description".to_owned(), refusal.description().into());
    members.insert("error_uri".to_owned(), refusal.uri().into());
    members
}

/// An error of the token endpoint (RFC 6749 §5.2).
fn token_error(refusal: &Refusal, members: &Map<String, Value>) -> Response<Bytes> {
    let mut response = json_response(token_status(refusal), members);
    if refusal.error() == ErrorCode::InvalidClient {
        set(&mut response, WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"mock-idp\", charset=\"UTF-8\""));
    }
    response
}

/// An error of a protected resource (RFC 6750 §3). Without a token there is nothing to say but which scheme to use.
fn challenge(refusal: &Refusal) -> Response<Bytes> {
    let error = refusal.error();
    let status = match error {
        ErrorCode::InvalidRequest => StatusCode::BAD_REQUEST,
        ErrorCode::InsufficientScope => StatusCode::FORBIDDEN,
        _ => StatusCode::UNAUTHORIZED,
    };
    let text = match refusal.rule.id {
        "rfc6750-token-missing" => "Bearer realm=\"mock-idp\"".to_owned(),
        _ => format!(
            "Bearer realm=\"mock-idp\", error=\"{error}\", error_description=\"{}\", error_uri=\"{}\"",
            refusal.description(),
            refusal.uri()
        ),
    };
    let mut response = json_response(status, &error_members(refusal));
    if let Ok(value) = HeaderValue::try_from(text) {
        set(&mut response, WWW_AUTHENTICATE, value);
    }
    response
}

/// A failure of the server. What failed is for its log, not for the client.
fn failure(what: &Broken) -> Response<Bytes> {
    let what = match what {
        Broken::Store(_) => "The store failed",
        Broken::Key(_) => "A key failed",
    };
    let members = json!({ "error": ErrorCode::ServerError.as_str(), "error_description": what });
    let Value::Object(members) = members else { return plain(StatusCode::INTERNAL_SERVER_ERROR) };
    json_response(StatusCode::INTERNAL_SERVER_ERROR, &members)
}

fn document(at: Point, members: &Map<String, Value>) -> Response<Bytes> {
    let mut response = json_response(StatusCode::OK, members);
    if at != Point::Userinfo {
        set(&mut response, CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    }
    response
}

fn json_response(status: StatusCode, members: &Map<String, Value>) -> Response<Bytes> {
    let mut response = plain(status);
    set(&mut response, CONTENT_TYPE, HeaderValue::from_static("application/json"));
    set(&mut response, PRAGMA, HeaderValue::from_static("no-cache"));
    set(&mut response, X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let length = members.iter().map(|(name, value)| name.len() + value.as_str().map_or(0, str::len) + 16).sum();
    *response.body_mut() = json_text(members, length).into();
    response
}

/// A document as text, of about `length` octets.
fn json_text(members: &Map<String, Value>, length: usize) -> Vec<u8> {
    let mut text = Vec::with_capacity(length);
    // Values with names that are strings can always be written down, and so can anything into memory.
    let _ = serde_json::to_writer(&mut text, members);
    text
}

fn html_response(status: StatusCode, page: String, policy: &str) -> Response<Bytes> {
    let mut response = plain(status);
    set(&mut response, CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    set(&mut response, X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    set(&mut response, X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(policy) = HeaderValue::try_from(policy) {
        set(&mut response, CONTENT_SECURITY_POLICY, policy);
    }
    *response.body_mut() = page.into();
    response
}

fn set(response: &mut Response<Bytes>, name: HeaderName, value: HeaderValue) {
    response.headers_mut().insert(name, value);
}
