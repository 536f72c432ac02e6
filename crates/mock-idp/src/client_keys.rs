//! The public keys of clients: those in their metadata (RFC 7591 §2, `jwks`), which are parsed once, and those that they
//! publish (`jwks_uri`); what is verified with them, and what is encrypted to them.

use std::sync::Arc;

use oauth_types::{Algorithm, ContentEncryption, KeyManagement};

use crate::clients::Client;
use crate::jose::{Encryption, JwksError, Jws, JwsError, PublicKeys, Recipient};
use crate::ports::Ports;
use crate::ports::dice::Dice;
use crate::ports::key_sets::{KeySet, NoKeySet};
use crate::reply::{Broken, Encrypted, Reply, Seal};

/// Why a token is not verified by the keys of a client. The text is fit for a hint.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unverified {
    /// The client has no keys.
    #[error("The client has neither jwks nor jwks_uri")]
    NoKeys,
    /// The keys in its metadata cannot be used.
    #[error("The client's jwks cannot be used: {0}")]
    Unusable(JwksError),
    /// The keys that it publishes cannot be had.
    #[error("The client's jwks_uri gives no keys: {0}")]
    Unpublished(NoKeySet),
    /// The token does not verify with them.
    #[error(transparent)]
    Jws(#[from] JwsError),
}

/// Verifies a token with the keys of `client`; `allowed` are the algorithms it may be signed with.
///
/// If the keys that it publishes lack one, they are asked for again: it may have a new key.
pub(crate) async fn verify(
    jws: &Jws<'_>,
    client: &Client,
    allowed: &[Algorithm],
    ports: &Ports,
    now: u64,
) -> Result<(), Unverified> {
    let keys = of(client, ports, now).await?;
    match (jws.verify(&keys, allowed), published(client, now)) {
        (Err(JwsError::UnknownKid | JwsError::NoKey(_) | JwsError::Signature), Some(wanted)) => {
            let newer = ports.key_sets.again(ports.outbound.as_ref(), wanted).await;
            let newer = newer.map_err(Unverified::Unpublished)?;
            Ok(jws.verify(&newer, allowed)?)
        }
        (verified, _) => Ok(verified?),
    }
}

/// The public keys of `client`.
pub(crate) async fn of(client: &Client, ports: &Ports, now: u64) -> Result<Arc<PublicKeys>, Unverified> {
    if let Some(own) = client.own_keys() {
        return own.clone().map_err(Unverified::Unusable);
    }
    let wanted = published(client, now).ok_or(Unverified::NoKeys)?;
    ports.key_sets.find(ports.outbound.as_ref(), wanted).await.map_err(Unverified::Unpublished)
}

/// How tokens of a kind, `id_token` or `userinfo`, are sealed for `client` beside their signature (OpenID Connect Dynamic
/// Client Registration §2).
pub(crate) fn seal(client: &Arc<Client>, kind: &str, algorithm: Algorithm) -> Seal {
    let chosen = |what: &str| client.text(&format!("{kind}_encrypted_response_{what}"));
    let unknown = (chosen("alg").is_some_and(|name| KeyManagement::from_wire(name).is_none()))
        || (chosen("enc").is_some_and(|name| ContentEncryption::from_wire(name).is_none()));
    let encrypted = chosen("alg").and_then(KeyManagement::from_wire).map(|algorithm| {
        let content = chosen("enc").and_then(ContentEncryption::from_wire);
        Encrypted {
            algorithm,
            content: content.unwrap_or(ContentEncryption::A128CbcHs256),
            client: client.clone(),
            keys: client.own_keys().and_then(|keys| keys.clone().ok()),
        }
    });
    let secret = client.secret.clone().filter(|_| algorithm.is_symmetric());
    Seal { secret, encrypted, unknown, ..Seal::default() }
}

/// Gets the keys that clients publish and that tokens of a reply are to be encrypted to.
pub(crate) async fn at_hand(mut reply: Reply, ports: &Ports, now: u64) -> Reply {
    let tokens = match &mut reply {
        Reply::Tokens(reply) => reply.tokens.iter_mut(),
        Reply::Authorization { response, .. } => response.tokens.iter_mut(),
        Reply::Jwt { token, .. } => std::slice::from_mut(token).iter_mut(),
        _ => return reply,
    };
    for token in tokens {
        if let Err(what) = gather(&mut token.seal, ports, now).await {
            return Reply::Broken { what, to: None };
        }
    }
    reply
}

/// Gets the keys that a client publishes, if a token is to be encrypted to one of them.
pub(crate) async fn gather(seal: &mut Seal, ports: &Ports, now: u64) -> Result<(), Broken> {
    if seal.unknown {
        return Err(Broken::Seal("it is registered for an encryption that this server does not know".to_owned()));
    }
    let Some(encrypted) = seal.encrypted.as_mut() else { return Ok(()) };
    if encrypted.keys.is_none() && !encrypted.algorithm.is_symmetric() {
        let keys = of(&encrypted.client, ports, now).await;
        encrypted.keys = Some(keys.map_err(|why| Broken::Seal(why.to_string()))?);
    }
    Ok(())
}

impl Encrypted {
    /// `payload`, encrypted; `cty` is `JWT` if it is a signed token.
    pub(crate) fn seal(&self, payload: &str, cty: Option<&str>, dice: &dyn Dice) -> Result<String, Broken> {
        let lacks = |what: &str| Broken::Seal(format!("{what} for {}", self.algorithm));
        let recipient = match (self.algorithm.is_symmetric(), &self.client.secret) {
            (true, Some(secret)) => Recipient::Secret(secret),
            (true, None) => return Err(lacks("it has no secret")),
            (false, _) => {
                let key = self.keys.as_ref().and_then(|keys| keys.for_encryption(self.algorithm));
                Recipient::Key(key.ok_or_else(|| lacks("it has no key"))?)
            }
        };
        let encryption = Encryption { recipient, algorithm: self.algorithm, content: self.content };
        let sealed = encryption.encrypt(payload.as_bytes(), cty, &mut |octets| dice.fill(octets));
        sealed.map_err(|error| Broken::Seal(error.to_string()))
    }
}

/// The set that `client` publishes, if its metadata does not have one (RFC 7591 §2: "MUST NOT both be present").
fn published(client: &Client, now: u64) -> Option<KeySet<'_>> {
    let url = client.text("jwks_uri").filter(|_| client.own_keys().is_none())?;
    Some(KeySet { url, reach: client.reach(), now })
}
