//! What every request meets: the ports, the policy, the clients, the people and the documents in force.

use std::sync::Arc;

use oauth_types::Algorithm;

use crate::clients::Clients;
use crate::people::People;
use crate::ports::Ports;
use crate::spec::Spec;

/// One server, assembled.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) ports: Ports,
    pub(crate) policy: Policy,
    pub(crate) clients: Clients,
    pub(crate) people: People,
    /// The documents in force, in the order of `specs/mod.rs`.
    pub(crate) specs: Vec<Arc<dyn Spec>>,
}

/// What a server decides where the documents leave it a choice. The default is the strictest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// What tokens are signed with, unless a client is registered with something else.
    pub algorithm: Algorithm,
    /// How long a code lives, in seconds (RFC 6749 §4.1.2 recommends at most ten minutes, FAPI 2.0 at most one).
    pub code_lifetime: u64,
    /// How long an access token and an ID token live, in seconds.
    pub token_lifetime: u64,
    /// How long a refresh token lives, in seconds, counted from its own issue.
    pub refresh_lifetime: u64,
    /// The relaxation `plain`: PKCE's plain method is accepted beside S256 (RFC 7636 §4.2).
    pub plain: bool,
    /// The relaxation `pkce-optional`: a client may leave PKCE out (RFC 9700 §2.1.1 forbids it to public clients).
    pub pkce_optional: bool,
}

impl Policy {
    /// The longest that a record issued now is kept, in seconds.
    pub(crate) fn longest_lifetime(&self) -> u64 {
        let longest = self.refresh_lifetime.max(self.token_lifetime).max(self.code_lifetime);
        longest.saturating_add(self.remembered())
    }

    /// How long a code is remembered after its end, in seconds, so that a late replay is recognised.
    pub(crate) fn remembered(&self) -> u64 {
        600
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            algorithm: Algorithm::Rs256,
            code_lifetime: 60,
            token_lifetime: 3600,
            refresh_lifetime: 30 * 24 * 3600,
            plain: false,
            pkce_optional: false,
        }
    }
}
