//! Misbehaviour as data: what leaves the server changed, where, and how often.
//!
//! A fault is plain serde data, so the same value works in a Rust test, over HTTP and from any other language.

use serde::{Deserialize, Serialize};

/// How a fault or a barrier is narrowed down: the verbs of its [`When`].
macro_rules! narrowed {
    ($type:ident: $what:literal, $meets:literal) => {
        impl $type {
            #[doc = concat!("The same ", $what, ", for the next matching ", $meets, " only.")]
            #[must_use]
            pub fn once(self) -> Self {
                self.times(1)
            }

            #[doc = concat!("The same ", $what, ", for the `n`th matching ", $meets, " only; the first is 1.")]
            #[must_use]
            pub fn nth(mut self, n: u32) -> Self {
                self.when.skip = n.saturating_sub(1);
                self.times(1)
            }

            #[doc = concat!("The same ", $what, ", for so many of the next matching ", $meets, "s.")]
            #[must_use]
            pub fn times(mut self, times: u32) -> Self {
                self.when.times = Some(times);
                self
            }

            #[doc = concat!("The same ", $what, ", at token requests of one grant type only.")]
            #[must_use]
            pub fn for_grant(mut self, grant_type: impl Into<String>) -> Self {
                self.when.grant_type = Some(grant_type.into());
                self
            }

            #[doc = concat!("The same ", $what, ", for one client only.")]
            #[must_use]
            pub fn for_client(mut self, client_id: impl Into<String>) -> Self {
                self.when.client_id = Some(client_id.into());
                self
            }
        }
    };
}

mod barrier;
pub mod catalogue;
mod check;
mod edit;
mod written;

pub use barrier::{Barrier, Hold};
pub use catalogue::Named;
pub use check::Unfit;
pub use edit::{Edit, KeySet, RateLimit, Signature};
pub use written::Unwritten;

/// One deliberate misbehaviour of the mock server.
/// ```
/// use oauth_types::fault::{Edit, Fault, Point};
/// let fault = Fault::always(Point::AuthorizationResponse, Edit::set("iss", "https://evil.example"));
/// let text = serde_json::to_string(&fault)?;
/// assert_eq!(serde_json::from_str::<Fault>(&text)?, fault);
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// Instead of its parts, the name that it has in the [catalogue] can be written: `{"named": "invalid-iss"}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "written::Written")]
pub struct Fault {
    /// Where it acts.
    pub at: Point,
    /// On which of the matching responses.
    pub when: When,
    /// What it does there, in order.
    pub edit: Vec<Edit>,
}

impl Fault {
    /// A fault on every response that leaves at `at`.
    pub fn always(at: Point, edit: Edit) -> Self {
        Self { at, when: When::default(), edit: vec![edit] }
    }

    /// The fault of this name, if there is one. A name in the source is better written as a constant of the
    /// [catalogue], which cannot be misspelt.
    pub fn named(name: &str) -> Option<Self> {
        catalogue::find(name).map(Named::fault)
    }

    /// The same fault with one more edit.
    #[must_use]
    pub fn and(mut self, edit: Edit) -> Self {
        self.edit.push(edit);
        self
    }
}

narrowed!(Fault: "fault", "response");

/// The names of all faults of the [catalogue].
pub fn names() -> impl Iterator<Item = &'static str> {
    catalogue::all().map(|named| named.name)
}

/// A place where something leaves the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
    /// Only what token requests of this grant type lead to, as `refresh_token`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant_type: Option<String>,
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
        let text = r#"{"at":"jwks","edit":[{"do":"reset","wen":1}]}"#;
        assert!(serde_json::from_str::<Fault>(text).is_err());
    }
}
