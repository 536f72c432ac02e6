//! OpenID Connect Back-Channel Logout 1.0: the server itself tells every client that has to log out, by a token.

use std::sync::Arc;

use oauth_types::fault::Point;
use oauth_types::{Algorithm, ErrorCode};
use serde_json::{Map, Value, json};

use crate::client_keys;
use crate::clients::Client;
use crate::redirect;
use crate::refusal::{Document, Refusal, Rule};
use crate::reply::{Cargo, Outgoing, Seal, TokenReply, Unsigned};
use crate::request::{Spent, TokenRequest};
use crate::spec::{Facts, Farewell, Spec};
use crate::world::{Amount, Policy};

const URI: &str = "backchannel_logout_uri";
/// The event that a logout token tells of (§2.4).
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

#[derive(Debug)]
pub(crate) struct BackChannelLogout;

impl Spec for BackChannelLogout {
    fn document(&self) -> &'static Document {
        &DOCUMENT
    }

    fn rules(&self) -> &'static [&'static Rule] {
        RULES
    }

    fn optional(&self) -> bool {
        true
    }

    fn amounts(&self) -> &'static [&'static Amount] {
        AMOUNTS
    }

    fn needs_sessions(&self) -> bool {
        true
    }

    fn metadata(&self, _facts: &Facts<'_>, document: &mut Map<String, Value>) {
        document.insert("backchannel_logout_supported".to_owned(), true.into());
        document.insert("backchannel_logout_session_supported".to_owned(), true.into());
    }

    /// "The back-channel logout URI MUST be an absolute URI [...] The URI MUST NOT include a fragment component" (§2.2).
    fn register(&self, metadata: &Map<String, Value>, _policy: &Policy) -> Result<(), Refusal> {
        if metadata.get("backchannel_logout_session_required").is_some_and(|required| !required.is_boolean()) {
            return Err(METADATA.because("backchannel_logout_session_required is true or false"));
        }
        let Some(uri) = metadata.get(URI) else { return Ok(()) };
        let usable = uri.as_str().is_some_and(|uri| !uri.contains('#') && redirect::origin(uri).is_some());
        if usable { Ok(()) } else { Err(METADATA.because("backchannel_logout_uri is no URL without a fragment")) }
    }

    /// "sid: Session ID" (§2.1).
    fn bind(&self, _request: &TokenRequest<'_>, _spent: &Spent, reply: &mut TokenReply) {
        reply.name_session();
    }

    fn ended(&self, farewell: &mut Farewell<'_>) {
        for (client, subject) in farewell.clients {
            let Some(url) = client.text(URI) else { continue };
            let carries = Cargo::Token(token(farewell, client, subject));
            farewell.arrival.seen.send(Outgoing { url: url.to_owned(), reach: client.reach(), carries });
        }
    }
}

/// A logout token for `client` (§2.4).
pub(crate) fn token(farewell: &Farewell<'_>, client: &Arc<Client>, subject: &str) -> Unsigned {
    let algorithm = client.id_token_algorithm.unwrap_or(farewell.policy.algorithm);
    let seal = Seal { encrypted: None, ..client_keys::seal(client, "id_token", algorithm) };
    let (member, at) = ("logout_token", Point::LogoutToken);
    let header = header(farewell, algorithm);
    let claims = claims(farewell, client.client_id(), subject);
    Unsigned { member, at, algorithm, header, claims, hash: Vec::new(), seal }
}

fn header(farewell: &Farewell<'_>, algorithm: Algorithm) -> Map<String, Value> {
    let mut header = Map::new();
    header.insert("typ".to_owned(), "logout+jwt".into());
    header.insert("alg".to_owned(), algorithm.as_str().into());
    let kid = farewell.ports.keys.kid(algorithm).filter(|_| !algorithm.is_symmetric());
    header.extend(kid.map(|kid| ("kid".to_owned(), kid.into())));
    header
}

/// The claims of §2.4. "A `nonce` Claim MUST NOT be present".
fn claims(farewell: &Farewell<'_>, client_id: &str, subject: &str) -> Map<String, Value> {
    let now = farewell.arrival.now;
    let claims = json!({
        "iss": farewell.arrival.place.issuer,
        "sub": subject,
        "aud": client_id,
        "iat": now,
        "exp": now.saturating_add(farewell.policy.value_of(&LIFETIME)),
        "jti": farewell.ports.dice.handle(),
        "events": { EVENT: {} },
        "sid": farewell.sid,
    });
    match claims {
        Value::Object(claims) => claims,
        _ => Map::new(),
    }
}

static AMOUNTS: &[&Amount] = &[&LIFETIME];

static LIFETIME: Amount = Amount {
    name: "logout-token-seconds",
    says: "How long a logout token is valid (OpenID Connect Back-Channel Logout section 4 recommends at most 120 seconds)",
    default: 120,
};

static DOCUMENT: Document = Document {
    name: "OpenID Connect Back-Channel Logout 1.0",
    title: "OpenID Connect Back-Channel Logout 1.0",
    url: "https://openid.net/specs/openid-connect-backchannel-1_0.html",
};

static RULES: &[&Rule] = &[&METADATA];

static METADATA: Rule = Rule {
    id: "oidc-backchannel-metadata",
    document: &DOCUMENT,
    section: "2.2",
    error: ErrorCode::InvalidClientMetadata,
    says: "A client is told to log out at an absolute URL without a fragment",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_for_logout_tokens_is_a_url() {
        let judged = |metadata: Value| {
            let metadata = metadata.as_object().expect("an object").clone();
            BackChannelLogout.register(&metadata, &Policy::default()).map_err(|refusal| refusal.rule.id)
        };
        for good in [json!({}), json!({URI: "https://a.example/out", "backchannel_logout_session_required": true})] {
            assert_eq!(judged(good), Ok(()));
        }
        for bad in [
            json!({URI: "https://a.example/out#x"}),
            json!({URI: "/out"}),
            json!({URI: 1}),
            json!({"backchannel_logout_session_required": 1}),
        ] {
            assert_eq!(judged(bad.clone()), Err("oidc-backchannel-metadata"), "{bad}");
        }
    }
}
