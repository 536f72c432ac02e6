//! ID tokens of this server that come back to say who is meant (OpenID Connect Core §3.1.2.1 and RP-Initiated
//! Logout §2, `id_token_hint`).

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::clients::Client;
use crate::jose::{Jws, JwsError};
use crate::ports::Ports;
use crate::request::Place;

/// An ID token that this issuer issued, to whichever client and however long ago.
#[derive(Debug)]
pub(crate) struct Hint {
    /// Who it is about, as its client knows them.
    pub subject: String,
    /// The client it was issued to.
    pub client_id: String,
    /// The session it belongs to.
    pub sid: Option<String>,
}

impl Hint {
    /// The client that a token says it is for. Nothing is verified.
    pub(crate) fn audience(token: &str) -> Option<String> {
        text(Jws::parse(token).ok()?.claims(), "aud")
    }

    /// Reads a token that this server signed: with a key of its own, or with the secret of `client`. It may have expired.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn read(
        ports: &Ports,
        place: &Place,
        token: &str,
        client: Option<&Client>,
    ) -> Result<Self, Cow<'static, str>> {
        let jws = Jws::parse(token).map_err(|error| match error {
            JwsError::Encrypted => Cow::Borrowed("It is encrypted; what is sent is the signed token inside"),
            other => Cow::Owned(other.to_string()),
        })?;
        if jws.typ().is_some() && !jws.is_typ("JWT") {
            return Err(match jws.is_typ("at+jwt") {
                true => "It is a token of another kind: an access token".into(),
                false => "It is a token of another kind".into(),
            });
        }
        let algorithm = jws.algorithm().ok_or("This server signs with no such algorithm")?;
        let secret = client.and_then(|client| client.secret.as_ref());
        let verified = match (algorithm.is_symmetric(), secret, token.rsplit_once('.')) {
            (true, Some(secret), _) => jws.verify_secret(secret, &[algorithm]).is_ok(),
            (false, _, Some((signed, signature))) => ports.keys.verify(algorithm, signed.as_bytes(), signature),
            _ => false,
        };
        if !verified {
            return Err("It is not signed with a key that this server publishes".into());
        }
        let claims = jws.claims();
        if text(claims, "iss").as_deref() != Some(&place.issuer) {
            return Err("Another issuer issued it".into());
        }
        let client_id = text(claims, "aud").ok_or("It is not for a single client")?;
        let subject = text(claims, "sub").ok_or("It does not say whom it is about")?;
        Ok(Self { subject, client_id, sid: text(claims, "sid") })
    }
}

fn text(members: &Map<String, Value>, name: &str) -> Option<String> {
    members.get(name)?.as_str().map(str::to_owned)
}
