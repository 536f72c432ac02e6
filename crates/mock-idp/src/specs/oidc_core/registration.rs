//! What a client's registration says of ID tokens and UserInfo (OpenID Connect Dynamic Client Registration 1.0 §2).

use oauth_types::{Algorithm, ContentEncryption, ErrorCode, KeyManagement};
use serde_json::{Map, Value};

use super::subject;
use crate::refusal::{Document, Refusal, Rule};

/// What can be signed and encrypted for a client.
const KINDS: &[&str] = &["id_token", "userinfo"];

/// Judges it.
pub(super) fn judge(metadata: &Map<String, Value>) -> Result<(), Refusal> {
    let bad = |name: &str, what: &str| Err(METADATA.because(format!("{name} {what}")));
    for kind in KINDS {
        judge_kind(kind, metadata)?;
    }
    if metadata.get("subject_type").is_some_and(|kind| !subject::TYPES.iter().any(|known| kind == known)) {
        return bad("subject_type", "is public or pairwise");
    }
    if metadata.get("default_max_age").is_some_and(|age| age.as_u64().is_none()) {
        return bad("default_max_age", "is a number of seconds");
    }
    if metadata.get("require_auth_time").is_some_and(|required| !required.is_boolean()) {
        return bad("require_auth_time", "is true or false");
    }
    let texts = |list: &Value| list.as_array().is_some_and(|list| list.iter().all(Value::is_string));
    if metadata.get("default_acr_values").is_some_and(|values| !texts(values)) {
        return bad("default_acr_values", "is a list of texts");
    }
    subject::judge(metadata)
}

/// Judges how one kind of token is signed and encrypted.
fn judge_kind(kind: &str, metadata: &Map<String, Value>) -> Result<(), Refusal> {
    let read = |what: &str| {
        let name = format!("{kind}_{what}");
        metadata.get(&name).map(|value| (value.as_str().unwrap_or_default(), name.clone()))
    };
    let bad = |name: &str, what: &str| Err(METADATA.because(format!("{name} {what}")));
    if let Some((alg, name)) = read("signed_response_alg") {
        match Algorithm::from_wire(alg) {
            None => return bad(&name, "is no algorithm of this server; none is not supported"),
            Some(algorithm) if algorithm.is_symmetric() && is_public(metadata) => {
                return bad(&name, "needs a client with a secret");
            }
            Some(_) => {}
        }
    }
    let (alg, enc) = (read("encrypted_response_alg"), read("encrypted_response_enc"));
    if let Some((enc, name)) = &enc {
        if alg.is_none() {
            return bad(name, "needs the algorithm for the key as well");
        }
        if ContentEncryption::from_wire(enc).is_none() {
            return bad(name, "is no encryption of this server");
        }
    }
    if let Some((alg, name)) = alg {
        match KeyManagement::from_wire(alg) {
            None => return bad(&name, "is no algorithm of this server"),
            Some(algorithm) if algorithm.is_symmetric() && is_public(metadata) => {
                return bad(&name, "needs a client with a secret");
            }
            Some(algorithm) => {
                let keys = metadata.contains_key("jwks") || metadata.contains_key("jwks_uri");
                if !algorithm.is_symmetric() && !keys {
                    return bad(&name, "needs jwks or jwks_uri");
                }
            }
        }
    }
    Ok(())
}

/// Whether the client says that it has no secret.
fn is_public(metadata: &Map<String, Value>) -> bool {
    let method = metadata.get("token_endpoint_auth_method").and_then(Value::as_str);
    method.is_some_and(|method| !method.starts_with("client_secret_"))
}

static REGISTRATION: Document = Document {
    name: "OpenID Connect Dynamic Client Registration 1.0",
    title: "OpenID Connect Dynamic Client Registration 1.0",
    url: "https://openid.net/specs/openid-connect-registration-1_0.html",
};

pub(super) static METADATA: Rule = Rule {
    id: "oidc-client-metadata",
    document: &REGISTRATION,
    section: "2",
    error: ErrorCode::InvalidClientMetadata,
    says: "A client registers ID tokens and UserInfo with what this server's metadata lists",
};

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_cannot_be_done_is_not_registered() {
        for (metadata, hint) in [
            (json!({"subject_type": "private"}), Some("subject_type")),
            (json!({"default_max_age": "60"}), Some("default_max_age")),
            (json!({"require_auth_time": 1}), Some("require_auth_time")),
            (json!({"default_acr_values": "a"}), Some("default_acr_values")),
            (json!({"userinfo_signed_response_alg": "none"}), Some("none is not supported")),
            (json!({"id_token_signed_response_alg": 1}), Some("no algorithm")),
            (
                json!({"id_token_signed_response_alg": "HS256", "token_endpoint_auth_method": "none"}),
                Some("a client with a secret"),
            ),
            (json!({"id_token_encrypted_response_enc": "A128GCM"}), Some("needs the algorithm for the key")),
            (json!({"userinfo_encrypted_response_alg": "RSA1_5", "jwks": {}}), Some("no algorithm")),
            (json!({"userinfo_encrypted_response_alg": "ECDH-ES"}), Some("needs jwks or jwks_uri")),
            (
                json!({"userinfo_encrypted_response_alg": "dir", "token_endpoint_auth_method": "private_key_jwt"}),
                Some("a client with a secret"),
            ),
            (
                json!({"userinfo_encrypted_response_alg": "dir", "userinfo_encrypted_response_enc": "A192GCM"}),
                Some("no encryption"),
            ),
            (
                json!({
                    "userinfo_encrypted_response_alg": "ECDH-ES", "jwks": {}, "subject_type": "pairwise",
                    "id_token_signed_response_alg": "ES256", "default_max_age": 60, "require_auth_time": true,
                    "default_acr_values": ["a"], "userinfo_encrypted_response_enc": "A256GCM",
                }),
                None,
            ),
        ] {
            let judged = judge(metadata.as_object().expect("an object"));
            match (judged, hint) {
                (Ok(()), None) => {}
                (Err(refusal), Some(hint)) => {
                    assert_eq!(refusal.rule.id, "oidc-client-metadata");
                    assert!(refusal.description().contains(hint), "{refusal}");
                }
                (judged, _) => panic!("{metadata}: {judged:?}"),
            }
        }
    }
}
