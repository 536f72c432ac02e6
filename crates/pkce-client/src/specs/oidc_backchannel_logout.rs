//! OpenID Connect Back-Channel Logout 1.0: the server tells the client, by a signed token, that a user logged out.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use crate::claims::{IdClaims, judge_audience, judge_issuer, judge_times, optional_text, subject, time};
use crate::client::Client;
use crate::error::Error;
use crate::jwt::{JwtError, JwtKind};

const KIND: JwtKind = JwtKind::LogoutToken;

/// What makes a token a logout token (§2.4).
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// How many tokens are remembered.
const MAX_REMEMBERED: usize = 10_000;

/// The longest `sid` and `jti` that are taken, in octets.
const MAX_NAME: usize = 1024;

/// Whom the server has logged out. Only verification makes one.
#[derive(Clone, PartialEq, Eq)]
pub struct LogoutToken {
    subject: Option<String>,
    session_id: Option<String>,
}

/// The tokens that were received and are not yet too old, by the hash of their `jti`.
#[derive(Default)]
pub(crate) struct Received(Mutex<HashMap<[u8; 32], u64>>);

impl Client {
    /// Verifies a `logout_token` that the server posted to the client's `backchannel_logout_uri` (§2.6).
    ///
    /// End every session that [`LogoutToken::concerns`], answer with 200 and `Cache-Control: no-store`, and answer with 400
    /// if there is an error.
    ///
    /// As for an ID token, its algorithm has to be allowed ([`ClientBuilder::id_token_algorithms`]), its signature one of the
    /// server's, and `iss`, `aud`, `exp` and `iat` right. It has to tell of a logout in `events`, name a `sub` or a `sid`,
    /// and must not have a `nonce`, so that no ID token is taken for one. Each `jti` is taken once, by this client and its
    /// clones; a service with several processes has to accept that each of them may take it.
    ///
    /// # Errors
    /// [`Error::Jwt`] if it is not valid; [`Error::Transport`] or [`Error::Protocol`] if the keys of the server cannot be
    /// had.
    ///
    /// [`ClientBuilder::id_token_algorithms`]: crate::ClientBuilder::id_token_algorithms
    pub async fn verify_logout_token(&self, token: &str) -> Result<LogoutToken, Error> {
        let claims = self.claims_of(KIND, token, &self.inner.algorithms).await?;
        self.judge_logout(&claims).map_err(|error| KIND.failed(error))
    }

    fn judge_logout(&self, claims: &Map<String, Value>) -> Result<LogoutToken, JwtError> {
        let expected = self.recipient();
        judge_issuer(claims, &expected)?;
        judge_audience(claims, &expected)?;
        judge_times(claims, &expected)?;
        let token = LogoutToken { subject: subject(claims)?, session_id: name(claims, "sid")? };
        if token.subject.is_none() && token.session_id.is_none() {
            return Err(JwtError::Missing("sub"));
        }
        let events = claims.get("events").ok_or(JwtError::Missing("events"))?;
        if !events.get(EVENT).is_some_and(Value::is_object) {
            return Err(JwtError::Malformed("events"));
        }
        // Whatever its value is.
        if claims.contains_key("nonce") {
            return Err(JwtError::Forbidden("nonce"));
        }
        let jti = name(claims, "jti")?.ok_or(JwtError::Missing("jti"))?;
        let until = time(claims, "exp")?.unwrap_or_default().saturating_add(expected.leeway.as_secs());
        match self.inner.logout_tokens.is_first(&jti, until, expected.now) {
            true => Ok(token),
            false => Err(JwtError::Replayed),
        }
    }
}

/// A name that is there is neither empty nor endless.
fn name(claims: &Map<String, Value>, name: &'static str) -> Result<Option<String>, JwtError> {
    let Some(text) = optional_text(claims, name)? else { return Ok(None) };
    if (1..=MAX_NAME).contains(&text.len()) { Ok(Some(text.to_owned())) } else { Err(JwtError::Malformed(name)) }
}

impl LogoutToken {
    /// The user, if all their sessions are meant, or to be compared beside the session.
    pub fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    /// The session at the server (`sid`), if one is meant: that of the ID tokens with the same `sid`.
    pub fn session_id(&self) -> Option<&str> {
        self.session_id.as_deref()
    }

    /// Whether a session with these claims has ended: whatever of `sub` and `sid` the token has is the same in them.
    pub fn concerns(&self, session: &IdClaims) -> bool {
        let sid = session.get::<String>("sid").unwrap_or_default();
        self.subject().is_none_or(|subject| subject == session.subject())
            && self.session_id().is_none_or(|session_id| sid.as_deref() == Some(session_id))
    }
}

impl fmt::Debug for LogoutToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogoutToken")
            .field("subject", &self.subject.is_some())
            .field("session_id", &self.session_id.is_some())
            .finish()
    }
}

impl Received {
    /// Whether a token with this `jti` was received that is still valid.
    #[cfg(feature = "axum")]
    pub(crate) fn has(&self, jti: &str, now: u64) -> bool {
        let received = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let jti: [u8; 32] = Sha256::digest(jti).into();
        received.get(&jti).is_some_and(|until| *until > now)
    }

    /// Whether a token with this `jti`, valid `until` then, is received for the first time. Those that are valid no longer
    /// are forgotten, and if there are too many, those that end first: only the server can make so many.
    pub(crate) fn is_first(&self, jti: &str, until: u64, now: u64) -> bool {
        let mut received = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let jti = Sha256::digest(jti).into();
        if received.get(&jti).is_some_and(|until| *until > now) {
            return false;
        }
        if received.len() >= MAX_REMEMBERED {
            received.retain(|_, until| *until > now);
        }
        if received.len() >= MAX_REMEMBERED
            && let Some(first) = received.iter().min_by_key(|(_, until)| **until).map(|(jti, _)| *jti)
        {
            received.remove(&first);
        }
        received.insert(jti, until);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_received_is_remembered_while_it_is_valid() {
        let received = Received::default();
        assert!(received.is_first("a", 100, 50));
        assert!(!received.is_first("a", 100, 99));
        assert!(!received.is_first("a", 60, 70), "a shorter one makes nobody forget the longer one");
        assert!(!received.is_first("a", 100, 99));
        assert!(received.is_first("b", 100, 99));
        assert!(received.is_first("a", 200, 100), "the first one is not valid any more");
    }

    #[test]
    fn no_more_is_remembered_than_there_is_room_for() {
        let received = Received::default();
        let until = |number: usize| 1_000 + u64::try_from(number).expect("a small number");
        for number in 0..=MAX_REMEMBERED {
            assert!(received.is_first(&number.to_string(), until(number), 50));
        }
        assert_eq!(received.0.lock().expect("no panic").len(), MAX_REMEMBERED);
        assert!(received.is_first("0", until(0), 50), "that which ended first made room");
        assert!(!received.is_first(&MAX_REMEMBERED.to_string(), 0, 50));
        assert!(received.is_first("new", 9_999_999, 9_999_998));
        assert_eq!(received.0.lock().expect("no panic").len(), 1);
    }
}
