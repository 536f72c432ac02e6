//! The answers of the token endpoint, and what is believed of them (RFC 6749 §5).

use http::header::CONTENT_TYPE;
use oauth_types::Secret;
use serde_json::{Map, Value};

use crate::error::{Defect, Error, OAuthError};
use crate::json;
use crate::specs::rfc9396_rar;
use crate::transport::Endpoint;

/// The longest lifetime that is believed, in seconds: ten years.
const MAX_LIFETIME: u64 = 10 * 365 * 24 * 60 * 60;

/// What an access token has to be shown with (RFC 6749 §7.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TokenType {
    /// Whoever bears it may use it (RFC 6750).
    Bearer,
    /// Used with a proof of possession of a key (RFC 9449).
    Dpop,
}

impl TokenType {
    /// Its registered name, which is also the scheme of the `Authorization` header.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bearer => "Bearer",
            Self::Dpop => "DPoP",
        }
    }

    /// The type of this registered name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Bearer, Self::Dpop].into_iter().find(|token_type| token_type.as_str() == name)
    }
}

/// A token response that has every property RFC 6749 §5.1 asks for.
pub(crate) struct TokenResponse {
    pub(crate) access_token: Secret,
    /// Seconds from now.
    pub(crate) expires_in: Option<u64>,
    pub(crate) refresh_token: Option<Secret>,
    pub(crate) id_token: Option<Secret>,
    pub(crate) scopes: Option<Vec<String>>,
    /// What was granted in detail (RFC 9396 §7).
    pub(crate) details: Option<Vec<Value>>,
}

impl TokenResponse {
    /// Reads an answer that must be a token of type `wanted`. `error` is looked for first, whatever the status says.
    pub(crate) fn read(response: http::Response<Vec<u8>>, wanted: TokenType) -> Result<Self, Error> {
        let mut members = members(Endpoint::Token, response)?;
        let read = Self::from_members(&mut members, wanted);
        read.map_err(|defect| Error::Protocol { endpoint: Endpoint::Token, defect })
    }

    fn from_members(members: &mut Map<String, Value>, wanted: TokenType) -> Result<Self, Defect> {
        let token_type = text(members, "token_type")?.ok_or(Defect::Missing("token_type"))?;
        // RFC 6749 §5.1: the value is case insensitive.
        if !token_type.eq_ignore_ascii_case(wanted.as_str()) {
            return Err(Defect::TokenType(wanted));
        }
        Ok(Self {
            access_token: access_token(members)?,
            expires_in: seconds(members, "expires_in")?,
            refresh_token: refresh_token(members)?,
            id_token: text(members, "id_token")?.map(Secret::new),
            scopes: scopes(members)?,
            details: details(members)?,
        })
    }
}

/// A token that fits into a header.
pub(crate) fn access_token(members: &mut Map<String, Value>) -> Result<Secret, Defect> {
    let token = text(members, "access_token")?.map(Secret::new).ok_or(Defect::Missing("access_token"))?;
    let fits = !token.is_empty() && token.expose().bytes().all(|octet| octet.is_ascii_graphic());
    if fits { Ok(token) } else { Err(Defect::Member("access_token")) }
}

/// An empty one counts as none.
pub(crate) fn refresh_token(members: &mut Map<String, Value>) -> Result<Option<Secret>, Defect> {
    let token = text(members, "refresh_token")?.map(Secret::new).filter(|token| !token.is_empty());
    let fits = |token: &Secret| token.expose().bytes().all(|octet| matches!(octet, 0x20..=0x7e));
    if token.as_ref().is_none_or(fits) { Ok(token) } else { Err(Defect::Member("refresh_token")) }
}

/// The scopes that were granted, if the server says so.
pub(crate) fn scopes(members: &mut Map<String, Value>) -> Result<Option<Vec<String>>, Defect> {
    let scope = text(members, "scope")?;
    Ok(scope.map(|scope| scope.split(' ').filter(|s| !s.is_empty()).map(str::to_owned).collect()))
}

/// What was granted in detail, if the server says so (RFC 9396 §7).
fn details(members: &mut Map<String, Value>) -> Result<Option<Vec<Value>>, Defect> {
    let malformed = Defect::Member("authorization_details");
    let details = members.remove("authorization_details");
    details.map(|details| rfc9396_rar::read(details).ok_or(malformed)).transpose()
}

/// The members of a successful JSON answer. Redirects are never followed, OAuth errors come first.
pub(crate) fn members(endpoint: Endpoint, response: http::Response<Vec<u8>>) -> Result<Map<String, Value>, Error> {
    members_at(endpoint, response, http::StatusCode::OK)
}

/// The same where success has the status `success`.
pub(crate) fn members_at(
    endpoint: Endpoint,
    response: http::Response<Vec<u8>>,
    success: http::StatusCode,
) -> Result<Map<String, Value>, Error> {
    let defective = |defect| Error::Protocol { endpoint, defect };
    let status = response.status();
    if status.is_redirection() {
        return Err(defective(Defect::Redirect(status.as_u16())));
    }
    let is_json = is_of_type(response.headers(), "application/json");
    let body = zeroize::Zeroizing::new(response.into_body());
    let members = if is_json { json::object(&body) } else { Err(json::JsonError::Malformed) };
    if let Ok(members) = &members
        && let Some(error) = oauth_error(endpoint, status, members)
    {
        return Err(error);
    }
    if status != success {
        return Err(defective(Defect::Status(status.as_u16())));
    }
    if !is_json {
        return Err(defective(Defect::ContentType));
    }
    members.map_err(|error| defective(Defect::Json(error)))
}

/// The error that `members` tell, at any status (RFC 6749 §5.2). A claim called `error` is not one.
fn oauth_error(endpoint: Endpoint, status: http::StatusCode, members: &Map<String, Value>) -> Option<Error> {
    if endpoint != Endpoint::Token && status == http::StatusCode::OK {
        return None;
    }
    let text = |name: &str| members.get(name).and_then(Value::as_str);
    match members.get("error")? {
        Value::String(code) => {
            let error = OAuthError::new(code, text("error_description"), text("error_uri"));
            Some(Error::OAuth { endpoint, error })
        }
        _ => Some(Error::Protocol { endpoint, defect: Defect::Member("error") }),
    }
}

/// The text of a successful answer that is a signed token of this media type. OAuth errors come first.
pub(crate) fn signed(
    endpoint: Endpoint,
    response: http::Response<Vec<u8>>,
    media_type: &str,
) -> Result<Secret, Error> {
    let defective = |defect| Error::Protocol { endpoint, defect };
    let status = response.status();
    if status != http::StatusCode::OK {
        return Err(members(endpoint, response).err().unwrap_or(defective(Defect::Status(status.as_u16()))));
    }
    if !is_of_type(response.headers(), media_type) {
        return Err(defective(Defect::ContentType));
    }
    let body = zeroize::Zeroizing::new(response.into_body());
    Ok(Secret::new(String::from_utf8_lossy(&body)))
}

/// Whether there is one media type and it is this one, without regard to case and parameters.
fn is_of_type(headers: &http::HeaderMap, wanted: &str) -> bool {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return false };
    let media_type = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
    media_type.trim().eq_ignore_ascii_case(wanted)
}

/// Takes a text member out, so that it is not left behind in the map. Another type is not an absence.
pub(crate) fn text(members: &mut Map<String, Value>, name: &'static str) -> Result<Option<String>, Defect> {
    match members.remove(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Defect::Member(name)),
    }
}

/// A duration as an integer; some servers write the integer as a string.
pub(crate) fn seconds(members: &Map<String, Value>, name: &'static str) -> Result<Option<u64>, Defect> {
    let seconds = match members.get(name) {
        None => return Ok(None),
        Some(Value::Number(number)) => number.as_u64(),
        Some(Value::String(digits)) if digits.bytes().all(|octet| octet.is_ascii_digit()) => digits.parse().ok(),
        Some(_) => None,
    };
    let believable = seconds.filter(|seconds| *seconds <= MAX_LIFETIME);
    believable.map(Some).ok_or(Defect::Member(name))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: Value) -> Result<TokenResponse, Defect> {
        TokenResponse::from_members(value.as_object().cloned().as_mut().expect("an object"), TokenType::Bearer)
    }

    fn with(name: &str, value: Value) -> Result<TokenResponse, Defect> {
        let mut response = json!({"access_token": "at", "token_type": "Bearer"});
        response[name] = value;
        read(response)
    }

    #[test]
    fn lifetimes_are_integers_within_reason() {
        let lifetime = |value| with("expires_in", value).map(|response| response.expires_in);
        assert_eq!(lifetime(json!(3600)), Ok(Some(3600)));
        assert_eq!(lifetime(json!("3600")), Ok(Some(3600)));
        assert_eq!(lifetime(json!(0)), Ok(Some(0)));
        for value in [json!(-1), json!(1.5), json!(1e308), json!(9_223_372_036_854_775_808_u64), json!(null)] {
            assert_eq!(lifetime(value.clone()), Err(Defect::Member("expires_in")), "{value}");
        }
        for value in [json!(""), json!("-1"), json!("+1"), json!("1e3"), json!(" 1"), json!([1]), json!(true)] {
            assert_eq!(lifetime(value.clone()), Err(Defect::Member("expires_in")), "{value}");
        }
    }

    #[test]
    fn an_access_token_fits_into_a_header() {
        for value in
            [json!(""), json!("a b"), json!("a\r\nX: y"), json!("é"), json!("a\u{7f}"), json!(null), json!(1)]
        {
            assert_eq!(with("access_token", value.clone()).err(), Some(Defect::Member("access_token")), "{value}");
        }
        assert_eq!(read(json!({"token_type": "Bearer"})).err(), Some(Defect::Missing("access_token")));
    }

    #[test]
    fn only_bearer_tokens_are_used() {
        assert!(with("token_type", json!("bEARER")).is_ok());
        assert_eq!(with("token_type", json!("mac")).err(), Some(Defect::TokenType(TokenType::Bearer)));
        assert_eq!(with("token_type", json!(["Bearer"])).err(), Some(Defect::Member("token_type")));
        assert_eq!(read(json!({"access_token": "at"})).err(), Some(Defect::Missing("token_type")));
    }

    #[test]
    fn an_empty_refresh_token_counts_as_none() {
        let response = with("refresh_token", json!("")).expect("a response");
        assert!(response.refresh_token.is_none());
        assert_eq!(with("refresh_token", json!("a\n")).err(), Some(Defect::Member("refresh_token")));
        assert_eq!(with("refresh_token", json!(null)).err(), Some(Defect::Member("refresh_token")));
    }

    #[test]
    fn the_media_type_is_read_without_parameters() {
        let judged = |value: &str| {
            let value = http::HeaderValue::from_str(value).expect("a header value");
            is_of_type(&http::HeaderMap::from_iter([(CONTENT_TYPE, value)]), "application/json")
        };
        assert!(judged("application/json") && judged("Application/JSON; charset=utf-8"));
        assert!(!judged("text/html") && !judged("application/jsonp") && !judged(""));
        assert!(!is_of_type(&http::HeaderMap::new(), "application/json"));
    }
}
