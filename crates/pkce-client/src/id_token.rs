//! ID tokens that reached the application by another way than a login of this client (OpenID Connect Core §3.1.3.7).

use std::fmt;
use std::time::Duration;

use oauth_types::Secret;

use crate::claims::{Elsewhere, IdClaims, Occasion};
use crate::client::{Client, MAX_JWT};
use crate::error::Error;
use crate::jwt::{JwtError, JwtKind};

/// An ID token that nothing is believed of yet. It is told next which nonce was sent for it, or that there was none.
#[must_use = "say which nonce was sent, or that there was none"]
pub struct ReceivedIdToken<'a> {
    client: &'a Client,
    token: Secret,
}

/// An ID token, and what it is held against besides the rules that hold for all.
#[must_use = "nothing is verified before verify()"]
pub struct IdTokenCheck<'a> {
    client: &'a Client,
    token: Secret,
    access_token: Option<Secret>,
    expected: Elsewhere,
}

impl Client {
    /// An ID token that somebody else has got from the server and hands over, such as that of a sign-in with the library of a
    /// phone's maker, shown to the backend of the app. Those of this client's own logins are verified when they arrive, and
    /// need none of this.
    ///
    /// ```no_run
    /// # async fn example(client: pkce_client::Client, shown: String, kept: String) -> Result<(), pkce_client::Error> {
    /// // `kept` is the nonce that this backend drew for the sign-in, gave to the app, and kept to be used once.
    /// let claims = client.id_token(shown).nonce(kept).verify().await?;
    /// let user = (claims.issuer(), claims.subject());
    /// # let _ = user;
    /// # Ok(())
    /// # }
    /// ```
    /// It has to be for this client: its `aud` is the `client_id`, and nobody else who is not in
    /// [`ClientBuilder::trusted_audiences`](crate::ClientBuilder::trusted_audiences). A token for the app itself, under a
    /// `client_id` of its own, is verified by a [`Client`] with that.
    pub fn id_token(&self, token: impl Into<Secret>) -> ReceivedIdToken<'_> {
        ReceivedIdToken { client: self, token: token.into() }
    }
}

impl<'a> ReceivedIdToken<'a> {
    /// It has to have this nonce: one that the application drew for this sign-in alone, kept for this user, and takes once.
    /// An empty one is that of no sign-in: no token has it.
    pub fn nonce(self, sent: impl Into<Secret>) -> IdTokenCheck<'a> {
        self.held_against(Some(sent.into()))
    }

    /// No nonce was sent for it, and it must have none.
    ///
    /// Nothing ties such a token to one sign-in then: whoever gets hold of it can show it again until it expires (OpenID
    /// Connect Core §15.5.2). A token that has a nonce is refused, because somebody sent that for a sign-in of theirs.
    pub fn without_nonce(self) -> IdTokenCheck<'a> {
        self.held_against(None)
    }

    fn held_against(self, nonce: Option<Secret>) -> IdTokenCheck<'a> {
        let Self { client, token } = self;
        let expected = Elsewhere { nonce, code: None, subject: None, acr: Vec::new(), max_age: None };
        IdTokenCheck { client, token, access_token: None, expected }
    }
}

impl IdTokenCheck<'_> {
    /// This access token came beside it: `at_hash` has to be there, and be its hash (OpenID Connect Core §3.2.2.9). Without
    /// that, somebody else's access token could have been put beside it.
    pub fn access_token(mut self, token: impl Into<Secret>) -> Self {
        self.access_token = Some(token.into());
        self
    }

    /// This authorization code came beside it: `c_hash` has to be there, and be its hash (OpenID Connect Core §3.3.2.10).
    pub fn code(mut self, code: impl Into<Secret>) -> Self {
        self.expected.code = Some(code.into());
        self
    }

    /// The user has logged in at most this long ago: `auth_time` has to be there, and say so (OpenID Connect Core §3.1.3.7).
    pub fn max_age(mut self, max_age: Duration) -> Self {
        self.expected.max_age = Some(max_age);
        self
    }

    /// The login was of one of these classes: `acr` has to be one of them (OpenID Connect Core §5.5.1.1).
    pub fn require_acr<S: Into<String>>(mut self, values: impl IntoIterator<Item = S>) -> Self {
        self.expected.acr.push(values.into_iter().map(Into::into).collect());
        self
    }

    /// It is about this user (`sub`), and about no other.
    pub fn subject(mut self, subject: impl Into<String>) -> Self {
        self.expected.subject = Some(subject.into());
        self
    }

    /// Verifies it completely: its signature, with an algorithm of
    /// [`ClientBuilder::id_token_algorithms`](crate::ClientBuilder::id_token_algorithms) and the one published key that fits,
    /// every rule of OpenID Connect Core §3.1.3.7, and what it was told to be held against. Encrypted ones are decrypted
    /// where that was registered.
    ///
    /// That it is shown for the first time is not known here: take each nonce once.
    ///
    /// # Errors
    /// [`Error::IdToken`] if it is not valid; [`Error::Transport`] or [`Error::Protocol`] if the keys of the server cannot be
    /// had.
    pub async fn verify(self) -> Result<IdClaims, Error> {
        if self.token.expose().len() > MAX_JWT {
            return Err(JwtError::TooLong.into());
        }
        let token = self.client.decrypted(JwtKind::IdToken, &self.token, true)?;
        self.client.judged(&token, self.access_token.as_ref(), Occasion::Elsewhere(&self.expected)).await
    }
}

impl fmt::Debug for ReceivedIdToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReceivedIdToken").finish_non_exhaustive()
    }
}

impl fmt::Debug for IdTokenCheck<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdTokenCheck").finish_non_exhaustive()
    }
}
