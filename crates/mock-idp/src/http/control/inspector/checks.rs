//! What a client looks at before it believes an answer. An error is what it says then, without the full stop.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Response, StatusCode};
use serde_json::{Map, Value};

use crate::jose::{Jws, PublicKeys, left_half, object, seconds};

/// The members of an answer, or the claims of a token.
pub(super) type Members = Map<String, Value>;

/// An answer, as far as it can be read.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    /// Nothing if the body is no JSON object, or has a name twice (RFC 8259 §4).
    pub(super) members: Option<Members>,
    /// Whether it is said to be a JWT (RFC 7519 §10.3.1).
    is_token: bool,
    body: Bytes,
}

/// What a token response brought.
pub(super) struct Tokens<'a> {
    pub(super) access: &'a str,
    /// It is there if `openid` was granted.
    pub(super) id: Option<&'a str>,
}

/// What an ID token has to say.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    pub(super) nonce: &'a str,
    pub(super) access_token: &'a str,
    pub(super) now: u64,
}

impl Answer {
    pub(super) fn of(response: Response<Bytes>) -> Self {
        let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        let is_token = kind.eq_ignore_ascii_case("application/jwt");
        let (status, body) = (response.status(), response.into_body());
        Self { status, members: object(&body).ok(), is_token, body }
    }

    /// As it is shown.
    pub(super) fn shown(&self) -> String {
        let body = self.members.as_ref().map(pretty);
        format!("{}\n{}", self.status, body.unwrap_or_else(|| String::from_utf8_lossy(&self.body).into_owned()))
    }

    /// A member that is text, and not empty.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        text(self.members.as_ref()?, name)
    }
}

/// Whether metadata say that every authorization response names the issuer (RFC 9207 §3), if they are those that were
/// asked for. "The "issuer" value returned MUST be identical to the authorization server's issuer identifier value into
/// which the well-known URI string was inserted to create the URL used to retrieve the metadata" (RFC 8414 §3.3).
pub(super) fn metadata(answer: &Answer, asked: &str) -> Result<bool, String> {
    if answer.status != StatusCode::NOT_FOUND && !answer.status.is_success() {
        return Err(format!("The metadata cannot be had: the server answered {}", answer.status));
    }
    match answer.text("issuer") {
        None => Err("The server has no metadata that name its issuer (RFC 8414 section 2)".to_owned()),
        Some(named) if named != asked => Err(format!(
            "The metadata name another issuer than {asked}, which was asked for them: the client does not use them \
             (RFC 8414 section 3.3)"
        )),
        Some(_) => {
            let promise = "authorization_response_iss_parameter_supported";
            Ok(answer.members.as_ref().and_then(|members| members.get(promise)) == Some(&Value::Bool(true)))
        }
    }
}

/// Whether an answer brought a token: what a thief is after.
pub(super) fn has_token(answer: &Answer) -> bool {
    answer.status.is_success() && answer.text("access_token").is_some()
}

/// The tokens of an answer to a client that asked for `scope`.
pub(super) fn tokens<'a>(answer: &'a Answer, scope: &str) -> Result<Tokens<'a>, String> {
    if !answer.status.is_success() {
        return Err("The server gave no token".to_owned());
    }
    let none = |why: &str| format!("The answer is no token response (RFC 6749 section 5.1): {why}");
    let members = answer.members.as_ref().ok_or_else(|| none("it is no JSON object, or has a name twice"))?;
    let access = answer.text("access_token").ok_or_else(|| none("it has no text access_token"))?;
    let kind = answer.text("token_type").ok_or_else(|| none("it has no text token_type"))?;
    if !kind.eq_ignore_ascii_case("bearer") {
        return Err("The client does not know the token_type, and must not use such a token (RFC 6749 section 7.1)"
            .to_owned());
    }
    if !access.bytes().all(|octet| matches!(octet, 0x20..=0x7e)) {
        return Err("The access token has characters that none may have (RFC 6749 appendix A.12)".to_owned());
    }
    // RFC 6749 §5.1: the scope is told if it is another one than was asked for.
    let granted = answer.text("scope").unwrap_or(scope).split(' ').any(|scope| scope == "openid");
    let id = answer.text("id_token");
    if id.is_none() && (granted || members.contains_key("id_token")) {
        return Err("There is no ID token, although openid was asked for (OpenID Connect Core section 3.1.3.3). A \
                    server that does not speak OpenID Connect is to be asked without openid"
            .to_owned());
    }
    Ok(Tokens { access, id })
}

/// The claims of an ID token, if it is one of this login (OpenID Connect Core §3.1.3.7).
pub(super) fn id_token(token: &str, keys: &Answer, expected: &Expected<'_>) -> Result<Members, String> {
    let token = verified(token, keys)?;
    let claims = token.claims();
    if text(claims, "iss") != Some(expected.issuer) {
        return Err("its iss is not the issuer that was asked".to_owned());
    }
    audience(claims, expected.client_id)?;
    times(claims, expected.now)?;
    if text(claims, "nonce") != Some(expected.nonce) {
        return Err("its nonce is not the one of this login".to_owned());
    }
    if text(claims, "sub").is_none() {
        return Err("its sub is missing, empty or no text: it does not say who logged in".to_owned());
    }
    // OpenID Connect Core §3.1.3.8: at_hash may be left out here.
    let hash = token.algorithm().map(|algorithm| Value::from(left_half(expected.access_token, algorithm)));
    match claims.get("at_hash") {
        Some(own) if Some(own) != hash.as_ref() => Err("its at_hash is not that of the access token".to_owned()),
        _ => Ok(token.into_claims()),
    }
}

/// Whom UserInfo is about: "The sub Claim in the UserInfo Response MUST be verified to exactly match the sub Claim in the
/// ID Token; if they do not match, the UserInfo Response values MUST NOT be used" (OpenID Connect Core §5.3.2).
pub(super) fn userinfo(
    answer: &Answer,
    keys: &Answer,
    expected: &Expected<'_>,
    sub: Option<&Value>,
) -> Result<(), String> {
    let wrong =
        |why: &str| format!("The client does not use what UserInfo says: {why} (OpenID Connect Core section 5.3)");
    if !answer.status.is_success() {
        return Err(wrong(&format!("the server answered {}", answer.status)));
    }
    let signed;
    let claims = match (answer.is_token, &answer.members) {
        (true, _) => {
            signed = signed_userinfo(answer, keys, expected).map_err(|why| wrong(&why))?;
            &signed
        }
        (false, Some(members)) => members,
        (false, None) => return Err(wrong("it is no JSON object, or has a name twice")),
    };
    match claims.get("sub") {
        Some(own @ Value::String(_)) if Some(own) == sub => Ok(()),
        Some(Value::String(_)) => Err(wrong("it is about somebody else than the ID token")),
        _ => Err(wrong("its sub is missing or no text, so that it is about nobody")),
    }
}

/// The claims of a UserInfo answer that is a JWT. Its iss and aud should be there (OpenID Connect Core §5.3.2).
fn signed_userinfo(answer: &Answer, keys: &Answer, expected: &Expected<'_>) -> Result<Members, String> {
    let token = str::from_utf8(&answer.body).map_err(|_| "the token is no text".to_owned())?;
    let token = verified(token, keys)?;
    let claims = token.claims();
    if claims.get("iss").is_some_and(|iss| iss != expected.issuer) {
        return Err("its iss is not the issuer that was asked".to_owned());
    }
    if claims.contains_key("aud") {
        audience(claims, expected.client_id)?;
    }
    Ok(token.into_claims())
}

/// A token with the signature of one of the server's keys.
fn verified<'a>(token: &'a str, keys: &Answer) -> Result<Jws<'a>, String> {
    if !keys.status.is_success() {
        return Err(format!("its keys cannot be had, since the server answered {}", keys.status));
    }
    let keys = PublicKeys::read(&keys.body).map_err(spoken)?;
    let token = Jws::parse(token).map_err(spoken)?;
    let allowed: Vec<_> = token.algorithm().into_iter().collect();
    token.verify(&keys, &allowed).map_err(spoken)?;
    Ok(token)
}

/// Whose token it is. "The ID Token MUST be rejected if the ID Token does not list the Client as a valid audience, or if
/// it contains additional audiences not trusted by the Client" (OpenID Connect Core §3.1.3.7).
fn audience(claims: &Members, client_id: &str) -> Result<(), String> {
    let own = |value: &Value| value == client_id;
    let wrong = match claims.get("aud") {
        None => "its aud is missing: it is for nobody",
        Some(Value::Array(all)) if all.iter().any(own) && !all.iter().all(own) => "it is for somebody else as well",
        Some(Value::Array(all)) if all.iter().any(own) => return authorized(claims, client_id),
        Some(text) if own(text) => return authorized(claims, client_id),
        Some(Value::Array(_) | Value::String(_)) => "it is for another client",
        Some(_) => "its aud is neither text nor a list",
    };
    Err(wrong.to_owned())
}

fn authorized(claims: &Members, client_id: &str) -> Result<(), String> {
    match claims.get("azp") {
        Some(azp) if azp != client_id => Err("its azp is not this client".to_owned()),
        _ => Ok(()),
    }
}

/// Whether a token is good now: exp and iat have to be there (OpenID Connect Core §2), and nbf counts (RFC 7519 §4.1.5).
fn times(claims: &Members, now: u64) -> Result<(), String> {
    let time = |name: &str| match claims.get(name) {
        None => Ok(None),
        Some(value) => seconds(value).map(Some).ok_or_else(|| format!("its {name} is no time")),
    };
    let missing = |name: &str| format!("its {name} is missing");
    if time("exp")?.ok_or_else(|| missing("exp"))? <= now {
        return Err("it has expired".to_owned());
    }
    time("iat")?.ok_or_else(|| missing("iat"))?;
    match time("nbf")? {
        Some(nbf) if nbf > now => Err("it is not good yet: its nbf is in the future".to_owned()),
        _ => Ok(()),
    }
}

/// What is wrong with a token or a key, as a client says it and not a server.
fn spoken(error: impl std::fmt::Display) -> String {
    error.to_string().replace("This server", "This client").replace("this server", "this client")
}

fn text<'a>(members: &'a Members, name: &str) -> Option<&'a str> {
    members.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

pub(super) fn pretty(members: &Members) -> String {
    serde_json::to_string_pretty(members).unwrap_or_default()
}
