//! What was said, by whom and to whom: the steps of a flow or an attack, fit to be shown.
//!
//! A trace holds no code, verifier, token or secret. Whoever records a step shortens such values with [`shown`].

use std::fmt;

use serde::Serialize;

use crate::exchange::Exchange;

/// Somebody who takes part in a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    /// The user's browser.
    Browser,
    /// The client that the user logs in to.
    Client,
    /// Somebody who intercepted, injected or replays something.
    Attacker,
    /// The authorization server.
    Server,
    /// An authorization server that the attacker runs.
    AttackerServer,
    /// A protected resource.
    Resource,
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Browser => "browser",
            Self::Client => "client",
            Self::Attacker => "attacker",
            Self::Server => "server",
            Self::AttackerServer => "attacker's server",
            Self::Resource => "resource",
        })
    }
}

/// One message and its answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Who sent the message.
    pub from: Party,
    /// Who received it.
    pub to: Party,
    /// The message in a few words, such as `POST /token`.
    pub message: String,
    /// Its parameters, secrets shortened, in the order sent.
    pub parameters: Vec<(String, String)>,
    /// The answer in a few words, such as `400 invalid_grant`, if there was one.
    pub answer: Option<String>,
    /// What the sender was told beyond the code: the server's `error_description`, for instance.
    pub remark: Option<String>,
    /// Whether this is where the attack was stopped.
    pub stopped: bool,
    /// What went over the wire, if this was a request of the runner's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exchange: Option<Box<Exchange>>,
}

/// The steps of one flow or attack, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Trace {
    /// The steps.
    pub steps: Vec<Step>,
}

/// Names of parameters and members whose values are never shown.
pub const SECRET_NAMES: &[&str] = &[
    "access_token",
    "assertion",
    "client_assertion",
    "client_secret",
    "code",
    "code_verifier",
    "device_code",
    "id_token",
    "id_token_hint",
    "logout_token",
    "password",
    "refresh_token",
    "token",
];

/// `value` as it may be shown under `name`: secrets as their length, long values cut.
pub fn shown(name: &str, value: &str) -> String {
    const LONGEST: usize = 120;
    if SECRET_NAMES.contains(&name) && !value.is_empty() {
        return format!("<{} characters>", value.chars().count());
    }
    match value.char_indices().nth(LONGEST) {
        None => value.to_owned(),
        Some((at, _)) => format!("{}… <{} characters>", &value[..at], value.chars().count()),
    }
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn secrets_are_shown_by_their_length() {
        assert_eq!(shown("code_verifier", "canary"), "<6 characters>");
        assert_eq!(shown("state", "abc"), "abc");
        assert!(shown("state", &"x".repeat(4096)).ends_with("… <4096 characters>"));
    }
}
