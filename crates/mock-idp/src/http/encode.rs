//! Turns a reply into an HTTP response: faults edit it, tokens are signed last, then it is written down.

use std::sync::{Arc, OnceLock};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
    EXPIRES, LOCATION, PRAGMA, REFERRER_POLICY, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderName, HeaderValue, Method, Response, StatusCode};
use oauth_types::fault::{Point, Signature};
use oauth_types::{Algorithm, ErrorCode, Params, Secret};
use serde_json::{Map, Value, json};

use super::attended::grant_type;
use super::date;
use super::lies;
use super::notices::Notice;
use super::tap::{self, Faults, Slot, Whom};
use crate::client_keys;
use crate::jose::{compact, left_half};
use crate::pages;
use crate::pipeline;
use crate::ports::keys::Keys;
use crate::refusal::Refusal;
use crate::reply::{AuthorizationResponse, Broken, Challenge, Reply, Seal, TokenReply, Unsigned, token_status};
use crate::request::Place;
use crate::spec::Challenged;
use crate::specs::{fapi2_security, rfc8414_metadata};
use crate::world::World;

/// About how many octets a token has, signature included.
const TOKEN: usize = 960;

/// What an answer is encoded with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Encoder<'a> {
    pub(crate) world: &'a World,
    pub(crate) place: &'a Place,
    pub(crate) faults: &'a Faults,
    /// The client the request was about, as far as that is known.
    pub(crate) client_id: Option<&'a str>,
    /// The method of the request: a POST is redirected by 303 (RFC 9700 §4.12).
    pub(crate) method: &'a Method,
    /// The path of the endpoint, below the issuer.
    pub(crate) path: &'static str,
    /// The parameters of the query.
    pub(crate) query: &'a Params,
    /// The parameters of a form.
    pub(crate) form: Option<&'a Params>,
    /// The endpoint's point, for faults that act on whatever leaves there.
    pub(crate) at: Point,
    /// The time, in seconds since 1970-01-01T00:00:00Z.
    pub(crate) now: u64,
    /// What the server failed at, if it does.
    pub(crate) failure: &'a OnceLock<String>,
}

/// A response, how many faults changed it, and why it is a refusal, if it is one.
pub(crate) struct Encoded {
    pub(crate) response: Response<Bytes>,
    pub(crate) refusal: Option<Refusal>,
    pub(crate) faults: u32,
    /// The parameters of an authorization response that faults changed.
    pub(crate) altered: Vec<String>,
    pub(crate) notices: Vec<Notice>,
    /// The faults that act on the answer as a whole, and where it leaves.
    pub(crate) slots: Vec<Arc<Slot>>,
    pub(crate) at: Option<Point>,
}

impl Encoded {
    /// The same, with the faults that act on what leaves at `at`, whoever asked.
    pub(crate) fn at(mut self, at: Point, faults: &Faults) -> Self {
        self.slots = faults.due(at, Whom::default());
        self.faults = u32::try_from(self.slots.len()).unwrap_or(u32::MAX);
        self.at = Some(at);
        self
    }
}

impl Encoder<'_> {
    /// Writes down a reply. What faults do to the answer as a whole is left to whoever finishes it.
    pub(crate) async fn encode(&self, reply: Reply) -> Encoded {
        let at = self.point(&reply);
        let slots = self.faults.due(at, self.whom());
        let mut faults = u32::try_from(slots.len()).unwrap_or(u32::MAX);
        let mut altered = Vec::new();
        let (response, refusal) = match reply {
            Reply::Authorization { mut response, refusal } => {
                altered = self.edit(&slots, &mut response);
                (self.authorization(response, &mut faults).await, refusal)
            }
            Reply::Tokens(reply) => match self.sign(reply, &mut faults) {
                Ok(members) => (json_response(StatusCode::OK, &members), None),
                Err(broken) => (self.failed(&broken), None),
            },
            Reply::Document { at, status, mut members } => {
                let told = match at {
                    Point::Jwks => lies::key_set(&slots, self.faults, self.world, &mut members),
                    _ => Ok(()),
                };
                (told.map_or_else(|broken| self.failed(&broken), |()| self.document(at, status, &members)), None)
            }
            Reply::Jwt { token, content_type } => (self.jwt(token, content_type, &mut faults), None),
            Reply::Empty(status) => (plain(status), None),
            Reply::Html { status, page } => (html_response(status, page.html, &page.policy), None),
            Reply::Redirect(to) => (redirect(StatusCode::SEE_OTHER, to), None),
            Reply::Error(refusal) => (token_error(&refusal, &error_members(&refusal)), Some(refusal)),
            Reply::Challenge { refusal, scheme, scope } => (self.challenge(&refusal, scheme, scope), Some(refusal)),
            Reply::Page(refusal) => {
                let names =
                    self.query.iter().chain(self.form.into_iter().flat_map(Params::iter)).map(|(name, _)| name);
                (
                    html_response(StatusCode::BAD_REQUEST, pages::refusal(&refusal, names), pages::POLICY),
                    Some(refusal),
                )
            }
            Reply::Broken { what: _, to: Some(mut response) } => {
                altered = self.edit(&slots, &mut response);
                (self.authorization(response, &mut faults).await, None)
            }
            Reply::Broken { what, to: None } => (failure(&what), None),
        };
        Encoded { response, refusal, faults, altered, notices: Vec::new(), slots, at: Some(at) }
    }

    /// Edits the parameters of an authorization response, whatever they travel in, and names those that are not what
    /// they were. An error comes without tokens.
    fn edit(&self, slots: &[Arc<Slot>], response: &mut AuthorizationResponse) -> Vec<String> {
        if tap::says_error(slots) {
            response.tokens.clear();
        }
        tap::altered(slots, &mut response.params)
    }

    /// What the request is about, for faults that ask.
    fn whom(&self) -> Whom<'_> {
        Whom { client_id: self.client_id, grant_type: grant_type(self.path, self.form) }
    }

    /// Where faults act on a reply: an authorization response is one wherever it leaves, and a page is one as well.
    fn point(&self, reply: &Reply) -> Point {
        match (reply, self.at) {
            (Reply::Authorization { .. } | Reply::Broken { to: Some(_), .. }, _) => Point::AuthorizationResponse,
            (Reply::Html { .. } | Reply::Redirect(_) | Reply::Page(_), Point::AuthorizationResponse) => Point::Page,
            (_, at) => at,
        }
    }

    /// An authorization response with its tokens, in a token of its own if its mode asks for that.
    async fn authorization(&self, mut response: AuthorizationResponse, faults: &mut u32) -> Response<Bytes> {
        if !response.tokens.is_empty() {
            let mut reply = TokenReply::new(Arc::default());
            reply.tokens = std::mem::take(&mut response.tokens);
            if let Some(code) = response.params.get("code") {
                reply.set("code", code);
            }
            let members = match self.sign(reply, faults) {
                Ok(members) => members,
                Err(broken) => return self.failed(&broken),
            };
            for (name, value) in members.iter().filter(|(name, _)| *name != "code") {
                response.params.push(name, value.as_str().unwrap_or_default());
            }
        }
        if let Some(envelope) = pipeline::envelope(self.world, self.place, &response, self.now) {
            response.mode = envelope.mode;
            let token = match self.enveloped(envelope.token, faults).await {
                Ok(token) => token,
                Err(broken) => return self.failed(&broken),
            };
            response.params = [("response", token.as_str())].into_iter().collect();
        }
        self.deliver(&response)
    }

    async fn enveloped(&self, mut token: Unsigned, faults: &mut u32) -> Result<String, Broken> {
        client_keys::gather(&mut token.seal, &self.world.ports, self.now).await?;
        self.one(token, faults)
    }

    /// The answer if the server failed, which is written down.
    fn failed(&self, what: &Broken) -> Response<Bytes> {
        self.failure.get_or_init(|| what.to_string());
        failure(what)
    }

    fn deliver(&self, response: &AuthorizationResponse) -> Response<Bytes> {
        let Some(delivery) = pipeline::deliver(self.world, response) else {
            return plain(StatusCode::INTERNAL_SERVER_ERROR);
        };
        if let Some(page) = delivery.page {
            return html_response(StatusCode::OK, page.html, &page.policy);
        }
        let see_other = *self.method == Method::POST || self.world.policy.is_on(&fapi2_security::SEE_OTHER);
        let status = if see_other { StatusCode::SEE_OTHER } else { StatusCode::FOUND };
        redirect(status, delivery.location.unwrap_or_default())
    }

    /// A document. What says how to use the server may be kept for as long as the server decides.
    fn document(&self, at: Point, status: StatusCode, members: &Map<String, Value>) -> Response<Bytes> {
        let mut response = json_response(status, members);
        if !matches!(at, Point::Discovery | Point::Jwks | Point::ResourceMetadata) {
            return response;
        }
        let kept = match at {
            Point::ResourceMetadata => 0,
            _ => self.world.policy.value_of(&rfc8414_metadata::MAX_AGE),
        };
        let (control, expires) = match kept {
            0 => (Ok(HeaderValue::from_static("no-cache")), None),
            _ => {
                let until = self.world.ports.clock.now().saturating_add(kept);
                (HeaderValue::try_from(format!("max-age={kept}")), Some(date::value(until)))
            }
        };
        if let Ok(control) = control {
            set(&mut response, CACHE_CONTROL, control);
        }
        if let Some(expires) = expires {
            response.headers_mut().remove(PRAGMA);
            set(&mut response, EXPIRES, expires);
        }
        response
    }

    fn jwt(&self, token: Unsigned, content_type: &'static str, faults: &mut u32) -> Response<Bytes> {
        let signed = match self.one(token, faults) {
            Ok(signed) => signed,
            Err(broken) => return self.failed(&broken),
        };
        let mut response = plain(StatusCode::OK);
        set(&mut response, CONTENT_TYPE, HeaderValue::from_static(content_type));
        set(&mut response, X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        *response.body_mut() = signed.into();
        response
    }

    /// Signs one token that is not part of a token response.
    pub(crate) fn one(&self, token: Unsigned, faults: &mut u32) -> Result<String, Broken> {
        let (member, mut reply) = (token.member, TokenReply::new(Arc::default()));
        reply.tokens.push(token);
        let mut members = self.sign(reply, faults)?;
        match members.remove(member) {
            Some(Value::String(signed)) => Ok(signed),
            _ => Ok(String::new()),
        }
    }

    /// An error of a protected resource (RFC 6750 §3). Without a token there is nothing to say but which schemes to
    /// use.
    fn challenge(&self, refusal: &Refusal, scheme: &'static str, scope: Option<String>) -> Response<Bytes> {
        let error = refusal.error();
        let status = match error {
            ErrorCode::InvalidRequest => StatusCode::BAD_REQUEST,
            ErrorCode::InsufficientScope => StatusCode::FORBIDDEN,
            _ => StatusCode::UNAUTHORIZED,
        };
        let Self { place, path, query, .. } = *self;
        let refused = Challenged { place, path, query, refusal, scheme, policy: &self.world.policy };
        let mut challenges = pipeline::challenges(self.world, &refused).0;
        for challenge in challenges.iter_mut().filter(|challenge| challenge.scheme == scheme) {
            if refusal.rule.id != "rfc6750-token-missing" {
                challenge.params.push(("error", error.as_str().to_owned()));
                challenge.params.push(("error_description", refusal.description()));
                challenge.params.push(("error_uri", refusal.uri()));
            }
            challenge.params.extend(scope.iter().map(|scope| ("scope", scope.clone())));
        }
        let mut response = json_response(status, &error_members(refusal));
        for Challenge { scheme, params } in challenges {
            let params: Vec<String> = params.iter().map(|(name, value)| format!("{name}=\"{value}\"")).collect();
            if let Ok(value) = HeaderValue::try_from(format!("{scheme} {}", params.join(", "))) {
                response.headers_mut().append(WWW_AUTHENTICATE, value);
            }
        }
        response
    }

    /// Signs what is to be signed, in order, after faults edited it; a hash of an earlier token is put in just before.
    fn sign(&self, reply: TokenReply, faults: &mut u32) -> Result<Map<String, Value>, Broken> {
        let mut members = reply.members;
        for mut token in reply.tokens {
            let slots = self.faults.due(token.at, self.whom());
            *faults = faults.saturating_add(u32::try_from(slots.len()).unwrap_or(u32::MAX));
            if lies::rotate(&slots, self.world.ports.keys.as_ref())? {
                lies::rename(self.world.ports.keys.as_ref(), &mut token);
            }
            let wrongly = tap::edit_token(&slots, &mut token);
            for (claim, member) in std::mem::take(&mut token.hash) {
                if let Some(hashed) = members.get(member).and_then(Value::as_str) {
                    token.claims.insert(claim.to_owned(), left_half(hashed, token.algorithm).into());
                }
            }
            let (member, Seal { secret, encrypted, plain, opaque, .. }) =
                (token.member, std::mem::take(&mut token.seal));
            if opaque {
                members.insert(member.to_owned(), token.claims.remove("jti").unwrap_or_default());
                continue;
            }
            let payload = match plain {
                true => Value::Object(token.claims).to_string(),
                false => signed(self.world.ports.keys.as_ref(), token, (wrongly, secret))?,
            };
            let sealed = match encrypted {
                Some(encrypted) => {
                    encrypted.seal(&payload, (!plain).then_some("JWT"), self.world.ports.dice.as_ref())?
                }
                None => payload,
            };
            members.insert(member.to_owned(), sealed.into());
        }
        Ok(members)
    }
}

/// A token in compact form, signed rightly unless a fault asks for something else.
fn signed(
    keys: &dyn Keys,
    mut token: Unsigned,
    (wrongly, secret): (Option<Signature>, Option<Secret>),
) -> Result<String, Broken> {
    let algorithm = token.algorithm;
    if let Some(lie) = wrongly {
        lies::head(lie, keys, &mut token)?;
    }
    let mut text = String::with_capacity(TOKEN);
    BASE64_URL_SAFE_NO_PAD.encode_string(json_text(&token.header, TOKEN / 2), &mut text);
    text.push('.');
    BASE64_URL_SAFE_NO_PAD.encode_string(json_text(&token.claims, TOKEN / 2), &mut text);
    let right = || match algorithm.is_symmetric() {
        true => keyed(algorithm, secret, text.as_bytes()),
        false => Ok(keys.sign_as(token.header.get("kid").and_then(Value::as_str), algorithm, text.as_bytes())?),
    };
    let signature = match wrongly {
        None => right()?,
        Some(lie) => lies::signature(lie, keys, algorithm, text.as_bytes(), right)?,
    };
    Ok(compact(text, &signature))
}

/// A signature with the client's secret (OpenID Connect Core §10.1).
fn keyed(algorithm: Algorithm, secret: Option<Secret>, message: &[u8]) -> Result<Vec<u8>, Broken> {
    let secret = secret.ok_or_else(|| Broken::Seal(format!("it has no secret for {algorithm}")))?;
    let hash = crate::jose::keyed_hash(algorithm, &secret, message);
    Ok(hash.map_err(|error| Broken::Seal(error.to_string()))?.unwrap_or_default())
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
///
/// It is the same for every origin, so there is no `Vary`; and a browser sends no cookies along with such a request.
pub(crate) fn share(response: &mut Response<Bytes>) {
    set(response, ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    set(
        response,
        ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("WWW-Authenticate, DPoP-Nonce, Date, Retry-After"),
    );
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

/// A failure of the server. What failed is for its log, not for the client.
fn failure(what: &Broken) -> Response<Bytes> {
    let what = match what {
        Broken::Store(_) => "The store failed",
        Broken::Key(_) => "A key failed",
        Broken::Rotation(_) => "The keys could not be rotated",
        Broken::Seal(_) => "A token could not be encrypted",
    };
    let members = json!({ "error": ErrorCode::ServerError.as_str(), "error_description": what });
    let Value::Object(members) = members else { return plain(StatusCode::INTERNAL_SERVER_ERROR) };
    json_response(StatusCode::INTERNAL_SERVER_ERROR, &members)
}

/// A redirect. A place that cannot be written down is a failure.
fn redirect(status: StatusCode, to: String) -> Response<Bytes> {
    let Ok(location) = HeaderValue::try_from(to) else { return plain(StatusCode::INTERNAL_SERVER_ERROR) };
    let mut answer = plain(status);
    set(&mut answer, LOCATION, location);
    answer
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

pub(super) fn html_response(status: StatusCode, page: String, policy: &str) -> Response<Bytes> {
    let mut response = plain(status);
    set(&mut response, CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    if policy.contains("frame-ancestors 'none'") {
        set(&mut response, X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    }
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
