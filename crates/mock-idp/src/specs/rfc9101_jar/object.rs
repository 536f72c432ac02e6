//! Judges one request object (§6).

use std::borrow::Cow;

use oauth_types::params::{MAX_PARAMS, display_name};
use oauth_types::{Algorithm, Params};
use serde_json::Value;

use super::{DATED, ENCRYPTED_WITH, LIFE, OPENID, REUSABLE, SIGNED_WITH, rules};
use crate::client_keys::{self, Unverified};
use crate::jose::{Jwe, Jws, JwsError, seconds};
use crate::ports::store::{Key, Kind};
use crate::refusal::Refusal;
use crate::reply::Stop;
use crate::request::Packed;
use crate::spec::CREDENTIALS;

/// Request objects that were used.
const USED: Kind = Kind::new("rfc9101/used");

/// How many seconds the client's clock may be ahead.
const AHEAD: u64 = 10;

/// Claims that are about the object itself (RFC 7519 §4.1), and not parameters.
const ABOUT: &[&str] = &["iss", "sub", "aud", "exp", "nbf", "iat", "jti"];

/// The parameters that a request object of the client holds. One that was sent along is used once.
pub(super) async fn read(packed: &Packed<'_>, text: &str, sent: bool) -> Result<Params, Stop> {
    let text = decrypted(packed, text)?;
    let jws = Jws::parse(&text).map_err(|error| rules::MALFORMED.because(error.to_string()))?;
    let object = Object { jws: &jws, packed };
    object.typed()?;
    object.verified().await?;
    object.issued()?;
    object.addressed()?;
    let expires = object.in_time()?;
    let params = object.params()?;
    object.once(sent, &text, expires).await?;
    Ok(params)
}

/// Adds the parameters that came beside the object and are not in it (OpenID Connect Core §6.1).
pub(super) fn merge(packed: &Packed<'_>, params: &mut Params) -> Result<(), Refusal> {
    let differs =
        |name: &str| packed.params.get(name).is_some_and(|beside| params.get(name).is_some_and(|own| own != beside));
    if differs("response_type") {
        return Err(rules::DIFFERS.because("It is in both, and not the same: what is in the object counts"));
    }
    let beside: Vec<(String, String)> = packed
        .params
        .iter()
        .filter(|(name, _)| !["request", "request_uri"].contains(name) && !CREDENTIALS.contains(name))
        .filter(|(name, _)| params.raw(name).is_none())
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    if !beside.is_empty() {
        packed.arrival.seen.relaxed(super::MERGED.name);
    }
    for (name, value) in beside {
        params.push(name, value);
    }
    Ok(())
}

/// The signed object inside an encrypted one (§6.1), or the object itself if it is not encrypted.
fn decrypted<'a>(packed: &Packed<'_>, text: &'a str) -> Result<Cow<'a, str>, Refusal> {
    if text.matches('.').count() != 4 {
        return Ok(text.into());
    }
    let jwe = Jwe::parse(text).map_err(|error| rules::ENCRYPTION.because(error.to_string()))?;
    let algorithm = jwe.algorithm();
    if packed.client.text(ENCRYPTED_WITH).is_some_and(|own| own != algorithm.as_str()) {
        return Err(rules::ENCRYPTION.because(format!("{algorithm} is not what the client is registered for")));
    }
    let content = packed.ports.keys.decrypt(&jwe).map_err(|error| rules::ENCRYPTION.because(error.to_string()))?;
    let content = String::from_utf8(content).map_err(|_| rules::ENCRYPTION.because("What is inside is no token"))?;
    Ok(content.into())
}

struct Object<'a> {
    jws: &'a Jws<'a>,
    packed: &'a Packed<'a>,
}

impl Object<'_> {
    /// Refuses, unless it is only what OpenID Connect does otherwise and that is allowed.
    fn unless_openid(&self, refusal: Refusal) -> Result<(), Refusal> {
        if !self.packed.policy.is_on(&OPENID) {
            return Err(refusal);
        }
        self.packed.arrival.seen.relaxed(OPENID.name);
        Ok(())
    }

    /// A token that is something else cannot be used as a request object, nor the other way round (§10.8).
    fn typed(&self) -> Result<(), Refusal> {
        if self.jws.is_typ("oauth-authz-req+jwt") {
            return Ok(());
        }
        match self.jws.typ() {
            None => self.unless_openid(rules::TYP.because("There is no 'typ'")),
            Some(_) if self.jws.is_typ("JWT") => self.unless_openid(rules::TYP.because("'typ' is JWT")),
            Some(_) => Err(rules::TYP.because("It is a token of another kind")),
        }
    }

    /// Verifies the signature with a key of the client's (§6.2).
    async fn verified(&self) -> Result<(), Refusal> {
        let Packed { arrival, client, ports, policy, .. } = *self.packed;
        let registered = client.text(SIGNED_WITH);
        let fits = |own: &Algorithm| registered.is_none_or(|registered| registered == own.as_str());
        let allowed: Vec<Algorithm> = policy.algorithms.iter().copied().filter(fits).collect();
        client_keys::verify(self.jws, client, &allowed, ports, arrival.now).await.map_err(|why| {
            let rule = match &why {
                Unverified::Jws(JwsError::Signature) => &rules::SIGNATURE,
                Unverified::Jws(JwsError::Unsigned | JwsError::UnknownAlgorithm | JwsError::NotAllowed(_)) => {
                    &rules::ALGORITHM
                }
                _ => &rules::KEY,
            };
            match registered {
                Some(registered) if std::ptr::eq(rule, &rules::ALGORITHM) => {
                    rule.because(format!("{why}; the client is registered for {registered}"))
                }
                _ => rule.because(why.to_string()),
            }
        })
    }

    /// It is the client's own, and no assertion by which it authenticates (§10.8).
    fn issued(&self) -> Result<(), Refusal> {
        let client_id = self.packed.client.client_id();
        match self.jws.claims().get("iss") {
            None => self.unless_openid(rules::ISSUER.because("There is no 'iss'"))?,
            Some(iss) if iss == client_id => {}
            Some(iss) if *iss == self.packed.arrival.place.issuer => {
                return Err(
                    rules::ISSUER.because("'iss' is this server: it has to be the client_id, and 'aud' this server")
                );
            }
            Some(_) => return Err(rules::ISSUER.because("'iss' is somebody else")),
        }
        match self.jws.claims().get("sub") {
            Some(sub) if sub == client_id => {
                Err(rules::SUBJECT.because("Leave 'sub' out: it is no client assertion"))
            }
            _ => Ok(()),
        }
    }

    /// "The value of `aud` should be the value of the authorization server issuer" (§4).
    fn addressed(&self) -> Result<(), Refusal> {
        let issuer = self.packed.arrival.place.issuer.as_str();
        let hint = |what: &str| rules::AUDIENCE.because(format!("{what}; this issuer is {issuer}"));
        match self.jws.claims().get("aud") {
            None => self.unless_openid(hint("There is no 'aud'")),
            Some(aud) if aud == issuer => Ok(()),
            Some(Value::Array(all)) if all.iter().any(|aud| aud == issuer) => Ok(()),
            Some(Value::String(aud)) if aud.strip_suffix('/') == Some(issuer) => {
                Err(hint("'aud' is nearly it: it has a trailing slash"))
            }
            Some(Value::String(aud)) if aud.starts_with(&format!("{issuer}/")) => {
                Err(hint("'aud' is nearly it: it is the URL of an endpoint"))
            }
            Some(_) => Err(hint("'aud' is somebody else, or nearly so")),
        }
    }

    /// When it expires, if that is neither past nor far ahead.
    fn in_time(&self) -> Result<u64, Refusal> {
        let Packed { arrival, policy, .. } = *self.packed;
        let (now, most) = (arrival.now, policy.value_of(&LIFE));
        let time = |name: &str| self.jws.claims().get(name).map(seconds);
        for name in ["nbf", "iat"] {
            match time(name) {
                None => {}
                Some(Some(begin)) if begin <= now.saturating_add(AHEAD) => {}
                Some(Some(begin)) => {
                    return Err(rules::EARLY.because(format!("'{name}' is in {} seconds", begin - now)));
                }
                Some(None) => return Err(rules::EARLY.because(format!("'{name}' is no number of seconds"))),
            }
        }
        let (nbf, iat) = (time("nbf").flatten(), time("iat").flatten());
        if nbf.is_none() && policy.is_on(&DATED) {
            return Err(rules::NBF_MISSING.because("'iat' does not stand for it"));
        }
        let expires = match time("exp") {
            None => {
                self.unless_openid(rules::EXPIRY.because("There is no 'exp'"))?;
                return Ok(now.saturating_add(most));
            }
            Some(None) => return Err(rules::EXPIRY.because("'exp' is no number of seconds; are these milliseconds?")),
            Some(Some(expires)) => expires,
        };
        if expires <= now {
            return Err(rules::EXPIRY.because(format!("It expired {} seconds ago", now - expires)));
        }
        let lives = expires.saturating_sub(nbf.or(iat).unwrap_or(now));
        match lives > most {
            true => Err(rules::EXPIRY.because(format!("It lives {lives} seconds, and {most} are allowed"))),
            false => Ok(expires),
        }
    }

    /// The claims as parameters (§4). "Numerical values are included as JSON numbers"; objects and arrays are the text of
    /// parameters that are JSON, but for `resource`, which is repeated (RFC 8707 §2).
    fn params(&self) -> Result<Params, Refusal> {
        let client_id = self.packed.client.client_id();
        let mut params = Params::new();
        match self.jws.claims().get("client_id") {
            None => {
                self.unless_openid(rules::CLIENT_ID.because("There is none in the object"))?;
                params.push("client_id", client_id);
            }
            Some(own) if own == client_id => {}
            Some(_) => return Err(rules::CLIENT_ID.because("The one in the object is another")),
        }
        for (name, value) in self.jws.claims() {
            match value {
                _ if ABOUT.contains(&name.as_str()) || CREDENTIALS.contains(&name.as_str()) => {}
                _ if name == "request" || name == "request_uri" => {
                    return Err(rules::NESTED.because("The object holds the parameters themselves"));
                }
                Value::Null => {
                    return Err(rules::CLAIM.because(format!("{} is null: leave it out", display_name(name))));
                }
                Value::String(text) => params.push(name, text),
                Value::Array(items) if name == "resource" => {
                    for item in items {
                        params
                            .push(name, item.as_str().ok_or_else(|| rules::CLAIM.because("resource holds no text"))?);
                    }
                }
                value => params.push(name, value.to_string()),
            }
        }
        match params.len() > MAX_PARAMS {
            true => Err(rules::CLAIM.because(format!("There are more than {MAX_PARAMS}"))),
            false => Ok(params),
        }
    }

    /// Whoever sees an object in a browser cannot use it again. What a client publishes is meant to be used again, unless
    /// it has a `jti`.
    async fn once(&self, sent: bool, text: &str, expires: u64) -> Result<(), Stop> {
        let Packed { arrival, client, ports, policy, .. } = *self.packed;
        let client_id = client.client_id();
        let jti = self.jws.claims().get("jti").and_then(Value::as_str).filter(|jti| !jti.is_empty());
        let handle = match jti {
            Some(jti) => format!("{}:{client_id}{jti}", client_id.len()),
            // What was signed, and not the signature, which others can write in another way.
            None if sent => text.rsplit_once('.').map_or(text, |(signed, _)| signed).to_owned(),
            None => return Ok(()),
        };
        let key = Key::of(USED, &arrival.place.tenant, &handle);
        if ports.store.once(key, arrival.now, expires).await? {
            return Ok(());
        }
        if policy.is_on(&REUSABLE) {
            arrival.seen.relaxed(REUSABLE.name);
            return Ok(());
        }
        Err(rules::REPLAYED.because("Reloading the page uses it again: sign a new one, with a new jti").into())
    }
}
