//! OpenID Connect Front-Channel Logout 1.0: the server has the user's browser load a page of the client in a frame.

use oauth_types::Params;

use crate::claims::IdClaims;
use crate::client::Client;

/// The longest query that is read, in octets.
const MAX_LENGTH: usize = 64 * 1024;

/// A request to end a session of the browser it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrontChannelLogout {
    session_id: String,
}

/// Why a request to end a session is not obeyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrontChannelError {
    /// The query is malformed, or longer than 64 KiB.
    #[error("the query is malformed or too long")]
    Malformed,
    /// A parameter is not there exactly once.
    #[error("the parameter {0} is not there exactly once")]
    Missing(&'static str),
    /// `iss` is another server, compared exactly.
    #[error("its iss is another server")]
    Issuer,
}

impl Client {
    /// Judges the query, without its `?`, of a request to the client's `frontchannel_logout_uri` (§3).
    ///
    /// Nothing is proven by it but that whoever made the browser come knows the `sid`: end the session in the browser's
    /// cookie if [`FrontChannelLogout::concerns`] it, and nothing else. Register the client with
    /// `frontchannel_logout_session_required`: a request without `iss` and `sid` can be caused by any page, and is refused.
    ///
    /// # Errors
    /// [`FrontChannelError`]
    pub fn judge_frontchannel_logout(&self, query: &str) -> Result<FrontChannelLogout, FrontChannelError> {
        if query.len() > MAX_LENGTH {
            return Err(FrontChannelError::Malformed);
        }
        let params = Params::parse(query).map_err(|_| FrontChannelError::Malformed)?;
        if one(&params, "iss")? != self.issuer() {
            return Err(FrontChannelError::Issuer);
        }
        Ok(FrontChannelLogout { session_id: one(&params, "sid")?.to_owned() })
    }
}

fn one<'a>(params: &'a Params, name: &'static str) -> Result<&'a str, FrontChannelError> {
    let mut values = params.all(name);
    match (values.next(), values.next()) {
        (Some(value), None) if !value.is_empty() => Ok(value),
        _ => Err(FrontChannelError::Missing(name)),
    }
}

impl FrontChannelLogout {
    /// The session at the server (`sid`).
    pub fn session_id(&self) -> &str {
        &self.session_id
    }

    /// Whether a session with these claims is meant: its ID token had the same `sid`.
    pub fn concerns(&self, session: &IdClaims) -> bool {
        session.get::<String>("sid").is_ok_and(|sid| sid.as_deref() == Some(self.session_id()))
    }
}
