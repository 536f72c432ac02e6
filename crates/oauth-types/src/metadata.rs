//! Authorization server metadata: RFC 8414 §2 and OpenID Connect Discovery 1.0 §3.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The metadata document of an authorization server, as published.
///
/// Members that are not named here are kept in [`ProviderMetadata::other`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProviderMetadata {
    /// The server's issuer identifier, compared exactly (RFC 8414 §3.3).
    pub issuer: String,
    /// Where a user agent is sent to ask for authorization.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization_endpoint: Option<String>,
    /// Where codes and refresh tokens are redeemed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_endpoint: Option<String>,
    /// Where the server's public keys are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
    /// Where claims about the user are (OpenID Connect Core §5.3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub userinfo_endpoint: Option<String>,
    /// Supported `response_type` values.
    #[serde(default)]
    pub response_types_supported: Vec<String>,
    /// Supported `response_mode` values; absent means query and fragment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_modes_supported: Option<Vec<String>>,
    /// Supported grant types; absent means authorization_code and implicit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant_types_supported: Option<Vec<String>>,
    /// Supported ways of client authentication; absent means client_secret_basic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_methods_supported: Option<Vec<String>>,
    /// Supported PKCE methods; absent means the server does not support PKCE (RFC 8414 §2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_challenge_methods_supported: Option<Vec<String>>,
    /// Supported scopes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes_supported: Option<Vec<String>>,
    /// Algorithms an ID token may be signed with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_token_signing_alg_values_supported: Option<Vec<String>>,
    /// Whether authorization responses carry `iss` (RFC 9207 §3).
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
    /// Every other member.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

#[cfg(test)]
mod tests {
    use super::ProviderMetadata;

    #[test]
    fn unknown_members_are_kept() {
        let text = r#"{"issuer":"https://a.example","response_types_supported":["code"],"x":[1]}"#;
        let metadata: ProviderMetadata = serde_json::from_str(text).expect("a metadata document");
        assert_eq!(metadata.other["x"], serde_json::json!([1]));
        assert!(!metadata.authorization_response_iss_parameter_supported);
    }

    #[test]
    fn a_wrong_type_is_an_error_not_an_absence() {
        let text = r#"{"issuer":"https://a.example","code_challenge_methods_supported":"S256"}"#;
        assert!(serde_json::from_str::<ProviderMetadata>(text).is_err());
    }
}
