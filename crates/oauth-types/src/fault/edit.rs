//! What a fault does: one change to what leaves the server, on one of its layers.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::tagged;

/// One change to what leaves the server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "do", deny_unknown_fields, remote = "Self")]
#[non_exhaustive]
pub enum Edit {
    /// Put a value in place of a parameter, member or claim, or add it.
    Set {
        /// The name of the parameter, member or claim.
        name: String,
        /// The new value. At the authorization response, text is used as it is and anything else as JSON.
        value: Value,
    },
    /// Add a number to a member or claim that is one, as `exp`. Anything else stays.
    Shift {
        /// The name of the member or claim.
        name: String,
        /// What is added; negative takes away.
        by: i64,
    },
    /// Put text behind that of a parameter, member or claim, as a slash behind an issuer. Anything but text stays.
    Suffix {
        /// The name of the parameter, member or claim.
        name: String,
        /// What comes behind.
        text: String,
    },
    /// Add a value to a member or claim: one that is no array becomes an array of two, as `aud`.
    Append {
        /// The name of the member or claim.
        name: String,
        /// What is added.
        value: Value,
    },
    /// Take a parameter, member or claim out.
    Remove {
        /// Its name.
        name: String,
    },
    /// Add a second parameter of the same name, or a second member to the text of a JSON object. Acts on answers, not
    /// on tokens.
    Repeat {
        /// Its name.
        name: String,
        /// The second value.
        value: String,
    },
    /// Answer with an OAuth error instead (RFC 6749 §4.1.2.1 and §5.2). Nothing of what was to be said is left but
    /// `state` and `iss`. What the request has done to codes and tokens stays done.
    Error {
        /// The error code, any text.
        error: String,
        /// The `error_description`; absent means none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        description: Option<String>,
        /// The status; absent means 400, or that of a redirect.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<u16>,
    },
    /// Put a JOSE header parameter of a token in place. Acts on tokens only.
    JoseHeader {
        /// Its name, such as `kid`.
        name: String,
        /// The new value; `null` takes it out.
        value: Value,
    },
    /// Sign a token otherwise than it should be. Acts on tokens only.
    Sign {
        /// How.
        with: Signature,
    },
    /// Replace the keys of the tenant at this moment. On a token it happens just before it is signed, with a new key
    /// that is published; on the key set, just after it is read.
    RotateKeys {
        /// Whether the former keys are withdrawn at once.
        #[serde(default)]
        retire: bool,
    },
    /// Publish another key set than the right one. Acts on the key set only.
    Keys {
        /// Which.
        with: KeySet,
    },
    /// Answer with this status. Acts on HTTP answers.
    Status {
        /// The status code, 200 to 999.
        code: u16,
    },
    /// Put an HTTP header in place. How long the answer is cannot be said by one: `Content-Length` and the like are
    /// refused.
    HttpHeader {
        /// Its name.
        name: String,
        /// Its value.
        value: String,
    },
    /// Take an HTTP header out. `Date` comes back: HTTP servers always send it.
    RemoveHttpHeader {
        /// Its name.
        name: String,
    },
    /// Answer with this body instead.
    Body {
        /// Its media type.
        content_type: String,
        /// The octets, as text.
        text: String,
    },
    /// Fill the body up with white space to this many octets: legal JSON, too large for a careful reader.
    Pad {
        /// How many octets, at most 64 MiB.
        octets: usize,
    },
    /// Redirect the request elsewhere.
    Redirect {
        /// 301, 302, 303, 307 or 308.
        code: u16,
        /// Where to.
        location: String,
    },
    /// Answer 429 (RFC 6585 §4), saying in the headers of one family when to come again.
    TooManyRequests {
        /// Which headers say so.
        headers: RateLimit,
        /// In how many seconds.
        seconds: u64,
    },
    /// Wait before answering. This is real time, not that of the tenant's clock.
    Delay {
        /// How long, at most ten minutes.
        milliseconds: u64,
    },
    /// Reset the connection instead of answering.
    Reset,
    /// Close the connection in the middle of the body. `Content-Length` announces the whole of it, or one octet more
    /// than is sent if the body is not that long.
    Truncate {
        /// After how many octets of it, at most 64 MiB.
        after: usize,
    },
    /// Send nothing further, and keep the connection open until the client gives up, for at most ten minutes.
    Stall {
        /// After how many octets of the body, at most 64 MiB; absent means before the head.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<usize>,
    },
    /// Send the body in small pieces, for at most ten minutes. The time between them is real time.
    Drip {
        /// How many octets at a time, at least 1.
        octets: usize,
        /// How long between two pieces, at most one minute.
        milliseconds: u64,
    },
    /// Send a body that never ends: the right one first, then white space for as long as somebody reads, for at most
    /// ten minutes.
    Endless,
    /// Send a head with many headers, of 64 MiB at most all together.
    HeaderBomb {
        /// How many, at most 20,000: the server keeps headers in a map that has no room for more.
        headers: u32,
        /// How many octets each, at most 64 KiB.
        octets: usize,
    },
}

/// The derived ones, in which a word that stands alone is not looked at for what else there is.
impl Serialize for Edit {
    fn serialize<S: Serializer>(&self, sink: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, sink)
    }
}

impl<'de> Deserialize<'de> for Edit {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        let members = tagged::read(source, &["reset", "endless"])?;
        Self::deserialize(members).map_err(D::Error::custom)
    }
}

impl Edit {
    /// [`Edit::Set`], from anything that makes a JSON value.
    pub fn set(name: impl Into<String>, value: impl Into<Value>) -> Self {
        Self::Set { name: name.into(), value: value.into() }
    }

    /// [`Edit::Remove`].
    pub fn remove(name: impl Into<String>) -> Self {
        Self::Remove { name: name.into() }
    }

    /// [`Edit::Error`], without a description.
    pub fn error(error: impl Into<String>) -> Self {
        Self::Error { error: error.into(), description: None, status: None }
    }

    /// [`Edit::JoseHeader`].
    pub fn jose_header(name: impl Into<String>, value: impl Into<Value>) -> Self {
        Self::JoseHeader { name: name.into(), value: value.into() }
    }

    /// [`Edit::Sign`].
    pub fn sign(with: Signature) -> Self {
        Self::Sign { with }
    }

    /// [`Edit::HttpHeader`].
    pub fn http_header(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self::HttpHeader { name: name.into(), value: value.into() }
    }
}

/// Ways to sign a token wrongly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Signature {
    /// `alg` is `none` and the signature is empty (RFC 8725 §2.1).
    AlgNone,
    /// `alg` is `HS256`, keyed with the PEM text of the server's public key (RFC 8725 §2.1).
    Hs256PublicKey,
    /// The header is right and the signature is empty.
    Stripped,
    /// The header is right and one bit of the signature is wrong.
    Corrupted,
    /// The header is right and the signature is of a key that is not published.
    UnpublishedKey,
    /// The signature is of a key that is not published, and the header carries it as `jwk` (RFC 7515 §4.1.3).
    EmbeddedKey,
    /// `alg` is `ES256` and every octet of the signature is zero: r and s are 0 (CVE-2022-21449).
    Zero,
    /// `alg` is `RS256`, with an RSA key of 1024 bits that is published for as long as the fault is mounted (RFC 7518
    /// §3.3 asks for 2048 at least).
    WeakKey,
}

/// Key sets that are not what they should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum KeySet {
    /// No key at all.
    Empty,
    /// Every key is called the same (RFC 7517 §4.5 asks for distinct names), and a wrong one comes first.
    DuplicateKid,
    /// No key has a name.
    NoKid,
    /// Every key has a name that no token has.
    UnknownKid,
    /// Every key is for encryption: `use` is `enc` (RFC 7517 §4.2).
    ForEncryption,
    /// The keys are other ones, under the right names.
    Foreign,
    /// An RSA key of 1024 bits besides.
    Weak,
}

/// The families of headers by which servers say how often they may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RateLimit {
    /// `Retry-After` in seconds (RFC 9110 §10.2.3).
    RetryAfter,
    /// `Retry-After` as a date (RFC 9110 §10.2.3), by the tenant's clock.
    RetryAfterDate,
    /// `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers).
    RateLimit,
    /// `X-RateLimit-Limit`, `-Remaining`, and `-Reset` as a time since 1970-01-01T00:00:00Z, by the tenant's clock.
    XRateLimit,
    /// `X-Rate-Limit-Limit`, `-Remaining`, and `-Reset` in seconds from now.
    XRateLimitDashed,
}
