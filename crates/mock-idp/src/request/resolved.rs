//! What a token stands for, and its use at a protected resource.

use serde_json::{Map, Value};

use super::{Arrival, Place};
use crate::clients::Client;
use crate::memory::Confirmation;
use crate::ports::store::{Kept, Key};

/// An access token as it was presented at a protected resource.
#[derive(Clone, Copy)]
pub(crate) struct Presented<'a> {
    /// The token.
    pub token: &'a str,
    /// The authentication scheme it came with, or would have: `Bearer`, `DPoP`.
    pub scheme: &'static str,
}

/// Whether `text` can follow the scheme of an `Authorization` header: `token68` (RFC 9110 §11.2), which is `b64token`
/// of RFC 6750 §2.1.
pub(crate) fn is_token68(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    !body.is_empty() && body.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"-._~+/".contains(&octet))
}

/// Which kind of token something is (RFC 7009 §2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// An access token.
    Access,
    /// A refresh token.
    Refresh,
}

/// What a token stands for. It may be expired.
#[derive(Debug)]
pub(crate) struct Resolved {
    /// Its kind.
    pub kind: TokenKind,
    /// Its record.
    pub kept: Kept,
    /// Its key in the store.
    pub key: Key,
    /// What the token itself says, if it says anything.
    pub claims: Map<String, Value>,
}

impl Resolved {
    /// Whether it is good at `now`: neither used up, nor revoked, nor expired, nor to be good later.
    pub(crate) fn is_alive(&self, now: u64) -> bool {
        self.kept.spent.is_none() && now < self.expires() && self.begins() <= now
    }

    /// The first second in which it is no longer good: what it says itself counts as well (RFC 9068 §4).
    pub(crate) fn expires(&self) -> u64 {
        self.time("exp").map_or(self.kept.record.expires, |own| own.min(self.kept.record.expires))
    }

    /// The first second in which it is good: "the current date/time MUST be after or equal to the not-before date/time"
    /// (RFC 7519 §4.1.5).
    pub(crate) fn begins(&self) -> u64 {
        self.time("nbf").unwrap_or_default()
    }

    /// A time that it says itself, in seconds since 1970-01-01T00:00:00Z.
    fn time(&self, claim: &str) -> Option<u64> {
        self.claims.get(claim).and_then(Value::as_f64).map(|time| time.max(0.0) as u64)
    }

    /// Whether `client` has to do with it: it was issued to it, or is meant for it.
    ///
    /// An access token is meant for the clients that its audience names, by `client_id` or by one of the identifiers
    /// that the client is registered with as `resource`. One for the issuer at large is meant for every client that is
    /// not registered with identifiers of its own.
    pub(crate) fn concerns(&self, client: &Client, place: &Place) -> bool {
        if self.kept.record.authorization.client_id == client.client_id() {
            return true;
        }
        let own = client.member("resource").map(texts);
        let mut audience = self.claims.get("aud").map(texts).unwrap_or_default().into_iter();
        // A refresh token says nothing, so it has no audience.
        audience.any(|name| match &own {
            Some(own) => name == client.client_id() || own.contains(&name),
            None => name == client.client_id() || place.is_called(name),
        })
    }

    /// Whether it is meant for this issuer: an access token that names an audience names it among others (RFC 9068 §4).
    pub(crate) fn is_for(&self, place: &Place) -> bool {
        self.claims.get("aud").is_none_or(|aud| texts(aud).into_iter().any(|name| place.is_called(name)))
    }
}

/// The text in a value: itself, or its elements (RFC 7519 §4.1.3).
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(values) => values.iter().filter_map(Value::as_str).collect(),
        value => value.as_str().into_iter().collect(),
    }
}

/// The use of an access token at a protected resource.
pub(crate) struct Admission<'a> {
    /// The request as it arrived.
    pub arrival: &'a Arrival<'a>,
    /// How the token came.
    pub presented: Presented<'a>,
    /// What it stands for.
    pub resolved: &'a Resolved,
    /// What the request proved the possession of.
    pub proofs: &'a [Confirmation],
}
