//! What can be wrong with a call.

use std::error::Error as StdError;
use std::fmt;

use serde::Deserialize;

use crate::Call;

/// A call that did not do what it should have. No secret is in it: neither the token nor what was sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// What a client was made with is no base URL.
    #[error("the address has to be http:// or https:// with a host, without user, query and fragment")]
    Address,
    /// The certificates to trust are none, or there is no TLS.
    #[error("these are no certificates that can be trusted")]
    Certificate(#[source] Box<dyn StdError + Send + Sync>),
    /// A name that cannot stand in a path.
    #[error("{call}: a name is empty, or one that a path cannot have")]
    Name {
        /// The call that was not made.
        call: Call,
    },
    /// The server did not do it.
    #[error("{call}: {problem}")]
    Refused {
        /// The call.
        call: Call,
        /// Why it did not.
        problem: Box<Problem>,
    },
    /// There was no answer in time.
    #[error("{call}: there was no answer in time")]
    TimedOut {
        /// The call.
        call: Call,
    },
    /// There was no answer.
    #[error("{call}: there was no answer: is the server there?")]
    NoAnswer {
        /// The call.
        call: Call,
        /// Why.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// The answer is none of the control API: this may be another server, or one of another version.
    #[error("{call}: the answer {status} is not one of the control API: {says}")]
    Unexpected {
        /// The call.
        call: Call,
        /// The status of the answer.
        status: u16,
        /// What is wrong with it.
        says: String,
    },
}

impl Error {
    /// What the server says is wrong, if it was the server that refused.
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Refused { problem, .. } => Some(problem),
            _ => None,
        }
    }
}

/// What the server says is wrong with a call (RFC 9457). Nothing was changed by it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Problem {
    /// Which kind of problem it is: the path of its description.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind in a few words.
    pub title: String,
    /// The status of the answer.
    pub status: u16,
    /// What is wrong.
    pub detail: String,
    /// Where in what was sent it is (RFC 6901), as far as that is known.
    #[serde(default)]
    pub pointer: Option<String>,
    /// The line of what was sent, from 1.
    #[serde(default)]
    pub line: Option<u64>,
    /// The column of what was sent, from 1.
    #[serde(default)]
    pub column: Option<u64>,
    /// What was probably meant.
    #[serde(default)]
    pub did_you_mean: Option<String>,
    /// The members or words that there are, if it is none of them.
    #[serde(default)]
    pub known: Vec<String>,
}

impl Problem {
    /// Whether it is of the kind of this name: `no-such-tenant`, `conflict`, `unfit`.
    /// [`ControlClient::describe_problem`](crate::ControlClient::describe_problem) says what each is.
    pub fn is(&self, name: &str) -> bool {
        self.kind.rsplit('/').next() == Some(name)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { title, status, detail, .. } = self;
        write!(f, "{title} ({status}): {detail}")?;
        match self.pointer.as_deref().filter(|pointer| !pointer.is_empty()) {
            Some(pointer) => write!(f, " [at {pointer}]"),
            None => Ok(()),
        }
    }
}
