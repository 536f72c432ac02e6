//! Misbehaviour as data: what leaves the server changed, where, and how often.
//!
//! A fault is plain serde data, so the same value works in a Rust test, over HTTP and from any other language.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One deliberate misbehaviour of the mock server.
/// ```
/// use oauth_types::fault::{Edit, Fault, Point};
/// let fault = Fault::always(Point::AuthorizationResponse, Edit::set("iss", "https://evil.example"));
/// let text = serde_json::to_string(&fault)?;
/// assert_eq!(serde_json::from_str::<Fault>(&text)?, fault);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Where it acts.
    pub at: Point,
    /// On which of the matching responses.
    #[serde(default)]
    pub when: When,
    /// What it does there, in order.
    pub edit: Vec<Edit>,
}

impl Fault {
    /// A fault on every response that leaves at `at`.
    pub fn always(at: Point, edit: Edit) -> Self {
        Self { at, when: When::default(), edit: vec![edit] }
    }

    /// The same fault with one more edit.
    #[must_use]
    pub fn and(mut self, edit: Edit) -> Self {
        self.edit.push(edit);
        self
    }

    /// The same fault, on the next matching response only.
    #[must_use]
    pub fn once(mut self) -> Self {
        self.when.times = Some(1);
        self
    }

    /// The same fault, for one client only.
    #[must_use]
    pub fn for_client(mut self, client_id: impl Into<String>) -> Self {
        self.when.client_id = Some(client_id.into());
        self
    }
}

/// A place where something leaves the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Point {
    /// The metadata documents. Edits act on their members.
    Discovery,
    /// The key set. Edits act on its members.
    Jwks,
    /// The redirect or form that carries `code` or `error`. Edits act on its parameters.
    AuthorizationResponse,
    /// The answer of the token endpoint. Edits act on its members.
    TokenResponse,
    /// The answer of the UserInfo endpoint. Edits act on its claims.
    Userinfo,
    /// The ID token before it is signed. Edits act on its claims.
    IdToken,
    /// The access token before it is signed. Edits act on its claims.
    AccessToken,
    /// The token that an authorization response travels in (JARM) before it is signed. Edits act on its claims.
    ResponseToken,
    /// The answer of the pushed authorization request endpoint (RFC 9126). Edits act on its members.
    PushedAuthorization,
    /// The answer of the device authorization endpoint (RFC 8628). Edits act on its members.
    DeviceAuthorization,
    /// The answer of the backchannel authentication endpoint (CIBA). Edits act on its members.
    BackchannelAuthentication,
    /// The answer of the registration endpoint (RFC 7591, RFC 7592). Edits act on its members.
    Registration,
    /// The answer of the introspection endpoint (RFC 7662). Edits act on its members.
    Introspection,
    /// A signed answer of the introspection endpoint (RFC 9701) before it is signed. Edits act on its claims.
    IntrospectionToken,
    /// The answer of the revocation endpoint (RFC 7009). Edits act on its members.
    Revocation,
    /// The answer of the built-in protected resources. Edits act on its members.
    Resource,
    /// Protected resource metadata (RFC 9728). Edits act on its members.
    ResourceMetadata,
    /// A signed UserInfo answer (OpenID Connect Core §5.3.2) before it is signed. Edits act on its claims.
    UserinfoToken,
    /// The logout token of a back-channel logout before it is signed. Edits act on its claims.
    LogoutToken,
    /// The logout endpoint (OpenID Connect RP-Initiated Logout).
    Logout,
    /// A page for the person in front of the browser.
    Page,
}

/// On which of the matching responses a fault acts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct When {
    /// Let this many matching responses pass first.
    pub skip: u32,
    /// Then act this often; absent means always.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    /// Only responses to this client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
}

/// One change to what leaves the server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "do", deny_unknown_fields)]
#[non_exhaustive]
pub enum Edit {
    /// Put a value in place of a parameter, member or claim, or add it.
    Set {
        /// The name of the parameter, member or claim.
        name: String,
        /// The new value. At the authorization response, text is used as it is and anything else as JSON.
        value: Value,
    },
    /// Take a parameter, member or claim out.
    Remove {
        /// Its name.
        name: String,
    },
    /// Add a second parameter of the same name. Acts at the authorization response only.
    Repeat {
        /// Its name.
        name: String,
        /// The second value.
        value: String,
    },
    /// Put a JOSE header parameter of a token in place. Acts on tokens only.
    JoseHeader {
        /// Its name, such as `kid`.
        name: String,
        /// The new value; `null` takes it out.
        value: Value,
    },
    /// Sign a token otherwise than it should be. Acts on tokens only.
    Sign {
        /// How.
        with: Signature,
    },
    /// Answer with this status. Acts on HTTP answers.
    Status {
        /// The status code.
        code: u16,
    },
    /// Put an HTTP header in place.
    HttpHeader {
        /// Its name.
        name: String,
        /// Its value.
        value: String,
    },
    /// Answer with this body instead.
    Body {
        /// Its media type.
        content_type: String,
        /// The octets, as text.
        text: String,
    },
    /// Redirect the request elsewhere.
    Redirect {
        /// 301, 302, 303, 307 or 308.
        code: u16,
        /// Where to.
        location: String,
    },
}

impl Edit {
    /// [`Edit::Set`], from anything that makes a JSON value.
    pub fn set(name: impl Into<String>, value: impl Into<Value>) -> Self {
        Self::Set { name: name.into(), value: value.into() }
    }

    /// [`Edit::Remove`].
    pub fn remove(name: impl Into<String>) -> Self {
        Self::Remove { name: name.into() }
    }
}

/// Ways to sign a token wrongly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Signature {
    /// `alg` is `none` and the signature is empty (RFC 8725 §2.1).
    AlgNone,
    /// `alg` is `HS256`, keyed with the PEM text of the server's public key (RFC 8725 §2.1).
    Hs256PublicKey,
    /// The header is right and the signature is empty.
    Stripped,
    /// The header is right and the signature is of a key that is not published.
    UnpublishedKey,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_written_by_hand_easily() {
        let text = r#"{"at":"id_token","when":{"times":1},"edit":[{"do":"set","name":"aud","value":"other"}]}"#;
        let fault: Fault = serde_json::from_str(text).expect("a fault");
        assert_eq!(fault, Fault::always(Point::IdToken, Edit::set("aud", "other")).once());
    }

    #[test]
    fn a_misspelt_member_is_an_error() {
        let text = r#"{"at":"id_token","wen":{},"edit":[]}"#;
        assert!(serde_json::from_str::<Fault>(text).is_err());
    }
}
