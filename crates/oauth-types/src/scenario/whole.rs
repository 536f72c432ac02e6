//! A whole tenant, as data: what it is like, and what it is to do.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{ClientSetup, NextLogin, UserSetup};
use crate::Algorithm;
use crate::clock::Turn;
use crate::fault::{Barrier, Fault};

/// What a tenant is like, and what it is to do. What is left out is as it is without it.
/// ```
/// use oauth_types::scenario::Scenario;
/// let text = r#"{"profile":"oidc","on":["login-pages"],"users":[{"sub":"carol"}],"logins":[{"does":"deny"}]}"#;
/// let scenario: Scenario = serde_json::from_str(text)?;
/// assert_eq!(scenario.profile.as_deref(), Some("oidc"));
/// assert_eq!(serde_json::to_string(&scenario)?, text);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Scenario {
    /// The documents to speak and the choices to make, by the name of a profile. It comes first: choices that were made
    /// before are gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// Switches that are on, by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub on: Vec<String>,
    /// Switches that are off, by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub off: Vec<String>,
    /// Amounts, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub amount: BTreeMap<String, u64>,
    /// Documents that are left out, by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<String>,
    /// The relaxation `legacy`: documents that no new client should speak are spoken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub legacy: Option<bool>,
    /// The relaxation `any-client`: every client_id is taken for a client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub any_client: Option<bool>,
    /// What tokens are signed with: an algorithm with a private key.
    #[serde(deserialize_with = "super::setup::signing", skip_serializing_if = "Option::is_none")]
    pub alg: Option<Algorithm>,
    /// How long a code lives, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code_seconds: Option<u64>,
    /// How long an access token and an ID token live, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_seconds: Option<u64>,
    /// The clients. With them, the built-in ones are gone; one of the same identifier takes the place of the former.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub clients: Vec<ClientSetup>,
    /// The users. With them, the built-in ones are gone; one of the same `sub` takes the place of the former.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub users: Vec<UserSetup>,
    /// Whether the tenant signs with keys that no other has. Without this, tenants begin with the same worthless ones,
    /// and each rotates its own. Making some takes a good part of a second.
    #[serde(skip_serializing_if = "is_false")]
    pub own_keys: bool,
    /// After how many seconds the tenant is gone, by the clock of the tenant at the root.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lives_seconds: Option<u64>,
    /// How the clock is moved, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub clock: Vec<Turn>,
    /// What the person in front of the browser does next, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub logins: Vec<NextLogin>,
    /// How it misbehaves.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Fault>,
    /// What is held until it is released.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub barriers: Vec<Barrier>,
}

fn is_false(value: &bool) -> bool {
    !*value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_said_is_nothing_written() {
        assert_eq!(serde_json::to_string(&Scenario::default()).expect("JSON"), "{}");
        assert_eq!(serde_json::from_str::<Scenario>("{}").expect("a scenario"), Scenario::default());
    }

    #[test]
    fn a_misspelt_member_is_an_error() {
        assert!(serde_json::from_str::<Scenario>(r#"{"profil":"oidc"}"#).is_err());
    }
}
