//! What an attack came to, and how it is told.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::trace::Trace;

/// What an attack came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Stopped, with the status and error code the specification asks for.
    Stopped,
    /// Stopped, with another refusal than the specification asks for.
    Tolerated,
    /// It succeeded, or crashed the target, or made it tell a secret.
    Vulnerable,
    /// Nothing can be said: a prerequisite is missing, or the unmodified flow did not succeed.
    Inconclusive,
}

impl Verdict {
    /// Whether the target withstood the attack.
    pub fn withstood(self) -> bool {
        matches!(self, Self::Stopped | Self::Tolerated)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Stopped => "stopped",
            Self::Tolerated => "tolerated",
            Self::Vulnerable => "VULNERABLE",
            Self::Inconclusive => "inconclusive",
        })
    }
}

/// How strongly the specification asks for the defence. It decides what a success of the attack means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Level {
    /// A success is a failure of the target.
    Must,
    /// A success is a warning.
    Should,
    /// A success is worth a note.
    Info,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Must => "MUST",
            Self::Should => "SHOULD",
            Self::Info => "INFO",
        })
    }
}

/// One attack and what it came to.
#[derive(Debug, Clone, Serialize)]
pub struct Outcome {
    /// The stable id, such as `as-code-replay`.
    pub id: &'static str,
    /// What it is about, as a title.
    pub family: &'static str,
    /// The attack in a few words.
    pub name: &'static str,
    /// What the attacker does and gains, in a few sentences.
    pub story: &'static str,
    /// The sentences that forbid it, such as `RFC 7636 section 4.6`.
    pub citation: &'static str,
    /// What is sent or said, step by step.
    pub steps: &'static [&'static str],
    /// What a target does that withstands it.
    pub secure: &'static str,
    /// What a target does that does not.
    pub insecure: &'static str,
    /// The one thing that stops it.
    pub defence: &'static str,
    /// How strongly the specification asks for that.
    pub level: Level,
    /// What it came to.
    pub verdict: Verdict,
    /// Why, in one sentence.
    pub because: String,
    /// What a client called the reasons for which it refused, each once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub refusals: Vec<String>,
    /// Who sent what to whom.
    pub trace: Trace,
}

impl Outcome {
    /// Whether the target passes: it withstood, or the specification does not insist.
    pub fn passes(&self) -> bool {
        self.verdict.withstood() || (self.verdict == Verdict::Vulnerable && self.level == Level::Info)
    }
}
