//! What the server remembers.

use std::collections::HashMap;

/// Codes, tokens, and the families they belong to.
#[derive(Debug, Default)]
pub(crate) struct Store {
    /// Codes by their value.
    pub(crate) codes: HashMap<String, Code>,
    /// The families of access tokens.
    pub(crate) access: HashMap<String, Family>,
    /// Refresh tokens by their value.
    pub(crate) refresh: HashMap<String, Refresh>,
    /// Families that are revoked.
    pub(crate) revoked: Vec<Family>,
    /// Every secret ever seen, for looking for them where they must not be.
    pub(crate) secrets: Vec<String>,
    serial: u64,
}

/// Everything that came from one code.
pub(crate) type Family = u64;

/// An authorization code.
#[derive(Debug, Clone)]
pub(crate) struct Code {
    pub(crate) client_id: String,
    pub(crate) redirect_uri: String,
    pub(crate) challenge: Option<Challenge>,
    pub(crate) family: Family,
    pub(crate) spent: bool,
    /// Read only where [`super::Defence::OwnVerdictOnly`] is off.
    pub(crate) verified: bool,
}

/// What a verifier is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Challenge {
    S256(String),
    Plain(String),
}

/// A refresh token.
#[derive(Debug, Clone)]
pub(crate) struct Refresh {
    pub(crate) client_id: String,
    pub(crate) family: Family,
    pub(crate) rotated: bool,
}

impl Store {
    /// A value that is unique, and long enough to be looked for.
    pub(crate) fn fresh(&mut self, kind: &str) -> String {
        self.serial += 1;
        let value = format!("{kind}-canary-{:06}", self.serial);
        self.secrets.push(value.clone());
        value
    }

    /// A family without members.
    pub(crate) fn family(&mut self) -> Family {
        self.serial += 1;
        self.serial
    }

    /// Kills every token of a family.
    pub(crate) fn revoke(&mut self, family: Family) {
        self.revoked.push(family);
    }

    /// Whether an access token works.
    pub(crate) fn is_live(&self, access: &str) -> bool {
        self.access.get(access).is_some_and(|family| !self.revoked.contains(family))
    }
}
