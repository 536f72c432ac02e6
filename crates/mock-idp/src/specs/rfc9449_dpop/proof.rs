//! Judges one proof (RFC 9449 §4.3).

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use http::{HeaderName, HeaderValue};
use serde_json::Value;

use super::nonce::Nonces;
use super::{WINDOW, rules, target_uri};
use crate::doctor::uris;
use crate::jose::{Jws, JwsError, PublicKey, seconds};
use crate::memory::Confirmation;
use crate::ports::store::{Key, Kind};
use crate::refusal::Refusal;
use crate::reply::Stop;
use crate::request::Proof;
use crate::world::Policy;

/// Proofs that were used.
const USED: Kind = Kind::new("rfc9449/jti");

/// The key that `text` proves the possession of.
pub(super) async fn judge(proof: &Proof<'_>, nonces: Option<&Nonces>, text: &str) -> Result<Confirmation, Stop> {
    // Whatever is wrong with a proof, the next one needs a nonce that is current.
    if let Some(nonces) = nonces {
        let nonce = nonces.current(proof).await?;
        let value = HeaderValue::try_from(nonce).map_err(|_| rules::NONCE_MISSING.refuse())?;
        proof.arrival.seen.answer_with(HeaderName::from_static("dpop-nonce"), value);
    }
    let jws = Jws::parse(text).map_err(|error| rules::MALFORMED.because(error.to_string()))?;
    let jkt = signed(&jws, proof.policy)?;
    let claims = Claims(&jws);
    let jti = claims.text("jti")?;
    addressed(proof, &claims)?;
    if let Some(nonces) = nonces {
        let nonce = jws.claims().get("nonce").and_then(Value::as_str);
        let nonce =
            nonce.ok_or_else(|| rules::NONCE_MISSING.because("It is in the DPoP-Nonce header of this answer"))?;
        if !nonces.takes(proof, nonce).await? {
            let hint =
                "It is too old, or somebody else gave it; a new one is in the DPoP-Nonce header of this answer";
            return Err(rules::NONCE_WRONG.because(hint).into());
        }
    }
    let window = proof.policy.value_of(&WINDOW);
    let made = recent(proof, &claims, window)?;
    if let Some(token) = proof.token {
        of_this_token(&jws, token)?;
    }
    let used = Key::of(USED, &proof.arrival.place.tenant, &format!("{jkt}{jti}"));
    let forget = made.saturating_add(window).saturating_add(1);
    match proof.ports.store.once(used, proof.arrival.now, forget).await? {
        true => Ok(Confirmation { method: super::JKT.into(), value: jkt }),
        false => Err(rules::REPLAYED.because("A client makes a new proof, with a new jti, for each request").into()),
    }
}

/// The thumbprint of the key in the header that signed it.
fn signed(jws: &Jws<'_>, policy: &Policy) -> Result<String, Refusal> {
    if !jws.is_typ("dpop+jwt") {
        return Err(rules::TYP.because(match jws.typ() {
            None => "There is no 'typ'",
            Some(_) => "It is a token of another kind",
        }));
    }
    if !jws.algorithm().is_some_and(|own| policy.algorithms.contains(&own)) {
        let known = super::algorithms(policy).join(", ");
        return Err(rules::ALGORITHM.because(format!("These are taken: {known}")));
    }
    let jwk = jws.header().get("jwk").ok_or_else(|| rules::KEY.because("There is no 'jwk' in the header"))?;
    let key = PublicKey::parse(jwk).map_err(|error| rules::KEY.because(error.to_string()))?;
    jws.verify_with(&key, policy.algorithms).map_err(|error| match error {
        JwsError::Signature => rules::SIGNATURE.because("The claims were changed, or another key signed them"),
        other => rules::KEY.because(other.to_string()),
    })?;
    Ok(key.thumbprint())
}

/// "The `htm` claim matches the HTTP method of the current request", and `htu` its URI.
fn addressed(proof: &Proof<'_>, claims: &Claims<'_>) -> Result<(), Refusal> {
    let arrival = proof.arrival;
    let method = arrival.method.as_str();
    let htm = claims.text("htm")?;
    if htm != method {
        let why = if htm.eq_ignore_ascii_case(method) {
            "methods are written in capitals"
        } else {
            "is the proof for another"
        };
        return Err(rules::METHOD.because(format!("This request is a {method}; {why}")));
    }
    let url = arrival.place.url(arrival.path);
    let htu = claims.text("htu")?;
    match target_uri::same(htu, &url) {
        true => Ok(()),
        false => Err(rules::URI.because(format!("This request went to {url}. {}", elsewhere(proof, htu, &url)))),
    }
}

/// What was taken for the URI of the request.
fn elsewhere(proof: &Proof<'_>, htu: &str, url: &str) -> String {
    let place = proof.arrival.place;
    if htu == place.issuer || htu.strip_suffix('/') == Some(&*place.issuer) {
        return "'htu' is the issuer".to_owned();
    }
    match htu.starts_with('/') {
        true => "'htu' is a path: write the whole URI".to_owned(),
        false => uris::difference(url, htu),
    }
}

/// When it was made, if that is not long ago and not in the future.
fn recent(proof: &Proof<'_>, claims: &Claims<'_>, window: u64) -> Result<u64, Refusal> {
    let iat = claims.0.claims().get("iat").ok_or_else(|| rules::CLAIM_MISSING.because("There is no 'iat'"))?;
    let now = proof.arrival.now;
    let made =
        seconds(iat).ok_or_else(|| rules::TIME.because("'iat' is no number of seconds; are these milliseconds?"))?;
    let (off, which) = if made > now { (made - now, "in the future") } else { (now - made, "ago") };
    match off <= window {
        true => Ok(made),
        false => Err(rules::TIME.because(format!("It was made {off} seconds {which}, and {window} are allowed"))),
    }
}

/// "the value of the `ath` claim equals the hash of that access token".
fn of_this_token(jws: &Jws<'_>, token: &str) -> Result<(), Refusal> {
    let ath = jws.claims().get("ath").and_then(Value::as_str).ok_or_else(|| {
        rules::ATH_MISSING.because("The proof of a token request has none; that for a resource has one")
    })?;
    match ath == hash(token) {
        true => Ok(()),
        false => Err(rules::ATH_WRONG.because(format!("{}. {DIGEST}", misdigested(ath, token)))),
    }
}

fn hash(text: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, text.as_bytes()))
}

/// What an `ath` is.
const DIGEST: &str = "It is the SHA-256 of the whole access token, in base64url without padding";

/// What was done to make an `ath`, in place of what has to be done.
fn misdigested(ath: &str, token: &str) -> &'static str {
    let octets = digest(&SHA256, token.as_bytes());
    let hex: String = octets.as_ref().iter().map(|octet| format!("{octet:02x}")).collect();
    let standard = BASE64_STANDARD.encode(octets);
    if ath == token {
        "It is the token itself"
    } else if ath.strip_suffix('=') == Some(&hash(token)) {
        "It has = padding"
    } else if ath.trim_end_matches('=') == standard.trim_end_matches('=') {
        "It has + or / of another alphabet"
    } else if ath.eq_ignore_ascii_case(&hex) {
        "It is a hex digest"
    } else if ath == BASE64_URL_SAFE_NO_PAD.encode(&hex) {
        "It is base64url of a hex digest"
    } else if ["DPoP ", "Bearer "].iter().any(|scheme| ath == hash(&format!("{scheme}{token}"))) {
        "The word before the token was hashed too"
    } else if ath == BASE64_URL_SAFE_NO_PAD.encode(&octets.as_ref()[..16]) {
        "It is half of the hash, as at_hash is"
    } else {
        "Is it of another token?"
    }
}

/// The claims of a proof whose signature is right.
struct Claims<'a>(&'a Jws<'a>);

impl Claims<'_> {
    fn text(&self, name: &'static str) -> Result<&str, Refusal> {
        match self.0.claims().get(name) {
            Some(Value::String(text)) if !text.is_empty() => Ok(text),
            Some(_) => Err(rules::CLAIM_MISSING.because(format!("'{name}' is no text, or empty"))),
            None => Err(rules::CLAIM_MISSING.because(format!("There is no '{name}'"))),
        }
    }
}
