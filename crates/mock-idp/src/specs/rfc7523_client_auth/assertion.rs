//! Judges one assertion (RFC 7523 §3).

use oauth_types::Algorithm;
use serde_json::Value;

use super::{AUDIENCE_RELAXED, LIFE, SECRET, SIGNED_WITH, rules};
use crate::client_keys::{self, Unverified};
use crate::clients::{Client, Proven};
use crate::jose::{Jws, JwsError, seconds};
use crate::ports::store::{Key, Kind};
use crate::refusal::Refusal;
use crate::reply::Stop;
use crate::request::Attempt;

/// Assertions that were used.
const USED: Kind = Kind::new("rfc7523/jti");
/// How many seconds the client's clock may be ahead: "shall accept JWTs with an `iat` or `nbf` timestamp between 0 and
/// 10 seconds in the future" (FAPI 2.0 Security Profile §5.3.2.1).
const AHEAD: u64 = 10;

/// Says that `client` made the assertion of a request, for this request.
pub(super) async fn judge(method: &str, attempt: &Attempt<'_>, client: &Client) -> Result<Proven, Stop> {
    let text = attempt.params.get("client_assertion").ok_or_else(|| rules::MISSING.refuse())?;
    let jws = Jws::parse(text).map_err(|error| rules::MALFORMED.because(error.to_string()))?;
    typed(&jws)?;
    verified(method, &jws, attempt, client).await?;
    issued(&jws, attempt, client)?;
    addressed(&jws, attempt)?;
    let expires = in_time(&jws, attempt)?;
    let jti =
        claim(&jws, "jti").ok_or_else(|| rules::JTI_MISSING.because("Draw one at random for each assertion"))?;
    let client_id = client.client_id();
    let handle = format!("{}:{client_id}{jti}", client_id.len());
    let used = Key::of(USED, &attempt.arrival.place.tenant, &handle);
    match attempt.ports.store.once(used, attempt.arrival.now, expires).await? {
        true => Ok(Proven::by_the_caller()),
        false => {
            Err(rules::REPLAYED.because("A client makes a new assertion, with a new jti, for each request").into())
        }
    }
}

/// "Use explicit typing": a token that is something else cannot be used as an assertion (RFC 8725 §3.11 and §3.12).
fn typed(jws: &Jws<'_>) -> Result<(), Refusal> {
    let own = jws.typ().is_none() || jws.is_typ("JWT") || jws.is_typ("client-authentication+jwt");
    if own { Ok(()) } else { Err(rules::TYP.because("It is a token of another kind")) }
}

async fn verified(method: &str, jws: &Jws<'_>, attempt: &Attempt<'_>, client: &Client) -> Result<(), Refusal> {
    let of_method = if method == SECRET { Algorithm::KEYED_HASH } else { attempt.policy.algorithms };
    let registered = client.text(SIGNED_WITH);
    let fits = |own: &Algorithm| registered.is_none_or(|registered| registered == own.as_str());
    let allowed: Vec<Algorithm> = of_method.iter().copied().filter(fits).collect();
    let outcome = match (&client.secret, method) {
        (Some(secret), SECRET) => jws.verify_secret(secret, &allowed).map_err(Unverified::from),
        (None, SECRET) => return Err(rules::KEY.because("The client has no secret")),
        _ => client_keys::verify(jws, client, &allowed, attempt.ports, attempt.arrival.now).await,
    };
    outcome.map_err(|why| {
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

/// Both `iss` and `sub` "MUST contain the client_id of the OAuth Client" (OpenID Connect Core §9).
fn issued(jws: &Jws<'_>, attempt: &Attempt<'_>, client: &Client) -> Result<(), Refusal> {
    let client_id = client.client_id();
    if attempt.params.get("client_id").is_some() && claim(jws, "sub") != Some(client_id) {
        return Err(rules::CLIENT_IDS_DIFFER.because("'sub' is the client_id; client_id can be left out beside it"));
    }
    for name in ["iss", "sub"] {
        match claim(jws, name) {
            Some(value) if value == client_id => {}
            Some(value) if value == attempt.arrival.place.issuer => {
                let hint = format!("'{name}' is this server: it has to be the client_id, and 'aud' this server");
                return Err(rules::ISSUER.because(hint));
            }
            Some(_) => return Err(rules::ISSUER.because(format!("'{name}' is not the client_id"))),
            None => return Err(rules::ISSUER.because(format!("There is no '{name}'"))),
        }
    }
    Ok(())
}

/// The audience "MUST use the issuer identifier of the authorization server as its sole value"
/// (draft-ietf-oauth-rfc7523bis §4), "as a string" (FAPI 2.0 Security Profile §5.3.2.1).
fn addressed(jws: &Jws<'_>, attempt: &Attempt<'_>) -> Result<(), Refusal> {
    let place = attempt.arrival.place;
    let aud = jws.claims().get("aud");
    if aud.and_then(Value::as_str) == Some(&place.issuer) {
        return Ok(());
    }
    let own = [place.issuer.clone(), place.url("/token"), place.url(attempt.arrival.path)];
    let is_own = |value: &Value| value.as_str().is_some_and(|text| own.iter().any(|own| own == text));
    let listed = aud.and_then(Value::as_array);
    let relaxed = aud.is_some_and(is_own) || listed.is_some_and(|all| all.iter().any(is_own));
    if relaxed && attempt.policy.is_on(&AUDIENCE_RELAXED) {
        attempt.arrival.seen.relaxed(AUDIENCE_RELAXED.name);
        return Ok(());
    }
    let what = match (relaxed, aud) {
        (_, None) => "There is no 'aud'",
        (true, Some(Value::String(_))) => "'aud' is the URL of an endpoint",
        (_, Some(Value::String(text))) if text.strip_suffix('/') == Some(&*place.issuer) => {
            "'aud' is somebody else, or nearly so: it has a trailing slash"
        }
        (_, Some(Value::String(text))) if text == attempt.params.get("client_id").unwrap_or_default() => {
            "'aud' is the client_id"
        }
        (_, Some(Value::Array(_))) => "'aud' is a list",
        _ => "'aud' is somebody else, or nearly so",
    };
    Err(rules::AUDIENCE.because(format!("{what}; this issuer is {}", place.issuer)))
}

/// When it expires, if that is neither past nor far ahead.
fn in_time(jws: &Jws<'_>, attempt: &Attempt<'_>) -> Result<u64, Refusal> {
    let now = attempt.arrival.now;
    let time = |name: &str| jws.claims().get(name).map(seconds);
    let expires = match time("exp") {
        None => return Err(rules::EXPIRY.because("There is no 'exp'")),
        Some(None) => return Err(rules::EXPIRY.because("'exp' is no number of seconds; are these milliseconds?")),
        Some(Some(expires)) => expires,
    };
    if expires <= now {
        return Err(rules::EXPIRY.because(format!("It expired {} seconds ago", now - expires)));
    }
    let most = attempt.policy.value_of(&LIFE);
    if expires - now > most.saturating_add(AHEAD) {
        return Err(rules::EXPIRY.because(format!("It expires in {} seconds, and {most} are allowed", expires - now)));
    }
    for name in ["nbf", "iat"] {
        match time(name) {
            None => {}
            Some(Some(begin)) if begin <= now.saturating_add(AHEAD) => {}
            Some(Some(begin)) => return Err(rules::EARLY.because(format!("'{name}' is in {} seconds", begin - now))),
            Some(None) => return Err(rules::EARLY.because(format!("'{name}' is no number of seconds"))),
        }
    }
    Ok(expires)
}

/// A claim that is text, and not empty.
pub(super) fn claim<'a>(jws: &'a Jws<'_>, name: &str) -> Option<&'a str> {
    jws.claims().get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}
