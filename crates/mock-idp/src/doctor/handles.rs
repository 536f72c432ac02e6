//! Codes and tokens in the wrong place: what a text that is not what was wanted is instead.
//!
//! Whoever sent it has it, so the answer tells nothing that could not be had by using it where it belongs.

use std::borrow::Cow;

use oauth_types::Params;
use oauth_types::params::display_name;

use super::words;
use crate::jose::Jws;
use crate::ports::Ports;
use crate::ports::store::{Key, Kind, StoreError};
use crate::redirect;
use crate::request::Place;

/// How many octets a handle of this server has.
const LENGTH: usize = 43;
/// At most this many parameters of a request are looked at.
const MOST: usize = 32;
/// An issuer of more octets is not shown.
const LONGEST: usize = 120;

/// What other servers have before the paths of their endpoints. Here it is the name of a tenant.
const PREFIXES: &[&str] = &["auth", "connect", "oauth", "oauth2", "oidc", "openid", "v1", "v2"];

/// What this server gives out and gets back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Handle {
    /// An authorization code (RFC 6749 §1.3.1).
    Code,
    /// A refresh token (RFC 6749 §1.5).
    RefreshToken,
    /// An access token (RFC 6749 §1.4).
    AccessToken,
    /// The code that a device polls with (RFC 8628 §3.2).
    DeviceCode,
    /// The code that a person enters (RFC 8628 §3.2).
    UserCode,
    /// The identifier of a backchannel authentication request (OpenID Connect CIBA §7.3).
    AuthReqId,
    /// What is behind the prefix of the `request_uri` of a pushed request (RFC 9126 §2.2).
    RequestUri,
}

/// Those that are kept under themselves, by the kinds of the documents that define them.
const KEPT: &[(Kind, Handle)] = &[
    (Kind::CODE, Handle::Code),
    (Kind::REFRESH, Handle::RefreshToken),
    (Kind::new("rfc8628/device_code"), Handle::DeviceCode),
    (Kind::new("rfc8628/user_code"), Handle::UserCode),
    (Kind::new("ciba/auth_req_id"), Handle::AuthReqId),
    (Kind::new("rfc9126/request_uri"), Handle::RequestUri),
];

impl Handle {
    /// What it is called.
    const fn name(self) -> &'static str {
        match self {
            Self::Code => "an authorization code",
            Self::RefreshToken => "a refresh token",
            Self::AccessToken => "an access token",
            Self::DeviceCode => "a device_code",
            Self::UserCode => "a user_code",
            Self::AuthReqId => "an auth_req_id",
            Self::RequestUri => "the request_uri of a pushed request",
        }
    }
}

/// What a text is that was sent for a `wanted` and is none of this issuer.
pub(crate) async fn strange(
    ports: &Ports,
    place: &Place,
    sent: &str,
    wanted: Handle,
) -> Result<Cow<'static, str>, StoreError> {
    if let Some(what) = words::placeholder(sent) {
        return Ok(what.into());
    }
    if let Some((bare, what)) = words::dressed(sent) {
        let found = kept(ports, place, &bare).await? == Some(wanted);
        let end = if found { "; without that, it is the right one" } else { "" };
        return Ok(format!("{what}{end}").into());
    }
    if let Some(what) = jwt(ports, place, sent, wanted) {
        return Ok(what.into());
    }
    if let Some(other) = kept(ports, place, sent).await?.filter(|other| *other != wanted) {
        return Ok(format!("It is {}, and what belongs here is {}", other.name(), wanted.name()).into());
    }
    Ok(shape(place, sent, wanted))
}

/// The parameter of a request that a `wanted` was sent in by mistake.
pub(crate) async fn misplaced(
    ports: &Ports,
    place: &Place,
    params: &Params,
    wanted: Handle,
) -> Result<Option<String>, StoreError> {
    let kind = KEPT.iter().find(|(_, handle)| *handle == wanted).map(|(kind, _)| *kind);
    for (name, value) in params.iter().filter(|(_, value)| value.len() == LENGTH).take(MOST) {
        let Some(kind) = kind else { break };
        if ports.store.get(Key::of(kind, &place.tenant, value)).await?.is_some() {
            return Ok(Some(format!("There is {} in {}", wanted.name(), display_name(name))));
        }
    }
    Ok(None)
}

/// That something was issued to one client and is used by another.
pub(crate) fn of_another(owner: &str, user: &str) -> String {
    match owner.eq_ignore_ascii_case(user) {
        true => "The client_ids differ in upper and lower case".to_owned(),
        false => format!("It was issued to {owner}, and this request is of {user}"),
    }
}

/// What this issuer keeps under a text.
async fn kept(ports: &Ports, place: &Place, text: &str) -> Result<Option<Handle>, StoreError> {
    if text.len() > LENGTH {
        return Ok(None);
    }
    // A person may write a user code in small letters, with a hyphen.
    let letters: String = text.chars().filter(char::is_ascii_alphabetic).map(|c| c.to_ascii_uppercase()).collect();
    for (kind, handle) in KEPT {
        let text = if *handle == Handle::UserCode { &letters } else { text };
        if ports.store.get(Key::of(*kind, &place.tenant, text)).await?.is_some() {
            return Ok(Some(*handle));
        }
    }
    Ok(None)
}

/// What a signed token says of itself.
fn jwt(ports: &Ports, place: &Place, text: &str, wanted: Handle) -> Option<String> {
    let jws = Jws::parse(text).ok()?;
    let claim = |name: &str| jws.claims().get(name);
    let kind = if jws.is_typ("at+jwt") {
        "an access token"
    } else if jws.is_typ("logout+jwt") {
        "a logout token"
    } else if jws.is_typ("dpop+jwt") {
        "a DPoP proof"
    } else if jws.is_typ("oauth-authz-req+jwt") {
        "a request object"
    } else if claim("jti").is_some() && claim("iss").is_some() && claim("iss") == claim("sub") {
        "a client assertion"
    } else if ["nonce", "at_hash", "c_hash", "auth_time"].iter().any(|name| claim(name).is_some()) {
        "an ID token"
    } else {
        "a JWT"
    };
    let issuer = claim("iss").and_then(serde_json::Value::as_str);
    Some(match issuer {
        Some(issuer) if issuer != place.issuer && kind != "a client assertion" && is_shown(issuer) => {
            format!("It is {kind} of {issuer}; this issuer is {}", place.issuer)
        }
        _ if wanted != Handle::AccessToken => format!("It is {kind}, and what belongs here is {}", wanted.name()),
        _ if kind != "an access token" => format!("It is {kind}: send the access_token of the token response"),
        _ => match is_own(ports, &jws, text) {
            true => match ["jti", "exp"].iter().find(|name| claim(name).is_none()) {
                Some(missing) => format!("There is no '{missing}' in it"),
                None => "It was revoked, or this server has forgotten it".to_owned(),
            },
            false => "Its signature is not of this server: it was altered, or another key signed it".to_owned(),
        },
    })
}

/// Whether this server signed it.
fn is_own(ports: &Ports, jws: &Jws<'_>, text: &str) -> bool {
    let (Some(algorithm), Some((signed, signature))) = (jws.algorithm(), text.rsplit_once('.')) else { return false };
    ports.keys.verify(algorithm, signed.as_bytes(), signature)
}

/// Whether a text can be shown as an issuer: a URL without anything that could be a secret.
fn is_shown(issuer: &str) -> bool {
    issuer.len() <= LONGEST && redirect::origin(issuer).is_some() && !issuer.contains(['?', '#', '@'])
}

/// What the mere look of a text says.
fn shape(place: &Place, sent: &str, wanted: Handle) -> Cow<'static, str> {
    let name = wanted.name();
    let legal = |octet: u8| octet.is_ascii_alphanumeric() || b"-_".contains(&octet);
    if wanted == Handle::AccessToken {
        return match sent.matches('.').count() {
            0 | 1 => "It has not the three parts of a token of this server: was it cut?".into(),
            2 => "It is unknown here, altered, or revoked".into(),
            _ => "It has more than three parts: is it encrypted, or are there two tokens?".into(),
        };
    }
    if !sent.bytes().all(legal) {
        format!(
            "It has characters that no handle of this server has: was it decoded once too little, or once too often? \
             What belongs here is {name}"
        )
        .into()
    } else if sent.len() != LENGTH {
        let why = if sent.len() < LENGTH { "was it cut?" } else { "is there something more at its end?" };
        format!("It does not have the length of {name} of this server, {LENGTH} characters: {why}").into()
    } else if wanted == Handle::RefreshToken {
        format!("It looks like {name}, but {} did not issue it, or it was revoked", here(place)).into()
    } else {
        format!("It looks like {name}, but {} did not issue it, or has forgotten it", here(place)).into()
    }
}

/// This issuer, and how it may have been taken for another.
fn here(place: &Place) -> String {
    let tenant = match PREFIXES.contains(&place.tenant.as_str()) {
        true => ", a tenant of its own as any first segment of a path,",
        false => ",",
    };
    format!("this issuer, {}{tenant}", place.issuer)
}
