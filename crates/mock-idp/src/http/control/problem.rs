//! What is answered to a call that is not in order (RFC 9457). No value that was sent is repeated: it may be a secret.

use http::StatusCode;
use oauth_types::fault::Unfit;
use schemars::JsonSchema;
use serde::Serialize;
use serde_path_to_error::{Path, Segment};

use super::call::{Told, Verb};
use crate::{StartError, doctor};

/// A kind of problem: its `type` is its path below `/_control/problems`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Kind {
    pub(super) name: &'static str,
    pub(super) status: u16,
    pub(super) title: &'static str,
    pub(super) says: &'static str,
}

/// Every kind of problem.
pub(super) static KINDS: &[&Kind] = &[
    &NO_JSON,
    &BAD_QUERY,
    &UNEXPECTED_BODY,
    &UNAUTHORIZED,
    &FORBIDDEN,
    &NO_SUCH_CALL,
    &NO_SUCH_TENANT,
    &NOTHING_THERE,
    &OTHER_METHOD,
    &TOO_SLOW,
    &CONFLICT,
    &TOO_LARGE,
    &OTHER_MEDIA_TYPE,
    &UNFIT,
];

/// A call that is not in order. Nothing was changed by it.
#[derive(Debug)]
pub(super) struct Problem {
    kind: &'static Kind,
    said: Box<Said>,
    allow: Vec<Verb>,
    challenge: Option<&'static str>,
}

/// What is wrong with a call (RFC 9457).
#[derive(Debug, Default, Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
pub(super) struct Said {
    /// Which kind of problem it is: where it is described.
    #[serde(rename = "type")]
    kind: String,
    /// The kind in a few words.
    title: &'static str,
    /// The status of the answer.
    status: u16,
    /// What is wrong.
    detail: String,
    /// Where in the body it is (RFC 6901), as far as that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pointer: Option<String>,
    /// The line of the body, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    /// The column of the body, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
    /// What was probably meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    did_you_mean: Option<String>,
    /// The members or words that there are, if it is none of them.
    #[schemars(default)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    known: Vec<String>,
}

impl Problem {
    pub(super) fn new(kind: &'static Kind, detail: impl Into<String>) -> Self {
        let said = Said {
            kind: format!("/_control/problems/{}", kind.name),
            title: kind.title,
            status: kind.status,
            detail: bounded(detail.into()),
            ..Said::default()
        };
        Self { kind, said: Box::new(said), allow: Vec::new(), challenge: None }
    }

    pub(super) fn no_tenant(name: &str, can_be: bool) -> Self {
        let detail = match can_be {
            true => format!("There is no tenant called {name}. PUT makes it, and so does its first request"),
            false => "This cannot be a tenant's name: 1 to 64 letters, digits and -._~, no dot or underscore at the \
                      start, no endpoint's name. The tenant at the root is called _root here"
                .to_owned(),
        };
        Self::new(&NO_SUCH_TENANT, detail)
    }

    pub(super) fn nothing(what: &str) -> Self {
        Self::new(&NOTHING_THERE, format!("There is no such {what}"))
    }

    pub(super) fn conflict(detail: impl Into<String>) -> Self {
        Self::new(&CONFLICT, detail)
    }

    pub(super) fn query(detail: impl Into<String>) -> Self {
        Self::new(&BAD_QUERY, detail)
    }

    /// What was said is JSON of the right shape, and cannot be.
    pub(super) fn unfit(detail: impl Into<String>) -> Self {
        Self::new(&UNFIT, detail)
    }

    /// Says where in the body it is.
    pub(super) fn at(mut self, pointer: impl Into<String>) -> Self {
        self.said.pointer = Some(pointer.into());
        self
    }

    /// Says where in the body it is. What was judged after the whole was read has no place of its own.
    fn locate(&mut self, error: &serde_json::Error) {
        if error.line() > 0 {
            (self.said.line, self.said.column) = (Some(error.line()), Some(error.column()));
        }
    }

    pub(super) fn not_by(allow: Vec<Verb>) -> Self {
        let verbs: Vec<&str> = allow.iter().map(|verb| verb.as_str()).collect();
        let detail = format!("Calls to this path are made by {}", verbs.join(", "));
        Self { allow, ..Self::new(&OTHER_METHOD, detail) }
    }

    pub(super) fn challenging(mut self, challenge: &'static str) -> Self {
        self.challenge = Some(challenge);
        self
    }

    /// A body that is JSON, and not what it has to be.
    pub(super) fn unread(path: &Path, error: &serde_json::Error) -> Self {
        let message = error.to_string();
        let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
        let Complaint { detail, meant, known } = complaint(message);
        let mut problem = Self::new(&UNFIT, detail).at(pointer(path));
        problem.locate(error);
        (problem.said.did_you_mean, problem.said.known) = (meant, known);
        problem
    }

    /// A body that is no JSON.
    pub(super) fn no_json(error: &serde_json::Error) -> Self {
        let message = error.to_string();
        let mut problem = Self::new(&NO_JSON, message.rsplit_once(" at line ").map_or("no JSON", |(what, _)| what));
        problem.locate(error);
        problem
    }

    /// The status of the answer.
    pub(super) fn status(&self) -> StatusCode {
        // Every status of the table is one.
        StatusCode::from_u16(self.kind.status).unwrap_or(StatusCode::BAD_REQUEST)
    }

    /// What the one who may not call is to say (RFC 9110 §11.6.1).
    pub(super) fn challenge(&self) -> Option<&'static str> {
        self.challenge
    }

    /// What is wrong, for people.
    pub(super) fn detail(&self) -> &str {
        &self.said.detail
    }

    pub(super) fn told(self) -> Told {
        let status = self.status();
        let mut told = Told::problem(status, &self.said);
        if !self.allow.is_empty() {
            told = told.allowing(self.allow);
        }
        match self.challenge {
            Some(challenge) => told.challenging(challenge),
            None => told,
        }
    }
}

impl From<StartError> for Problem {
    fn from(error: StartError) -> Self {
        let error = match error {
            // A name may be as long as a body.
            StartError::Profile { name, known } => StartError::Profile { name: shortened(&name).to_owned(), known },
            StartError::Choice { name, known } => StartError::Choice { name: shortened(&name).to_owned(), known },
            StartError::Without { name, optional } => {
                StartError::Without { name: shortened(&name).to_owned(), optional }
            }
            other => other,
        };
        match error {
            StartError::KeysTooLate => Self::conflict(error.to_string()).at("/own_keys"),
            StartError::Unfit(Unfit::TooMany(_)) => Self::conflict(error.to_string()),
            StartError::Profile { .. } => Self::unfit(error.to_string()).at("/profile"),
            other => Self::unfit(other.to_string()),
        }
    }
}

/// What serde says, without the value it quotes.
struct Complaint {
    detail: String,
    meant: Option<String>,
    known: Vec<String>,
}

fn complaint(message: &str) -> Complaint {
    let quoted =
        ["invalid type: ", "invalid value: ", "invalid length "].iter().any(|start| message.starts_with(start));
    if let Some((what, expected)) = message.rsplit_once(", expected ").filter(|_| quoted) {
        let kind = what.split(['`', '"']).next().unwrap_or_default().trim_end();
        return Complaint { detail: format!("{kind}, expected {expected}"), meant: None, known: Vec::new() };
    }
    let unknown = ["unknown field `", "unknown variant `"].iter().find_map(|start| message.strip_prefix(start));
    let Some((given, rest)) = unknown.and_then(|rest| rest.split_once("`, ")) else {
        return Complaint { detail: message.to_owned(), meant: None, known: Vec::new() };
    };
    let known: Vec<String> = rest.split('`').skip(1).step_by(2).map(str::to_owned).collect();
    let meant = doctor::nearest(given, known.iter().map(String::as_str)).map(str::to_owned);
    let what = if message.starts_with("unknown field") { "member" } else { "word" };
    // A member's name is no secret; a word in the place of a known one might be.
    let given = if what == "member" { format!(" {:?}", shortened(given)) } else { String::new() };
    let hint = meant.as_ref().map_or_else(String::new, |meant| format!("; did you mean {meant:?}?"));
    Complaint { detail: format!("unknown {what}{given}{hint}"), meant, known }
}

fn shortened(name: &str) -> &str {
    name.char_indices().nth(64).map_or(name, |(at, _)| &name[..at])
}

/// A text of which no more is said than anybody reads.
fn bounded(mut text: String) -> String {
    if let Some((at, _)) = text.char_indices().nth(4096) {
        text.truncate(at);
        text.push('…');
    }
    text
}

/// A JSON pointer (RFC 6901).
fn pointer(path: &Path) -> String {
    path.iter().fold(String::new(), |mut pointer, segment| {
        match segment {
            Segment::Map { key } => {
                pointer.push('/');
                pointer.push_str(&shortened(key).replace('~', "~0").replace('/', "~1"));
            }
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
        pointer
    })
}

pub(super) static NO_JSON: Kind = Kind {
    name: "no-json",
    status: 400,
    title: "The body is no JSON",
    says: "The body has to be JSON text (RFC 8259), and nothing else.",
};

pub(super) static BAD_QUERY: Kind = Kind {
    name: "bad-query",
    status: 400,
    title: "The query is not in order",
    says: "A parameter of the query is unknown, is there twice, or has a value that it cannot have.",
};

pub(super) static UNEXPECTED_BODY: Kind = Kind {
    name: "unexpected-body",
    status: 400,
    title: "There must be no body",
    says: "This call is not given anything: what the body says would be ignored.",
};

pub(super) static UNAUTHORIZED: Kind = Kind {
    name: "unauthorized",
    status: 401,
    title: "The token is missing or wrong",
    says: "The server was started with a control token: each call needs it as `Authorization: Bearer TOKEN`.",
};

pub(super) static FORBIDDEN: Kind = Kind {
    name: "forbidden",
    status: 403,
    title: "The control API is not for you",
    says: "Without a control token the control API answers this machine only, and never web pages of others. Start the \
           server with `--control-token` to reach it from elsewhere.",
};

pub(super) static NO_SUCH_CALL: Kind = Kind {
    name: "no-such-call",
    status: 404,
    title: "There is no such call",
    says: "`GET /_control` lists the calls.",
};

pub(super) static NO_SUCH_TENANT: Kind = Kind {
    name: "no-such-tenant",
    status: 404,
    title: "There is no such tenant",
    says: "A tenant is there from its first request on, or once it was made by `PUT /_control/tenants/NAME`, until it is \
           taken away. The one at the root is called `_root`.",
};

pub(super) static NOTHING_THERE: Kind = Kind {
    name: "nothing-there",
    status: 404,
    title: "There is nothing of this name",
    says: "The tenant has nothing of this id or name, or has it no longer.",
};

pub(super) static OTHER_METHOD: Kind = Kind {
    name: "other-method",
    status: 405,
    title: "This path is called by another method",
    says: "The `Allow` header says by which.",
};

pub(super) static TOO_SLOW: Kind = Kind {
    name: "too-slow",
    status: 408,
    title: "The body did not arrive in time",
    says: "The body of a call has to arrive within 10 seconds.",
};

pub(super) static CONFLICT: Kind = Kind {
    name: "conflict",
    status: 409,
    title: "It is not so, or cannot be now",
    says: "The call is in order, and what it asks for cannot be done as things stand, or is not as it was expected.",
};

pub(super) static TOO_LARGE: Kind = Kind {
    name: "too-large",
    status: 413,
    title: "The body is too large",
    says: "The body of a call has at most 1,048,576 octets.",
};

pub(super) static OTHER_MEDIA_TYPE: Kind = Kind {
    name: "other-media-type",
    status: 415,
    title: "The body has to be application/json",
    says: "Say `Content-Type: application/json`, and do not compress the body.",
};

pub(super) static UNFIT: Kind = Kind {
    name: "unfit",
    status: 422,
    title: "This cannot be",
    says: "The body is JSON, but not what the call has to be given; `pointer`, `line` and `column` say where.",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_place_that_is_known_is_named() {
        let located = |text: &str| {
            let mut problem = Problem::new(&UNFIT, "");
            let read = serde_json::from_str::<oauth_types::fault::Fault>(text);
            problem.locate(&read.expect_err("no fault"));
            (problem.said.line, problem.said.column)
        };
        assert_eq!(located("{\n\"named\":1}"), (Some(2), Some(9)));
        let whole = located(r#"{"named":"none-of-this-name"}"#);
        assert_ne!(whole, (Some(0), Some(0)));
    }

    #[test]
    fn a_name_that_is_not_known_is_not_repeated_at_length() {
        let (name, known) = ("x".repeat(100_000), "plain".to_owned());
        for error in [
            StartError::Profile { name: name.clone(), known: known.clone() },
            StartError::Choice { name: name.clone(), known: known.clone() },
            StartError::Without { name, optional: known },
        ] {
            let detail = Problem::from(error).said.detail;
            assert!(detail.len() < 200 && detail.contains("plain"), "{detail}");
        }
    }

    #[test]
    fn what_was_sent_is_not_repeated() {
        for message in [
            "invalid type: string \"canary\", expected a sequence",
            "invalid value: string \"canary\", expected one, expected two",
            "unknown variant `canary`, expected one of `set`, `freeze`",
        ] {
            let complaint = complaint(message);
            assert!(!complaint.detail.contains("canary"), "{}", complaint.detail);
        }
    }

    #[test]
    fn what_was_probably_meant_is_named() {
        let meant = |message| complaint(message).meant;
        assert_eq!(meant("unknown field `profil`, expected one of `profile`, `on`").as_deref(), Some("profile"));
        assert_eq!(meant("unknown variant `Freeze`, expected `freeze` or `set`").as_deref(), Some("freeze"));
        assert_eq!(meant("unknown field `zzz`, expected one of `profile`, `on`"), None);
    }

    #[test]
    fn a_long_name_is_cut() {
        let name = "é".repeat(10_000);
        let detail = complaint(&format!("unknown field `{name}`, expected `a`")).detail;
        assert!(detail.len() < 300, "{}", detail.len());
        assert!(bounded(name).chars().count() <= 4097);
    }
}
