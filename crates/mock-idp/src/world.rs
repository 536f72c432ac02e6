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

impl World {
    /// The longest that a record issued now is kept, in seconds: no document lets one live longer than the longest of
    /// its times.
    pub(crate) fn longest_lifetime(&self) -> u64 {
        let policy = &self.policy;
        let times =
            self.specs.iter().flat_map(|spec| spec.amounts()).filter(|amount| amount.name.ends_with("-seconds"));
        let longest = times.map(|amount| policy.value_of(amount)).max().unwrap_or_default();
        longest.max(policy.token_lifetime).max(policy.code_lifetime).saturating_add(policy.remembered())
    }
}

/// The relaxation that a request needs which speaks a document that no new client should speak.
pub(crate) const LEGACY: &str = "legacy";

/// What a server decides where the documents leave it a choice. The default is the strictest.
///
/// The choices of single documents have names: [`Policy::switch`] and [`Policy::amount`] set them, and
/// [`switches`](crate::switches) and [`amounts`](crate::amounts) list them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// What tokens are signed with, unless a client is registered with something else.
    pub algorithm: Algorithm,
    /// How long a code lives, in seconds (RFC 6749 §4.1.2 recommends at most ten minutes, FAPI 2.0 at most one).
    pub code_lifetime: u64,
    /// How long an access token and an ID token live, in seconds.
    pub token_lifetime: u64,
    /// The signature algorithms with a private key that are taken and used at all (RFC 8725 §3.1).
    pub algorithms: &'static [Algorithm],
    /// The types of authorization details that are known (RFC 9396 §2).
    pub authorization_details_types: Vec<String>,
    /// The protected resources that tokens may be asked for (RFC 8707 §2); if there are none, any may be.
    pub resources: Vec<String>,
    /// Whether clients can show certificates: the server speaks TLS itself.
    pub(crate) client_certificates: bool,
    chosen: Vec<(&'static str, u64)>,
}

/// A choice between two ways, with a name. Off is the default.
#[derive(Debug, PartialEq, Eq)]
pub struct Switch {
    /// Its name, such as `plain`.
    pub name: &'static str,
    /// What it does when it is on, in one sentence.
    pub says: &'static str,
    /// Whether it relaxes what a document asks for. The journal names the relaxations a request passed by.
    pub relaxes: bool,
}

/// A number that a document leaves to the server, with a name.
#[derive(Debug, PartialEq, Eq)]
pub struct Amount {
    /// Its name, with its unit, such as `request-uri-seconds`.
    pub name: &'static str,
    /// What it is, in one sentence.
    pub says: &'static str,
    /// What it is unless something else is said.
    pub default: u64,
}

impl Policy {
    /// Turns a switch on or off.
    pub fn switch(&mut self, switch: &Switch, on: bool) {
        self.choose(switch.name, u64::from(on));
    }

    /// Sets an amount.
    pub fn amount(&mut self, amount: &Amount, value: u64) {
        self.choose(amount.name, value);
    }

    /// Whether a switch is on.
    pub fn is_on(&self, switch: &Switch) -> bool {
        self.chosen(switch.name).is_some_and(|value| value != 0)
    }

    /// The value of an amount.
    pub fn value_of(&self, amount: &Amount) -> u64 {
        self.chosen(amount.name).unwrap_or(amount.default)
    }

    fn chosen(&self, name: &str) -> Option<u64> {
        self.chosen.iter().find(|(own, _)| *own == name).map(|(_, value)| *value)
    }

    fn choose(&mut self, name: &'static str, value: u64) {
        self.chosen.retain(|(own, _)| *own != name);
        self.chosen.push((name, value));
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
            algorithms: Algorithm::SIGNING,
            authorization_details_types: ["payment_initiation", "account_information"].map(str::to_owned).into(),
            resources: Vec::new(),
            client_certificates: false,
            chosen: Vec::new(),
        }
    }
}
