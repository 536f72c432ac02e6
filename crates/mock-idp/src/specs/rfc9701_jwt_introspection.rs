//! RFC 9701: JSON Web Token (JWT) Response for OAuth Token Introspection.
//!
//! The answer of RFC 7662 in a signed token, and encrypted if the client is registered for that, for whoever asks for the
//! media type. Its `aud` is who asked, and it says nothing of the introspected token but in `token_introspection`, so that
//! it cannot be taken for an access token (§8.1).

use http::HeaderMap;
use http::header::ACCEPT;
use oauth_types::fault::Point;
use oauth_types::{Algorithm, ContentEncryption, ErrorCode, KeyManagement};
use serde_json::{Map, Value, json};

use crate::client_keys;
use crate::refusal::{Document, Refusal, Rule};
use crate::reply::{Reply, Unsigned};
use crate::spec::{Answer, Facts, Spec};
use crate::world::Policy;

const CONTENT_TYPE: &str = "application/token-introspection+jwt";
const TYP: &str = "token-introspection+jwt";
const ALGORITHM: &str = "introspection_signed_response_alg";
const ENCRYPTED_ALG: &str = "introspection_encrypted_response_alg";
const ENCRYPTED_ENC: &str = "introspection_encrypted_response_enc";

#[derive(Debug)]
pub(crate) struct JwtIntrospection;

impl Spec for JwtIntrospection {
    fn document(&self) -> &'static Document {
        &DOCUMENT
    }

    fn rules(&self) -> &'static [&'static Rule] {
        RULES
    }

    fn optional(&self) -> bool {
        true
    }

    fn metadata(&self, facts: &Facts<'_>, document: &mut Map<String, Value>) {
        // Without the endpoint there is nothing to sign.
        if document.contains_key("introspection_endpoint") {
            let algorithms: Vec<&str> = facts.issued().map(Algorithm::as_str).collect();
            let mut set =
                |name: &str, value: Value| document.insert(format!("introspection_{name}_values_supported"), value);
            set("signing_alg", json!(algorithms));
            set("encryption_alg", json!(KeyManagement::ALL));
            set("encryption_enc", json!(ContentEncryption::ALL));
        }
    }

    fn register(&self, metadata: &Map<String, Value>, _policy: &Policy) -> Result<(), Refusal> {
        let text = |name: &str| metadata.get(name).map(|value| value.as_str().unwrap_or_default());
        let (managed, content) = (text(ENCRYPTED_ALG), text(ENCRYPTED_ENC));
        if managed.is_some_and(|name| KeyManagement::from_wire(name).is_none()) {
            return Err(ENCRYPTION.because(format!("{ENCRYPTED_ALG} is not")));
        }
        if content.is_some_and(|name| ContentEncryption::from_wire(name).is_none()) {
            return Err(ENCRYPTION.because(format!("{ENCRYPTED_ENC} is not")));
        }
        if content.is_some() && managed.is_none() {
            return Err(ENCRYPTION.because(format!("{ENCRYPTED_ENC} needs {ENCRYPTED_ALG}")));
        }
        let asked = metadata.get(ALGORITHM).map(|value| value.as_str().and_then(Algorithm::from_wire));
        match asked {
            Some(asked) if !asked.is_some_and(|own| Algorithm::SIGNING.contains(&own)) => Err(NO_ALGORITHM.refuse()),
            _ => Ok(()),
        }
    }

    fn represent(&self, answer: &Answer<'_>) -> Option<Reply> {
        if answer.at != Point::Introspection || !asks(answer.arrival.headers) {
            return None;
        }
        let keys = &answer.ports.keys;
        let registered = answer.client.text(ALGORITHM).and_then(Algorithm::from_wire);
        let algorithm = registered.filter(|own| keys.algorithms().contains(own)).unwrap_or(answer.policy.algorithm);
        let mut header = Map::new();
        header.insert("typ".to_owned(), TYP.into());
        header.insert("alg".to_owned(), algorithm.as_str().into());
        header.extend(keys.kid(algorithm).map(|kid| ("kid".to_owned(), kid.into())));
        let mut claims = Map::new();
        claims.insert("iss".to_owned(), answer.arrival.place.issuer.clone().into());
        claims.insert("aud".to_owned(), answer.client.client_id().into());
        claims.insert("iat".to_owned(), answer.arrival.now.into());
        claims.insert("token_introspection".to_owned(), answer.members.clone().into());
        let seal = client_keys::seal(answer.client, "introspection", algorithm);
        let (member, at, hash) = ("introspection", Point::IntrospectionToken, Vec::new());
        let token = Unsigned { member, at, algorithm, header, claims, hash, seal };
        Some(Reply::Jwt { token, content_type: CONTENT_TYPE })
    }
}

/// Whether the signed form is asked for (§4), and not less than plain JSON (RFC 9110 §12.5.1).
fn asks(headers: &HeaderMap) -> bool {
    let listed = |wanted: &str| {
        let ranges = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
        let mut ranges = ranges.flat_map(|value| value.split(',')).map(|range| range.split(';').map(str::trim));
        ranges.find_map(|mut parts| {
            let named = parts.next().is_some_and(|media_type| media_type.eq_ignore_ascii_case(wanted));
            named.then(|| parts.find_map(|part| part.strip_prefix("q=")?.parse::<f32>().ok()).unwrap_or(1.0))
        })
    };
    let signed = listed(CONTENT_TYPE).unwrap_or_default();
    signed > 0.0 && signed >= listed("application/json").unwrap_or_default()
}

static DOCUMENT: Document = Document {
    name: "RFC 9701",
    title: "JSON Web Token (JWT) Response for OAuth Token Introspection",
    url: "https://www.rfc-editor.org/rfc/rfc9701",
};

static RULES: &[&Rule] = &[&ENCRYPTION, &NO_ALGORITHM];

static NO_ALGORITHM: Rule = Rule {
    id: "rfc9701-algorithm-unsupported",
    document: &DOCUMENT,
    section: "6",
    error: ErrorCode::InvalidClientMetadata,
    says: "An introspection_signed_response_alg is one of the algorithms in the server's metadata",
};

static ENCRYPTION: Rule = Rule {
    id: "rfc9701-encryption-unsupported",
    document: &DOCUMENT,
    section: "6",
    error: ErrorCode::InvalidClientMetadata,
    says: "How answers of introspection are encrypted is one of the ways in the server's metadata",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_registers_is_judged() {
        let judge = |name: &str, value: Value| {
            let metadata = [(name.to_owned(), value)].into_iter().collect();
            JwtIntrospection.register(&metadata, &Policy::default()).map_err(|refusal| refusal.rule.id)
        };
        assert_eq!(judge(ALGORITHM, "ES256".into()), Ok(()));
        for wrong in [json!("none"), json!("HS256"), json!("es256"), json!(256), Value::Null] {
            assert_eq!(judge(ALGORITHM, wrong), Err("rfc9701-algorithm-unsupported"));
        }
        assert_eq!(judge(ENCRYPTED_ALG, "ECDH-ES".into()), Ok(()));
        for (name, value) in [
            (ENCRYPTED_ALG, json!("RSA1_5")),
            (ENCRYPTED_ALG, json!(1)),
            (ENCRYPTED_ENC, json!("A128GCM")),
            (ENCRYPTED_ENC, json!("A129GCM")),
        ] {
            assert_eq!(judge(name, value), Err("rfc9701-encryption-unsupported"));
        }
        assert_eq!(judge("client_name", "x".into()), Ok(()));
    }
}
