//! In which way an authorization response is asked for. Two documents have a say in it: one puts it into a form, the
//! other into a token.

use serde::{Deserialize, Serialize};

use crate::discover::Server;
use crate::error::ConfigError;

/// The member of the metadata that lists the response modes.
pub(crate) const MEMBER: &str = "response_modes_supported";

/// How the response is asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mode {
    /// In a form that the browser posts.
    pub(crate) form: bool,
    /// In a token that the server signs.
    pub(crate) signed: bool,
}

impl Mode {
    /// The `response_mode` to ask for; none where the default of the code flow will do, the query.
    ///
    /// A server that lists no modes offers the query and the fragment alone (RFC 8414 §2).
    pub(crate) fn word(self, server: &Server) -> Result<Option<&'static str>, ConfigError> {
        let words: &[&'static str] = match (self.form, self.signed) {
            (false, false) => return Ok(None),
            (true, false) => &["form_post"],
            // Two names of one mode, for the code flow (JARM §2.3.4).
            (false, true) => &["jwt", "query.jwt"],
            (true, true) => &["form_post.jwt"],
        };
        let offered = server.metadata.response_modes_supported.iter().flatten();
        let offered: Vec<&str> = offered.map(String::as_str).collect();
        let word = words.iter().find(|word| offered.contains(word)).copied();
        let refused = || ConfigError::NotOffered { value: words[0].to_owned(), member: MEMBER };
        word.map(Some).ok_or_else(refused)
    }
}
