//! JWT Secured Authorization Response Mode (JARM): the response comes in a token that the server signs for this client,
//! so that nobody on the way can change it, or put in a code of another login.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oauth_types::Secret;
use serde_json::{Map, Value};

use crate::builder::ClientBuilder;
use crate::callback::Callback;
use crate::claims::{audiences, optional_text, required_text, time};
use crate::client::Client;
use crate::discover::Server;
use crate::error::{Error, OAuthError};
use crate::json;
use crate::jwt::{Jwt, JwtError, JwtKind};
use crate::pending::{Pending, RejectReason};
use crate::response_mode::Mode;
use crate::specs::Spec;

/// Responses are asked for in tokens.
pub(crate) struct SignedResponses;

impl ClientBuilder {
    /// Asks for authorization responses in signed tokens (`response_mode=jwt`), and takes no others: a response that is
    /// not signed is rejected, whatever it says, and the login is handed back.
    ///
    /// [`Client::finish`] opens and verifies them. They are signed with one of
    /// [`ClientBuilder::id_token_algorithms`]; RS256 is the default here, too (§3). Encrypted responses are not taken.
    ///
    /// Making the client fails if the server does not list the mode in `response_modes_supported`.
    pub fn signed_responses(self) -> Self {
        self.with_spec(SignedResponses)
    }
}

impl Spec for SignedResponses {
    fn accept(&self, server: &Server) -> Result<(), Error> {
        let offered = |form| Mode { form, signed: true }.word(server).map(drop);
        offered(false).or_else(|error| offered(true).map_err(|_| error))?;
        Ok(())
    }
}

impl Client {
    /// Opens a signed authorization response: verifies the token it came in and takes the parameters out of it, which
    /// [`Pending::accept`] then judges like those of any other. What came beside the token does not count.
    ///
    /// A response that is not signed, or not expected to be, is returned as it is; `accept` rejects it if it is not what
    /// was asked for. [`Client::finish`] does both. Call this to learn why keys could not be had, or to accept a response
    /// at another time than to redeem it.
    ///
    /// # Errors
    /// [`Error::Jwt`] if the token is not valid (§2.4): signature, algorithm, `iss`, `aud`, `exp`; [`Error::OtherClient`]
    /// if the login was begun for another server or `client_id`; [`Error::Transport`] or [`Error::Protocol`] if the
    /// server's keys cannot be had. The login is unharmed, and nothing but the request for keys was sent.
    pub async fn open(&self, pending: &Pending, callback: Callback) -> Result<Callback, Error> {
        if !self.owns(&pending.0.flow) {
            return Err(Error::OtherClient);
        }
        let Some(response) = self.to_open(pending, &callback) else { return Ok(callback) };
        let token = self.parse(response).map_err(failed)?;
        self.inner.keys.verify(self, &token).await?;
        let claims = token.claims().map_err(failed)?;
        self.judge(&claims).map_err(failed)?;
        read(&claims, &callback).map_err(failed)
    }

    /// Why a response need not be opened: the state it claims to have is none of this login's. Whoever does not know the
    /// state cannot make the client ask for keys.
    pub(crate) fn presume(&self, pending: &Pending, callback: &Callback) -> Option<RejectReason> {
        let response = self.to_open(pending, callback).filter(|_| self.owns(&pending.0.flow))?;
        match claimed_state(response) {
            Some(state) if pending.0.state.matches(state.expose()) => None,
            Some(_) => Some(RejectReason::StateMismatch),
            None => Some(self.parse(response).err().map_or(RejectReason::StateMissing, RejectReason::Signature)),
        }
    }

    /// The token of a response that was asked for in one, while the login lasts.
    fn to_open<'a>(&self, pending: &Pending, callback: &'a Callback) -> Option<&'a Secret> {
        let expired = self.inner.clock.now() >= pending.expires_at();
        callback.response.as_ref().filter(|_| pending.0.mode.signed && !expired)
    }

    fn parse<'a>(&self, response: &'a Secret) -> Result<Jwt<'a>, JwtError> {
        Jwt::parse(JwtKind::AuthorizationResponse, response.expose(), &self.inner.algorithms)
    }

    /// §2.1, §2.4: who made it, for whom, and until when.
    fn judge(&self, claims: &Map<String, Value>) -> Result<(), JwtError> {
        if required_text(claims, "iss")? != self.issuer() {
            return Err(JwtError::Issuer);
        }
        // It has a code in it, which is nobody else's business, so no other audience is trusted.
        if audiences(claims)?.into_iter().any(|audience| audience != self.client_id()) {
            return Err(JwtError::Audience);
        }
        let (now, leeway) = (self.inner.clock.now(), self.inner.leeway.as_secs());
        let exp = time(claims, "exp")?.ok_or(JwtError::Missing("exp"))?;
        if now >= exp.saturating_add(leeway) {
            return Err(JwtError::Expired { exp, now });
        }
        match time(claims, "nbf")? {
            Some(nbf) if nbf > now.saturating_add(leeway) => Err(JwtError::NotYetValid { nbf, now }),
            _ => Ok(()),
        }
    }
}

fn failed(error: JwtError) -> Error {
    JwtKind::AuthorizationResponse.failed(error)
}

/// The response that is in the claims.
fn read(claims: &Map<String, Value>, callback: &Callback) -> Result<Callback, JwtError> {
    let text = |name| optional_text(claims, name).map(|text| text.filter(|text| !text.is_empty()));
    let secret = |name| text(name).map(|text| text.map(Secret::new));
    let (description, uri) = (text("error_description")?, text("error_uri")?);
    Ok(Callback {
        state: secret("state")?,
        iss: Some(required_text(claims, "iss")?.to_owned()),
        code: secret("code")?,
        error: text("error")?.map(|code| OAuthError::new(code, description, uri)),
        response: None,
        arrival: callback.arrival.opened(),
    })
}

/// The `state` that a token claims to have. Nobody has verified it: it is for looking the login up, like a `state` that
/// came in the open.
pub(crate) fn claimed_state(response: &Secret) -> Option<Secret> {
    let payload = response.expose().split('.').nth(1)?;
    let claims = json::object(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
    let state = claims.get("state")?.as_str().filter(|state| !state.is_empty())?;
    Some(Secret::new(state))
}
