//! Reads a request: its query, its form, and no more of it than the limits allow.

use axum::body::HttpBody;
use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use oauth_types::{ErrorCode, Params, ParamsError};

use super::serve::BODY_WITHIN;
use crate::documents;
use crate::refusal::{Refusal, Rule};

/// The most octets of a body. A token request has a few hundred.
pub(crate) const MAX_BODY: usize = 64 * 1024;

/// Why there is no body to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoBody {
    /// It has more than [`MAX_BODY`] octets.
    TooLarge,
    /// It did not arrive in time.
    TooSlow,
    /// The connection broke.
    Broken,
}

/// The parameters of a request.
#[derive(Debug, Default)]
pub(crate) struct Read {
    pub(crate) query: Params,
    pub(crate) form: Option<Params>,
    /// The body, if it is not a form.
    pub(crate) body: Bytes,
}

/// A request that cannot be read, and the status it is answered with.
#[derive(Debug)]
pub(crate) struct Unreadable {
    pub(crate) status: StatusCode,
    pub(crate) refusal: Refusal,
}

impl From<Refusal> for Unreadable {
    fn from(refusal: Refusal) -> Self {
        Self { status: StatusCode::BAD_REQUEST, refusal }
    }
}

/// Reads a body of at most so many octets, as long as it arrives in time.
pub(super) async fn collect(body: axum::body::Body, most: usize) -> Result<Bytes, NoBody> {
    // The length as announced: what will not be read is not waited for.
    if body.size_hint().lower() > most as u64 {
        return Err(NoBody::TooLarge);
    }
    let whole = Limited::new(body, most).collect();
    match tokio::time::timeout(BODY_WITHIN, whole).await {
        Err(_) => Err(NoBody::TooSlow),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(NoBody::TooLarge),
        Ok(Err(_)) => Err(NoBody::Broken),
        Ok(Ok(body)) => Ok(body.to_bytes()),
    }
}

/// Reads the query, and the body if it is a form.
pub(crate) fn read(parts: &Parts, body: Result<Bytes, NoBody>) -> Result<Read, Unreadable> {
    let query = params(parts.uri.query().unwrap_or(""), "query")?;
    let body = body.map_err(|why| {
        let (status, hint) = match why {
            NoBody::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "The body has more than 65536 octets"),
            NoBody::TooSlow => (StatusCode::REQUEST_TIMEOUT, "The body did not arrive in time"),
            NoBody::Broken => (StatusCode::BAD_REQUEST, "The body ended too early"),
        };
        Unreadable { status, refusal: UNREADABLE.because(hint) }
    })?;
    if parts.headers.contains_key(CONTENT_ENCODING) {
        let refusal = UNREADABLE.because("The body must not be compressed");
        return Err(Unreadable { status: StatusCode::UNSUPPORTED_MEDIA_TYPE, refusal });
    }
    let form = match parts.method == Method::POST && is_form(&parts.headers) {
        false => None,
        true => {
            let text = std::str::from_utf8(&body).map_err(|_| bad("The body is not UTF-8"))?;
            Some(params(text, "body")?)
        }
    };
    let body = if form.is_some() { Bytes::new() } else { body };
    Ok(Read { query, form, body })
}

fn params(text: &str, place: &str) -> Result<Params, Unreadable> {
    Params::parse(text).map_err(|error| match error {
        ParamsError::NotUtf8(_) | ParamsError::BadEscape(_) | ParamsError::TooMany => bad(match error {
            ParamsError::BadEscape(_) => format!("In the {place}, {error}: a '%' itself is written %25"),
            _ => format!("In the {place}, {error}"),
        }),
        _ => bad(format!("The {place} is malformed")),
    })
}

fn bad(hint: impl Into<std::borrow::Cow<'static, str>>) -> Unreadable {
    Unreadable { status: StatusCode::BAD_REQUEST, refusal: UNREADABLE.because(hint) }
}

/// Whether the body is a form, in UTF-8 (RFC 6749 Appendix B).
fn is_form(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return false };
    let Ok(text) = value.to_str() else { return false };
    let (kind, rest) = text.split_once(';').unwrap_or((text, ""));
    let charset = rest.trim().trim_end_matches(';');
    let utf8 = charset.is_empty()
        || charset.split_once('=').is_some_and(|(name, value)| {
            name.trim().eq_ignore_ascii_case("charset")
                && value.trim_matches([' ', '"']).eq_ignore_ascii_case("utf-8")
        });
    kind.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded") && utf8
}

pub(crate) static RULES: &[&Rule] = &[&UNREADABLE];

static UNREADABLE: Rule = Rule {
    id: "rfc6749-parameters-unreadable",
    document: &documents::RFC6749,
    section: "appendix-B",
    error: ErrorCode::InvalidRequest,
    says: "Parameters are sent as application/x-www-form-urlencoded, in UTF-8",
};
