//! ID tokens of this server that come back to say who is meant (OpenID Connect Core §3.1.2.1 and RP-Initiated
//! Logout §2, `id_token_hint`).

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use oauth_types::Algorithm;
use serde_json::{Map, Value};

use crate::ports::Ports;
use crate::request::Place;

/// The longest token that is read, in octets.
const LONGEST: usize = 16 * 1024;

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
    /// Reads a token whose signature is one of this server's. It may have expired.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn read(ports: &Ports, place: &Place, token: &str) -> Result<Self, &'static str> {
        if token.len() > LONGEST {
            return Err("It is longer than any ID token of this server");
        }
        let parts: Vec<&str> = token.split('.').collect();
        let [header, claims, signature] = parts[..] else {
            return Err(match parts.len() {
                5 => "It is encrypted; what is sent is the signed token inside",
                _ => "It is no signed token",
            });
        };
        let header = object(header).ok_or("Its header cannot be read")?;
        let claims = object(claims).ok_or("Its claims cannot be read")?;
        let text = |members: &Map<String, Value>, name: &str| members.get(name)?.as_str().map(str::to_owned);
        if text(&header, "typ").is_some_and(|typ| !typ.eq_ignore_ascii_case("JWT")) {
            return Err("It is a token of another kind");
        }
        let algorithm = text(&header, "alg").and_then(|name| Algorithm::from_wire(&name));
        let algorithm = algorithm.ok_or("This server signs with no such algorithm")?;
        let signed = token.rsplit_once('.').map_or("", |(signed, _)| signed);
        if !ports.keys.verify(algorithm, signed.as_bytes(), signature) {
            return Err("It is not signed with a key that this server publishes");
        }
        if text(&claims, "iss").as_deref() != Some(&place.issuer) {
            return Err("Another issuer issued it");
        }
        let client_id = match claims.get("aud") {
            Some(Value::String(client_id)) => client_id.clone(),
            _ => return Err("It is not for a single client"),
        };
        let subject = text(&claims, "sub").ok_or("It does not say whom it is about")?;
        Ok(Self { subject, client_id, sid: text(&claims, "sid") })
    }
}

fn object(part: &str) -> Option<Map<String, Value>> {
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}
