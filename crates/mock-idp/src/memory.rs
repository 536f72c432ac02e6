//! What specs remember: notes that die with the code, or live with the grant.
//!
//! A document that has to carry something from the authorization request to the token request defines a note of its
//! own and puts it into the record. No other file has to know.

use std::borrow::Cow;
use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What somebody authorized: shared by the code and every token that follows from it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Authorization {
    /// The client it was given to.
    pub client_id: String,
    /// Who it is about, by the identifier that tokens carry as `sub`.
    pub subject: String,
    /// The granted scope (RFC 6749 §3.3).
    pub scope: Scope,
    /// Who logged in for it; `None` if nobody did, as with client credentials (RFC 6749 §4.4).
    pub login: Option<Login>,
    /// What specs remember for as long as the grant lives.
    pub notes: Notes,
}

/// An authentication of a user (OpenID Connect Core §1, "Authentication").
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Login {
    /// The user, by the name this server knows them by.
    pub user: String,
    /// When, in seconds since 1970-01-01T00:00:00Z.
    pub auth_time: u64,
    /// The authentication context class reference (OpenID Connect Core §2, `acr`).
    pub acr: Option<String>,
    /// How (RFC 8176).
    pub amr: Vec<String>,
    /// The session at this server that the login belongs to, by the identifier that tokens carry as `sid`
    /// (OpenID Connect Front-Channel Logout §3).
    pub session: Option<String>,
}

/// How long a note is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// It dies with the authorization code, or with whichever record it was put into.
    Code,
    /// Refresh tokens inherit it.
    Grant,
}

/// What a token is bound to (RFC 7800 §3.1): a member of `cnf`, and its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    /// The name of the member, such as `jkt` (RFC 9449 §6.1) or `x5t#S256` (RFC 8705 §3.1).
    pub method: Cow<'static, str>,
    /// Its value: the hash of a public key or certificate.
    pub value: String,
}

impl Confirmation {
    /// The value of the one of this method.
    pub(crate) fn of<'a>(method: &str, all: &'a [Self]) -> Option<&'a str> {
        all.iter().find(|own| own.method == method).map(|own| own.value.as_str())
    }
}

/// The confirmations of a token, kept with its record.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Bound(pub Vec<Confirmation>);

impl Note for Bound {
    const NAME: &'static str = "rfc7800/cnf";
    const LIFE: Life = Life::Code;
}

/// Something a spec remembers between the authorization request and the token request.
pub trait Note: Serialize + DeserializeOwned {
    /// Its name, unique among specs: the document, and a word.
    const NAME: &'static str;
    /// How long it is kept.
    const LIFE: Life;
}

/// Notes by name. `Debug` shows the names alone: with PKCE's method `plain`, a note holds the verifier.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Notes(Vec<(Cow<'static, str>, Value)>);

impl Notes {
    pub(crate) fn set<N: Note>(&mut self, note: &N) {
        let value = serde_json::to_value(note).unwrap_or(Value::Null);
        self.0.retain(|(name, _)| name != N::NAME);
        self.0.push((Cow::Borrowed(N::NAME), value));
    }

    pub(crate) fn find<N: Note>(&self) -> Option<N> {
        let (_, value) = self.0.iter().find(|(name, _)| name == N::NAME)?;
        N::deserialize(value).ok()
    }
}

impl fmt::Debug for Notes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

/// Scope tokens, each once, in the order asked for (RFC 6749 §3.3).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Scope(String);

impl Scope {
    /// Reads a scope parameter: `scope-token *( SP scope-token )` (RFC 6749 Appendix A.4). Repeated tokens are kept once.
    ///
    /// Gives `None` for a character that a scope token may not have, or for empty tokens.
    pub fn parse(text: &str) -> Option<Self> {
        let mut tokens: Vec<&str> = Vec::new();
        for token in text.split(' ') {
            let legal = |octet: u8| matches!(octet, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
            if token.is_empty() || !token.bytes().all(legal) {
                return None;
            }
            if !tokens.contains(&token) {
                tokens.push(token);
            }
        }
        Some(Self(tokens.join(" ")))
    }

    /// The scope as it is written on the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Each token.
    pub fn tokens(&self) -> impl Iterator<Item = &str> {
        self.0.split(' ').filter(|token| !token.is_empty())
    }

    /// Whether `token` is among them.
    pub fn contains(&self, token: &str) -> bool {
        self.tokens().any(|own| own == token)
    }

    /// The same scope without `token`.
    pub(crate) fn without(&self, token: &str) -> Self {
        Self(self.tokens().filter(|own| *own != token).collect::<Vec<_>>().join(" "))
    }

    /// Whether there is no token.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Colour(String);

    impl Note for Colour {
        const NAME: &'static str = "test/colour";
        const LIFE: Life = Life::Code;
    }

    #[test]
    fn a_note_is_found_by_its_type() {
        let mut notes = Notes::default();
        assert_eq!(notes.find::<Colour>(), None);
        notes.set(&Colour("red".to_owned()));
        notes.set(&Colour("blue".to_owned()));
        assert_eq!(notes.find(), Some(Colour("blue".to_owned())));
    }

    #[test]
    fn scope_tokens_are_kept_once_in_order() {
        let scope = Scope::parse("openid email openid").expect("well-formed");
        assert_eq!(scope.as_str(), "openid email");
        assert!(scope.contains("email") && !scope.contains("mail"));
    }

    #[test]
    fn malformed_scopes_are_refused() {
        for text in ["", " openid", "openid  email", "op\"enid", "a\\b", "caf\u{e9}", "a\nb"] {
            assert_eq!(Scope::parse(text), None, "{text:?}");
        }
    }
}
