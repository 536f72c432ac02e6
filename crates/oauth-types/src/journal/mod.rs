//! What a server wrote down, as data: requests, responses and decisions, questions about them, and what they say of a
//! client.
//!
//! An entry is redacted unless somebody asked for the secrets: in place of a code stands `<code 3f2a91c00b7d4e15>`.
//! The digits are a fingerprint: the same secret has the same one wherever it comes.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::fault::Point;

mod flow;
mod query;

pub use flow::{Finding, Flow, Step, Verdict};
pub use query::{Expect, Query, Unmet};

/// One request and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Entry {
    /// Counts the requests of a tenant, from 1. A journal that is cleared counts on.
    pub number: u64,
    /// When, in seconds since 1970-01-01T00:00:00Z by the tenant's clock.
    pub at: u64,
    /// Which endpoint it came to; absent if to none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub point: Option<Point>,
    /// What arrived.
    pub request: Request,
    /// What left.
    pub response: Response,
    /// The client it was about, as far as that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// How the client authenticated, by its name in the registry: `client_secret_basic`, `none`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_method: Option<String>,
    /// The grant type of a token request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant_type: Option<String>,
    /// Who logged in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The flow it belongs to: a code and all that came of it share one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow: Option<String>,
    /// The codes, tokens and references that the request came with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub used: Vec<Ticket>,
    /// The codes, tokens and references that the response gave out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub issued: Vec<Ticket>,
    /// The signed tokens on either way, without their signatures.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tokens: Vec<Decoded>,
    /// Why it was refused, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Refused>,
    /// The relaxations that it took for the request to pass.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub relaxations: Vec<String>,
    /// The parameters that were not looked at, since others took their place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignored: Vec<String>,
    /// How many faults changed the answer.
    #[serde(default)]
    pub faults: u32,
    /// The parameters of an authorization response that faults changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub altered: Vec<String>,
    /// What the server sent to others before it answered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notices: Vec<Notice>,
    /// What failed, if the server itself did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// How it ended: a fault may have broken the connection, and the client may have gone away.
    #[serde(default, skip_serializing_if = "Ending::is_answered")]
    pub ending: Ending,
}

/// How an exchange ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Ending {
    /// The whole answer left, or was on its way when the connection broke.
    #[default]
    Answered,
    /// A fault reset the connection.
    Reset,
    /// A fault closed the connection in the middle of the body.
    Truncated,
    /// A fault sent nothing further.
    Stalled,
    /// A fault sent a body without end.
    Endless,
    /// The client went away before there was an answer, or while it was held back.
    GaveUp,
}

impl Ending {
    fn is_answered(&self) -> bool {
        *self == Self::Answered
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Answered => "answered",
            Self::Reset => "the connection was reset",
            Self::Truncated => "the body was cut short",
            Self::Stalled => "nothing further was sent",
            Self::Endless => "the body had no end",
            Self::GaveUp => "the client gave up",
        })
    }
}

/// A name and a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Pair {
    /// The name.
    pub name: String,
    /// The value.
    pub value: String,
}

/// What arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Request {
    /// The method.
    pub method: String,
    /// The path below the issuer: `/token`.
    pub path: String,
    /// The headers.
    pub headers: Vec<Pair>,
    /// The parameters of the query.
    pub query: Vec<Pair>,
    /// The parameters of the form.
    pub form: Vec<Pair>,
    /// The body, if it was no form; its first 16 KiB.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub body: String,
}

/// What left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: Vec<Pair>,
    /// The parameters of an authorization response, however they travelled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub params: Vec<Pair>,
    /// The body; its first 16 KiB.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub body: String,
    /// How many octets the whole body had.
    pub octets: u64,
}

/// A code, a token or a reference, by its fingerprint.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Ticket {
    /// What it is: `code`, `access_token`, `refresh_token`, `request_uri`, `device_code`, `auth_req_id`.
    pub kind: String,
    /// Its fingerprint: 16 hexadecimal digits that say nothing of it.
    pub id: String,
}

/// A signed token, without its signature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Decoded {
    /// Where it was: the parameter, header or member, such as `id_token`.
    pub name: String,
    /// Its header.
    pub header: Map<String, Value>,
    /// Its claims.
    pub claims: Map<String, Value>,
}

/// Why a request was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Refused {
    /// The id of the broken rule.
    pub rule: String,
    /// The document's short name.
    pub document: String,
    /// The section.
    pub section: String,
    /// What the rule asks for, in a sentence without its full stop.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub says: String,
    /// The error code on the wire.
    pub error: String,
    /// The likely mistake.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// What the server sent to somebody else, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Notice {
    /// Where it was sent.
    pub url: String,
    /// The status of the answer, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Why there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}
