//! RFC 7009, Token Revocation: the server is told that tokens are not needed any more.

use std::time::Duration;

use http::header::RETRY_AFTER;
use http::{HeaderMap, StatusCode};
use oauth_types::{ErrorCode, Params, Secret};

use crate::client::Client;
use crate::error::Error;
use crate::exchange::uncancelled;
use crate::session::{Ended, Session};
use crate::store::StoreError;
use crate::token::members;
use crate::transport::Endpoint;

const ENDPOINT: Endpoint = Endpoint::Revocation;

/// How often newer tokens are revoked that another process gets meanwhile.
const ATTEMPTS: u32 = 4;

/// The longest delay that is believed.
const MAX_DELAY: Duration = Duration::from_secs(24 * 60 * 60);

impl Client {
    /// Ends a session of this client: [`Session::revoke`].
    ///
    /// # Errors
    /// [`Error::OtherClient`] if it is a session of another server or `client_id`, and nothing is sent; as
    /// [`Session::revoke`] otherwise.
    pub async fn revoke(&self, session: Session) -> Result<(), Error> {
        let other = &session.client;
        if (other.issuer(), other.client_id()) != (self.issuer(), self.client_id()) {
            return Err(Error::OtherClient);
        }
        session.revoke().await
    }
}

impl Session {
    /// Ends the session, and has the server revoke its tokens: the refresh token first, so that nothing new comes of it,
    /// then the access token. Tokens that the server does not know any more count as revoked (§2.2).
    ///
    /// All clones of the session are over from then on, whatever the server answers. The requests are finished even if
    /// the task that calls this is cancelled. Where the server could not be told, a clone can be revoked again.
    ///
    /// A session that is kept in a store is removed from it once the server was told, for all processes. A process that
    /// refreshes it just then is waited for, so that what it gets is revoked as well, but only for five seconds: nobody
    /// who wants to leave depends on a process that hangs. What such a process still gets, nobody stores any more; whether
    /// it ends with the rest is up to the server (§2.1).
    ///
    /// An access token that the server cannot revoke (`unsupported_token_type`, §2.2.1) is no failure if the refresh token
    /// was revoked: it ends by itself.
    ///
    /// # Errors
    /// [`Error::NoEndpoint`] if the server has no such endpoint, and the session goes on; [`Error::Unavailable`] if the
    /// server asks to be told later: the tokens still exist (§2.2.1); [`Error::Transport`], [`Error::OAuth`] or
    /// [`Error::Protocol`]; [`Error::Store`] if they are revoked and may still be in the store.
    pub async fn revoke(self) -> Result<(), Error> {
        self.client.inner.server.endpoint(ENDPOINT, self.client.is_known_by_connection())?;
        uncancelled(ENDPOINT, async move {
            for _ in 0..ATTEMPTS {
                let Ended { refresh_token, access_token, lease: _held } = self.end().await;
                tell_both(&self.client, refresh_token.as_ref(), &access_token).await?;
                if self.remove().await? {
                    return Ok(());
                }
            }
            Err(StoreError::Contended.into())
        })
        .await
    }
}

async fn tell_both(client: &Client, refresh_token: Option<&Secret>, access_token: &Secret) -> Result<(), Error> {
    let Some(refresh_token) = refresh_token else {
        return tell(client, access_token, "access_token").await;
    };
    let refresh = tell(client, refresh_token, "refresh_token").await;
    if matches!(&refresh, Err(error) if !is_unsupported(error)) {
        return refresh;
    }
    match tell(client, access_token, "access_token").await {
        Err(error) if is_unsupported(&error) => refresh,
        access => refresh.and(access),
    }
}

/// One revocation request (§2.1) and its answer (§2.2).
async fn tell(client: &Client, token: &Secret, hint: &str) -> Result<(), Error> {
    let params = Params::new().with("token", token.expose()).with("token_type_hint", hint);
    let answer = client.post(ENDPOINT, params).await?;
    match answer.status() {
        // "The content of the response body is ignored by the client" (§2.2).
        StatusCode::OK => Ok(()),
        StatusCode::SERVICE_UNAVAILABLE => {
            Err(Error::Unavailable { endpoint: ENDPOINT, retry_after: retry_after(answer.headers()) })
        }
        _ => members(ENDPOINT, answer).map(drop),
    }
}

fn is_unsupported(error: &Error) -> bool {
    matches!(error, Error::OAuth { error, .. } if error.code() == ErrorCode::UnsupportedTokenType.as_str())
}

/// A delay in seconds (RFC 9110 §10.2.3). A date is not read.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?;
    let digits = !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit());
    // So many digits that they do not fit say "very long", too.
    digits.then(|| text.parse().map_or(MAX_DELAY, Duration::from_secs).min(MAX_DELAY))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delay_is_a_number_of_seconds_within_reason() {
        let delay = |text: &'static str| {
            retry_after(&HeaderMap::from_iter([(RETRY_AFTER, http::HeaderValue::from_static(text))]))
        };
        assert_eq!(delay("120"), Some(Duration::from_secs(120)));
        assert_eq!(delay("99999999999999999999999"), Some(MAX_DELAY));
        for text in ["", "-1", "+1", "1.5", "Fri, 31 Dec 1999 23:59:59 GMT"] {
            assert_eq!(delay(text), None, "{text}");
        }
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }
}
