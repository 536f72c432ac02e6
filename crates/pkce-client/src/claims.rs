//! Claims of verified ID tokens and of the UserInfo endpoint, and the rules the former must keep.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oauth_types::{Algorithm, Secret};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256, Sha384, Sha512};

use crate::issuer::IssuerPolicy;
use crate::jwt::JwtError;
use crate::pending::OpenId;

/// The claims of a verified ID token. Only verification makes one.
#[derive(Clone)]
pub struct IdClaims {
    claims: Map<String, Value>,
    subject: String,
}

/// The claims of the UserInfo endpoint, about the subject of the ID token.
#[derive(Clone)]
pub struct UserInfo {
    claims: Map<String, Value>,
    subject: String,
}

/// A claim is not of the type asked for. Its value is not shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the claim {0:?} is not of the type asked for")]
pub struct ClaimError(String);

macro_rules! accessors {
    ($name:ident) => {
        impl $name {
            /// The user, as this issuer calls them: unique together with the issuer, and never reassigned.
            pub fn subject(&self) -> &str {
                &self.subject
            }

            /// One claim, if it is there.
            ///
            /// # Errors
            /// [`ClaimError`] if it is there and of another type: malformed is not absent.
            pub fn get<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, ClaimError> {
                claim(&self.claims, name)
            }

            /// All claims as one value.
            ///
            /// # Errors
            /// [`ClaimError`] if they do not fit.
            pub fn deserialize<T: DeserializeOwned>(&self) -> Result<T, ClaimError> {
                T::deserialize(&self.claims).map_err(|_| ClaimError("*".to_owned()))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($name)).field(&self.claims.keys().collect::<Vec<_>>()).finish()
            }
        }
    };
}

/// One claim, if it is there.
pub(crate) fn claim<T: DeserializeOwned>(claims: &Map<String, Value>, name: &str) -> Result<Option<T>, ClaimError> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    T::deserialize(value).map(Some).map_err(|_| ClaimError(name.to_owned()))
}

/// A claim that is a text, if it is there and one.
pub(crate) fn said<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    claims.get(name).and_then(Value::as_str)
}

/// Whether the claims of a token name this scope (RFC 7662 §2.2, RFC 9068 §2.2.3).
pub(crate) fn has_scope(claims: &Map<String, Value>, scope: &str) -> bool {
    said(claims, "scope").is_some_and(|scopes| scopes.split(' ').any(|own| !own.is_empty() && own == scope))
}

accessors!(IdClaims);
accessors!(UserInfo);

/// Who a token is for, from whom and when.
pub(crate) struct Recipient<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) issuers: &'a IssuerPolicy,
    pub(crate) client_id: &'a str,
    pub(crate) trusted_audiences: &'a [String],
    pub(crate) leeway: Duration,
    /// Whether a login may end without its nonce.
    pub(crate) missing_nonce: bool,
    pub(crate) now: u64,
}

/// What the claims of an ID token are held against.
pub(crate) struct Expectations<'a> {
    pub(crate) recipient: Recipient<'a>,
    /// The one beside it.
    pub(crate) access_token: Option<&'a Secret>,
    pub(crate) occasion: Occasion<'a>,
}

/// What is known of a login that somebody else began.
pub(crate) struct Elsewhere {
    pub(crate) nonce: Option<Secret>,
    pub(crate) code: Option<Secret>,
    pub(crate) subject: Option<String>,
    pub(crate) acr: Vec<Vec<String>>,
    pub(crate) max_age: Option<Duration>,
}

/// When an ID token was issued.
#[derive(Clone, Copy)]
pub(crate) enum Occasion<'a> {
    /// At the end of a login, for this code.
    Login { sent: &'a OpenId, code: &'a Secret, state: &'a Secret },
    /// At the end of a login that no browser of the client took part in: no nonce was sent.
    WithoutBrowser,
    /// When a session was refreshed; these are the claims of the login.
    Refresh(&'a IdClaims),
    /// At the end of a login that somebody else began.
    Elsewhere(&'a Elsewhere),
}

impl IdClaims {
    /// Judges the claims of a token whose signature is right (OpenID Connect Core §3.1.3.7, §12.2).
    pub(crate) fn judge(
        claims: Map<String, Value>,
        algorithm: Algorithm,
        expected: &Expectations<'_>,
    ) -> Result<Self, JwtError> {
        let recipient = &expected.recipient;
        judge_issuer(&claims, recipient)?;
        let subject = subject(&claims)?.ok_or(JwtError::Missing("sub"))?;
        judge_audience(&claims, recipient)?;
        judge_times(&claims, recipient)?;
        judge_occasion(&claims, expected)?;
        judge_hashes(&claims, algorithm, expected)?;
        Ok(Self { claims, subject })
    }

    /// Whose user it is: the server, or one of its tenants where there are many.
    pub fn issuer(&self) -> &str {
        self.claims.get("iss").and_then(Value::as_str).unwrap_or_default()
    }

    /// Claims that were verified and kept.
    pub(crate) fn kept(claims: Map<String, Value>) -> Option<Self> {
        let subject = claims.get("sub").and_then(Value::as_str)?.to_owned();
        Some(Self { claims, subject })
    }

    pub(crate) fn members(&self) -> &Map<String, Value> {
        &self.claims
    }

    fn audiences(&self) -> Vec<&str> {
        let mut audiences = audiences(&self.claims).unwrap_or_default();
        audiences.sort_unstable();
        audiences
    }
}

impl UserInfo {
    /// Claims about `subject`, or nothing (OpenID Connect Core §5.3.2).
    pub(crate) fn about(subject: &str, claims: Map<String, Value>) -> Option<Self> {
        let same = claims.get("sub").and_then(Value::as_str) == Some(subject);
        same.then(|| Self { claims, subject: subject.to_owned() })
    }
}

/// `sub`, if it is there (OpenID Connect Core §2: at most 255 characters).
pub(crate) fn subject(claims: &Map<String, Value>) -> Result<Option<String>, JwtError> {
    let subject = optional_text(claims, "sub")?;
    let unusable = |text: &str| text.is_empty() || text.len() > 255 || text.chars().any(char::is_control);
    if subject.is_some_and(unusable) { Err(JwtError::Malformed("sub")) } else { Ok(subject.map(str::to_owned)) }
}

/// `iss`, compared exactly, unless the client is for many tenants.
pub(crate) fn judge_issuer(claims: &Map<String, Value>, expected: &Recipient<'_>) -> Result<(), JwtError> {
    expected.issuers.judge_claims(expected.issuer, claims)
}

/// `aud` has this client in it, and nobody who is not trusted.
pub(crate) fn judge_audience(claims: &Map<String, Value>, expected: &Recipient<'_>) -> Result<(), JwtError> {
    let audiences = audiences(claims)?;
    if !audiences.contains(&expected.client_id) {
        return Err(JwtError::Audience);
    }
    let trusted = |audience: &str| {
        audience == expected.client_id || expected.trusted_audiences.iter().any(|trusted| trusted == audience)
    };
    if let Some(audience) = audiences.into_iter().find(|audience| !trusted(audience)) {
        return Err(JwtError::UntrustedAudience(audience.to_owned()));
    }
    if optional_text(claims, "azp")?.is_some_and(|azp| azp != expected.client_id) {
        return Err(JwtError::AuthorizedParty);
    }
    Ok(())
}

pub(crate) fn audiences(claims: &Map<String, Value>) -> Result<Vec<&str>, JwtError> {
    const MALFORMED: JwtError = JwtError::Malformed("aud");
    match claims.get("aud").ok_or(JwtError::Missing("aud"))? {
        Value::String(audience) => Ok(vec![audience]),
        Value::Array(items) if !items.is_empty() => {
            items.iter().map(Value::as_str).collect::<Option<_>>().ok_or(MALFORMED)
        }
        _ => Err(MALFORMED),
    }
}

/// `exp` and `iat`, which have to be there, and `nbf`.
pub(crate) fn judge_times(claims: &Map<String, Value>, expected: &Recipient<'_>) -> Result<(), JwtError> {
    let (now, leeway) = (expected.now, expected.leeway.as_secs());
    let exp = time(claims, "exp")?.ok_or(JwtError::Missing("exp"))?;
    if now >= exp.saturating_add(leeway) {
        return Err(JwtError::Expired { exp, now });
    }
    let iat = time(claims, "iat")?.ok_or(JwtError::Missing("iat"))?;
    let soon = now.saturating_add(leeway);
    if iat > soon {
        return Err(JwtError::IssuedInFuture { iat, now });
    }
    match time(claims, "nbf")? {
        Some(nbf) if nbf > soon => Err(JwtError::NotYetValid { nbf, now }),
        _ => Ok(()),
    }
}

fn judge_occasion(claims: &Map<String, Value>, expected: &Expectations<'_>) -> Result<(), JwtError> {
    let nonce = optional_text(claims, "nonce")?;
    let auth_time = time(claims, "auth_time")?;
    let recipient = &expected.recipient;
    match expected.occasion {
        Occasion::Login { sent, .. } => {
            judge_nonce(nonce, Some(&sent.nonce), recipient.missing_nonce)?;
            judge_acr(claims, &sent.acr)?;
            judge_subject(claims, sent.subject.as_deref())?;
            judge_age(auth_time, sent.max_age, recipient)
        }
        Occasion::WithoutBrowser => judge_nonce(nonce, None, false),
        Occasion::Elsewhere(login) => {
            // No code verifier ties it to that login: it is not without its nonce, whatever the logins of this client are.
            judge_nonce(nonce, login.nonce.as_ref(), false)?;
            judge_acr(claims, &login.acr)?;
            judge_subject(claims, login.subject.as_deref())?;
            judge_age(auth_time, login.max_age, recipient)
        }
        Occasion::Refresh(first) => {
            let same = |name: &str| claims.get(name) == first.claims.get(name);
            if let Some(name) = ["iss", "sub"].into_iter().find(|name| !same(name)) {
                return Err(JwtError::Changed(name));
            }
            let mut now = audiences(claims)?;
            now.sort_unstable();
            if now != first.audiences() {
                return Err(JwtError::Changed("aud"));
            }
            if time(claims, "iat")?.map(|iat| iat.saturating_add(recipient.leeway.as_secs()))
                < time(&first.claims, "iat")?
            {
                return Err(JwtError::IssuedBeforeLogin);
            }
            // These need not be there again, but must not be others.
            let changed =
                ["nonce", "auth_time", "azp"].into_iter().find(|name| claims.contains_key(*name) && !same(name));
            changed.map_or(Ok(()), |name| Err(JwtError::Changed(name)))
        }
    }
}

/// The nonce is that of the login, and there is none if none was sent (OpenID Connect Core §3.1.3.7, rule 11).
fn judge_nonce(nonce: Option<&str>, sent: Option<&Secret>, may_be_missing: bool) -> Result<(), JwtError> {
    match (nonce, sent) {
        (Some(nonce), Some(sent)) if !sent.is_empty() && sent.matches(nonce) => Ok(()),
        (Some(_), _) => Err(JwtError::Nonce),
        (None, Some(_)) if !may_be_missing => Err(JwtError::Missing("nonce")),
        (None, _) => Ok(()),
    }
}

fn judge_subject(claims: &Map<String, Value>, wanted: Option<&str>) -> Result<(), JwtError> {
    let is_other = wanted.is_some() && wanted != optional_text(claims, "sub")?;
    if is_other { Err(JwtError::Subject) } else { Ok(()) }
}

fn judge_age(auth_time: Option<u64>, max_age: Option<Duration>, expected: &Recipient<'_>) -> Result<(), JwtError> {
    let Some(max_age) = max_age else { return Ok(()) };
    let auth_time = auth_time.ok_or(JwtError::Missing("auth_time"))?;
    let latest = auth_time.saturating_add(max_age.as_secs()).saturating_add(expected.leeway.as_secs());
    if expected.now > latest { Err(JwtError::TooOld { auth_time, now: expected.now }) } else { Ok(()) }
}

/// These hashes are optional in the code flow; where they are, they must be right (OpenID Connect Core §3.1.3.8). What came
/// by another way must have them (§3.2.2.9, §3.3.2.10).
fn judge_hashes(
    claims: &Map<String, Value>,
    algorithm: Algorithm,
    expected: &Expectations<'_>,
) -> Result<(), JwtError> {
    let needed = matches!(expected.occasion, Occasion::Elsewhere(_));
    let judge = |name, text: Option<&Secret>, error| match (optional_text(claims, name)?, text) {
        (Some(hash), Some(text)) if !half_hash(algorithm, text).matches(hash) => Err(error),
        (None, Some(_)) if needed => Err(JwtError::Missing(name)),
        _ => Ok(()),
    };
    judge("at_hash", expected.access_token, JwtError::AccessTokenHash)?;
    match expected.occasion {
        Occasion::Login { code, state, .. } => {
            judge("c_hash", Some(code), JwtError::CodeHash)?;
            judge("s_hash", Some(state), JwtError::StateHash)
        }
        Occasion::Elsewhere(login) => judge("c_hash", login.code.as_ref(), JwtError::CodeHash),
        Occasion::WithoutBrowser | Occasion::Refresh(_) => Ok(()),
    }
}

/// The left half of the hash that belongs to the signature algorithm, in base64url.
fn half_hash(algorithm: Algorithm, text: &Secret) -> Secret {
    let octets = text.expose();
    // Ed25519 is built on SHA-512 (RFC 8032 §5.1).
    let half = match algorithm {
        Algorithm::EdDsa | Algorithm::Ed25519 | Algorithm::Rs512 | Algorithm::Ps512 => {
            Sha512::digest(octets)[..32].to_vec()
        }
        Algorithm::Rs384 | Algorithm::Ps384 | Algorithm::Es384 => Sha384::digest(octets)[..24].to_vec(),
        _ => Sha256::digest(octets)[..16].to_vec(),
    };
    Secret::new(URL_SAFE_NO_PAD.encode(half))
}

/// The classes of login that were required (OpenID Connect Core §5.5.1.1).
fn judge_acr(claims: &Map<String, Value>, required: &[Vec<String>]) -> Result<(), JwtError> {
    for one_of in required {
        let acr = required_text(claims, "acr")?;
        if !one_of.is_empty() && !one_of.iter().any(|wanted| wanted == acr) {
            return Err(JwtError::Acr);
        }
    }
    Ok(())
}

pub(crate) fn required_text<'a>(claims: &'a Map<String, Value>, name: &'static str) -> Result<&'a str, JwtError> {
    optional_text(claims, name)?.ok_or(JwtError::Missing(name))
}

pub(crate) fn optional_text<'a>(
    claims: &'a Map<String, Value>,
    name: &'static str,
) -> Result<Option<&'a str>, JwtError> {
    match claims.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(JwtError::Malformed(name)),
    }
}

/// A time as whole seconds. A fraction, a sign, a text or `null` is malformed, never absent.
pub(crate) fn time(claims: &Map<String, Value>, name: &'static str) -> Result<Option<u64>, JwtError> {
    match claims.get(name) {
        None => Ok(None),
        Some(value) => value.as_u64().map(Some).ok_or(JwtError::Malformed(name)),
    }
}
