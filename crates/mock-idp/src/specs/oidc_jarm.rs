//! JWT Secured Authorization Response Mode for OAuth 2.0 (JARM).
//!
//! Every authorization response, errors included, travels in one signed token if its mode asks for that.

use oauth_types::fault::Point;
use oauth_types::{Algorithm, ContentEncryption, ErrorCode, KeyManagement, ResponseMode};
use serde_json::{Map, Value, json};

use crate::client_keys;
use crate::refusal::{Document, Refusal, Rule};
use crate::reply::{AuthorizationResponse, Envelope, Unsigned};
use crate::spec::{Facts, Spec};
use crate::world::{Amount, Policy};

#[derive(Debug)]
pub(crate) struct Jarm;

/// The client metadata of §3.
const SIGNED: &str = "authorization_signed_response_alg";
const ENCRYPTED: &str = "authorization_encrypted_response_alg";
const CONTENT: &str = "authorization_encrypted_response_enc";

/// Whether a value of client metadata is one that this server knows.
type Knows<'a> = &'a dyn Fn(&str) -> bool;

impl Spec for Jarm {
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

    fn metadata(&self, facts: &Facts<'_>, document: &mut Map<String, Value>) {
        let algorithms: Vec<&str> = facts.issued().map(Algorithm::as_str).collect();
        let mut set = |name: &str, value: Value| document.insert(name.to_owned(), value);
        set("authorization_signing_alg_values_supported", json!(algorithms));
        set("authorization_encryption_alg_values_supported", json!(KeyManagement::ALL));
        set("authorization_encryption_enc_values_supported", json!(ContentEncryption::ALL));
    }

    fn register(&self, metadata: &Map<String, Value>, policy: &Policy) -> Result<(), Refusal> {
        let signs = |name: &str| Algorithm::from_wire(name).is_some_and(|own| policy.algorithms.contains(&own));
        let known: [(&str, Knows<'_>); 3] = [
            (SIGNED, &signs),
            (ENCRYPTED, &|name| KeyManagement::from_wire(name).is_some()),
            (CONTENT, &|name| ContentEncryption::from_wire(name).is_some()),
        ];
        for (name, knows) in known {
            if metadata.get(name).is_some_and(|value| !value.as_str().is_some_and(knows)) {
                return Err(METADATA.because(format!("{name} is none that this server knows")));
            }
        }
        match metadata.contains_key(CONTENT) && !metadata.contains_key(ENCRYPTED) {
            true => Err(METADATA.because(format!("{CONTENT} needs {ENCRYPTED}"))),
            false => Ok(()),
        }
    }

    fn response_modes(&self) -> &'static [ResponseMode] {
        &[ResponseMode::Jwt, ResponseMode::QueryJwt, ResponseMode::FragmentJwt, ResponseMode::FormPostJwt]
    }

    /// The claims of §2.1: `iss`, `aud`, `exp`, and the parameters of the response.
    fn envelope(&self, facts: &Facts<'_>, response: &AuthorizationResponse, now: u64) -> Option<Envelope> {
        let mode = match response.mode {
            // §2.3.4: the default of the response type has been put in its place.
            ResponseMode::Jwt | ResponseMode::QueryJwt => ResponseMode::Query,
            ResponseMode::FragmentJwt => ResponseMode::Fragment,
            ResponseMode::FormPostJwt => ResponseMode::FormPost,
            _ => return None,
        };
        // "The algorithm `none` is not allowed" (§3), nor is any other that this server does not sign with.
        let registered = response.client.text(SIGNED).and_then(Algorithm::from_wire);
        let registered = registered.filter(|own| facts.issued().any(|issued| issued == *own));
        let algorithm = registered.unwrap_or(facts.policy.algorithm);
        let mut header = Map::new();
        header.insert("typ".to_owned(), "JWT".into());
        header.insert("alg".to_owned(), algorithm.as_str().into());
        header.insert("kid".to_owned(), facts.ports.keys.kid(algorithm).into());
        let params = response.params.iter().map(|(name, value)| (name.to_owned(), value.into()));
        let mut claims: Map<String, Value> = params.collect();
        claims.insert("iss".to_owned(), facts.place.issuer.clone().into());
        claims.insert("aud".to_owned(), response.client.client_id().into());
        claims.insert("exp".to_owned(), now.saturating_add(facts.policy.value_of(&LIFETIME)).into());
        let (member, at) = ("response", Point::ResponseToken);
        // §2.2: it is signed first, and then encrypted.
        let seal = client_keys::seal(&response.client, "authorization", algorithm);
        let token = Unsigned { member, at, algorithm, header, claims, hash: Vec::new(), seal };
        Some(Envelope { token, mode })
    }
}

static AMOUNTS: &[&Amount] = &[&LIFETIME];

static LIFETIME: Amount = Amount {
    name: "response-token-seconds",
    says: "How long an authorization response in a token is valid (JARM section 2.1 recommends at most 600 seconds)",
    default: 600,
};

static DOCUMENT: Document = Document {
    name: "JARM",
    title: "JWT Secured Authorization Response Mode for OAuth 2.0 (JARM)",
    url: "https://openid.net/specs/oauth-v2-jarm.html",
};

static RULES: &[&Rule] = &[&METADATA];

static METADATA: Rule = Rule {
    id: "jarm-client-metadata",
    document: &DOCUMENT,
    section: "3",
    error: ErrorCode::InvalidClientMetadata,
    says: "Client metadata for authorization responses in a token names algorithms that this server supports, never none",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_registers_how_its_responses_are_signed_and_encrypted() {
        let refused = |metadata: Value| {
            let members = metadata.as_object().expect("an object");
            Jarm.register(members, &Policy::default()).err().map(|refusal| refusal.rule.id)
        };
        for algorithm in Algorithm::SIGNING {
            assert_eq!(refused(json!({SIGNED: algorithm})), None);
        }
        assert_eq!(refused(json!({ENCRYPTED: "RSA-OAEP", CONTENT: "A256GCM"})), None);
        assert_eq!(refused(json!({ENCRYPTED: "ECDH-ES"})), None);
        for value in [json!("none"), json!("HS256"), json!("rs256"), json!(1), json!(null)] {
            assert_eq!(refused(json!({SIGNED: value})), Some("jarm-client-metadata"));
        }
        for metadata in [
            json!({ENCRYPTED: "RSA1_5"}),
            json!({ENCRYPTED: ["RSA-OAEP"]}),
            json!({ENCRYPTED: "ECDH-ES", CONTENT: "A192GCM"}),
            json!({CONTENT: "A256GCM"}),
        ] {
            assert_eq!(refused(metadata), Some("jarm-client-metadata"));
        }
        assert!(Jarm.register(&Map::new(), &Policy::default()).is_ok());
    }
}
