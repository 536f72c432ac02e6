//! Which documents are in force, and what the server decides where they leave it a choice.
//!
//! A profile is data: a list of documents and a policy. It only tightens or loosens choices that have names; the
//! journal names the relaxations that a request passed by.

use std::fmt;
use std::sync::Arc;

use oauth_types::Algorithm;

use crate::described::Choice;
use crate::spec::Spec;
use crate::specs;
use crate::world::Policy;

/// A set of documents and choices that clients are written for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Profile {
    /// Every document but the legacy ones, and every choice made strictly. The default.
    #[default]
    Strict,
    /// OAuth 2.1 (draft-ietf-oauth-v2-1) and its extensions, without OpenID Connect.
    Oauth21,
    /// OpenID Connect Core with discovery, registration and logout, with PKCE.
    Oidc,
    /// FAPI 2.0 Security Profile: pushed requests, keys in place of secrets, sender-constrained tokens.
    Fapi2,
    /// FAPI 2.0 Message Signing: the Security Profile with signed requests, and signed responses on offer.
    Fapi2MessageSigning,
    /// MCP authorization, 2025-11-25 and later.
    Mcp,
    /// RFC 7636 as it was written: PKCE on RFC 6749 and RFC 6750, with the method plain.
    Rfc7636,
    /// What servers did before OAuth 2.1: the implicit and password grants, hybrid flows, and PKCE for those who like it.
    Legacy,
}

/// What a profile is made of.
struct Made {
    name: &'static str,
    says: &'static str,
    /// The optional documents it speaks; `None` for all but the legacy ones.
    speaks: Option<&'static [&'static str]>,
    legacy: bool,
    on: &'static [&'static str],
    algorithms: &'static [Algorithm],
    algorithm: Algorithm,
}

const PLAIN: Made = Made {
    name: "strict",
    says: "every document, every choice made strictly",
    speaks: None,
    legacy: false,
    on: &[],
    algorithms: Algorithm::SIGNING,
    algorithm: Algorithm::Rs256,
};

static STRICT: Made = PLAIN;

static OAUTH21: Made = Made {
    name: "oauth21",
    says: "OAuth 2.1 and its extensions, without OpenID Connect",
    speaks: Some(&[
        "RFC 6749 client credentials",
        "RFC 7009",
        "RFC 7523 authorization grant",
        "RFC 7523 client authentication",
        "RFC 7591",
        "RFC 7592",
        "RFC 7636",
        "RFC 7662",
        "RFC 8414",
        "RFC 8628",
        "RFC 8693",
        "RFC 8705",
        "RFC 8707",
        "RFC 9101",
        "RFC 9126",
        "RFC 9207",
        "RFC 9396",
        "RFC 9449",
        "RFC 9470",
        "RFC 9701",
        "RFC 9728",
        "OAuth 2.0 Form Post Response Mode",
        "JARM",
    ]),
    ..PLAIN
};

static OIDC: Made = Made {
    name: "oidc",
    says: "OpenID Connect with discovery, registration and logout",
    speaks: Some(&[
        "RFC 6749 client credentials",
        "RFC 7009",
        "RFC 7523 client authentication",
        "RFC 7591",
        "RFC 7592",
        "RFC 7636",
        "RFC 7662",
        "RFC 8414",
        "RFC 8628",
        "RFC 9101",
        "RFC 9207",
        "OAuth 2.0 Form Post Response Mode",
        "JARM",
        "OpenID Connect Core 1.0",
        "OpenID Connect Discovery 1.0",
        "OpenID Connect Dynamic Client Registration 1.0",
        "OpenID Connect RP-Initiated Logout 1.0",
        "OpenID Connect Back-Channel Logout 1.0",
        "OpenID Connect Front-Channel Logout 1.0",
        "OpenID Connect Session Management 1.0",
        "OpenID Connect CIBA",
    ]),
    // OpenID Connect Core §6.1 came before RFC 9101, and its request objects say less; its §3.1.2.6 tells every client of
    // errors.
    on: &["redirect-for-strangers", "request-object-openid"],
    ..PLAIN
};

/// The documents of FAPI 2.0, Message Signing included.
const FAPI: &[&str] = &[
    "RFC 6749 client credentials",
    "RFC 7009",
    "RFC 7523 client authentication",
    "RFC 7636",
    "RFC 7662",
    "RFC 8414",
    "RFC 8705",
    "RFC 8707",
    "RFC 9101",
    "RFC 9126",
    "RFC 9207",
    "RFC 9396",
    "RFC 9449",
    "RFC 9701",
    "JARM",
    "FAPI 2.0 Security Profile",
    "OpenID Connect Core 1.0",
    "OpenID Connect Discovery 1.0",
];

static FAPI2: Made = Made {
    name: "fapi2",
    says: "FAPI 2.0 Security Profile",
    speaks: Some(FAPI),
    on: &[
        "redirect-by-303",
        "refresh-not-rotated",
        "require-pushed-authorization-requests",
        "require-sender-constrained",
        "strong-client-authentication",
    ],
    // FAPI 2.0 Security Profile §5.4.1: "PS256, ES256, or EdDSA (using the Ed25519 variant)".
    algorithms: &[Algorithm::Ps256, Algorithm::Es256, Algorithm::EdDsa, Algorithm::Ed25519],
    algorithm: Algorithm::Ps256,
    ..PLAIN
};

static MESSAGE_SIGNING: Made = Made {
    name: "fapi2-message-signing",
    says: "FAPI 2.0 Message Signing on top of the Security Profile",
    speaks: FAPI2.speaks,
    on: &[
        "redirect-by-303",
        "refresh-not-rotated",
        "request-object-nbf",
        "require-pushed-authorization-requests",
        "require-sender-constrained",
        "require-signed-request-object",
        "strong-client-authentication",
    ],
    algorithms: FAPI2.algorithms,
    algorithm: Algorithm::Ps256,
    ..PLAIN
};

static MCP: Made = Made {
    name: "mcp",
    says: "MCP authorization, 2025-11-25 and later",
    speaks: Some(&[
        "RFC 6749 client credentials",
        "RFC 7009",
        "RFC 7523 client authentication",
        "RFC 7591",
        "RFC 7592",
        "RFC 7636",
        "RFC 8414",
        "RFC 8707",
        "RFC 9207",
        "RFC 9728",
        "MCP Authorization",
        "OAuth Client ID Metadata Document",
        "OpenID Connect Discovery 1.0",
    ]),
    ..PLAIN
};

static RFC7636: Made = Made {
    name: "rfc7636",
    says: "PKCE as RFC 7636 has it, the method plain included",
    speaks: Some(&["RFC 7636", "RFC 8414"]),
    on: &["plain"],
    ..PLAIN
};

static LEGACY: Made = Made {
    name: "legacy",
    says: "what servers did before OAuth 2.1, each relaxation named in the journal",
    legacy: true,
    on: &[
        "audience-token-endpoint",
        "pkce-optional",
        "plain",
        "redirect-for-strangers",
        "request-object-merged",
        "request-object-openid",
        "request-uri-unregistered",
        "token-in-query",
    ],
    ..PLAIN
};

impl Profile {
    /// Every profile.
    pub const ALL: &'static [Self] = &[
        Self::Strict,
        Self::Oauth21,
        Self::Oidc,
        Self::Fapi2,
        Self::Fapi2MessageSigning,
        Self::Mcp,
        Self::Rfc7636,
        Self::Legacy,
    ];

    /// Its name: `fapi2`.
    pub fn name(self) -> &'static str {
        self.made().name
    }

    /// What it is, in a few words.
    pub fn says(self) -> &'static str {
        self.made().says
    }

    /// The profile of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|profile| profile.name() == name)
    }

    /// The names of all profiles, for messages.
    pub fn names() -> String {
        Self::ALL.iter().map(|profile| profile.name()).collect::<Vec<_>>().join(", ")
    }

    /// What it decides.
    pub fn policy(self) -> Policy {
        self.setup().policy
    }

    /// The names of the documents it speaks, each once, in the order their checks run.
    pub fn documents(self) -> Vec<&'static str> {
        self.setup().specs.iter().fold(Vec::new(), |mut names, spec| {
            if !names.contains(&spec.name()) {
                names.push(spec.name());
            }
            names
        })
    }

    fn made(self) -> &'static Made {
        match self {
            Self::Strict => &STRICT,
            Self::Oauth21 => &OAUTH21,
            Self::Oidc => &OIDC,
            Self::Fapi2 => &FAPI2,
            Self::Fapi2MessageSigning => &MESSAGE_SIGNING,
            Self::Mcp => &MCP,
            Self::Rfc7636 => &RFC7636,
            Self::Legacy => &LEGACY,
        }
    }

    /// The documents it speaks and the choices it makes.
    pub(crate) fn setup(self) -> Setup {
        let made = self.made();
        let mut specs = specs::all();
        if made.legacy {
            specs.extend(specs::legacy());
        }
        if let Some(speaks) = made.speaks {
            specs.retain(|spec| !spec.optional() || speaks.contains(&spec.name()));
        }
        let mut policy = Policy::default();
        policy.algorithm = made.algorithm;
        policy.algorithms = made.algorithms;
        let mut setup = Setup { specs, policy };
        for name in made.on {
            // A test says that every name is one of a switch.
            let _ = setup.choose(name, Choice::Switch(true));
        }
        setup
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A list of documents and a policy.
#[derive(Debug)]
pub(crate) struct Setup {
    pub(crate) specs: Vec<Arc<dyn Spec>>,
    pub(crate) policy: Policy,
}

impl Setup {
    /// Adds the documents that no new client should speak.
    pub(crate) fn legacy(&mut self) {
        for spec in specs::legacy() {
            if !self.specs.iter().any(|own| own.name() == spec.name()) {
                self.specs.push(spec);
            }
        }
    }

    /// Takes a document out, by its short name.
    ///
    /// # Errors
    /// The names that could have been taken out, if `name` is none of them.
    pub(crate) fn without(&mut self, name: &str) -> Result<(), String> {
        let before = self.specs.len();
        self.specs.retain(|spec| !(spec.optional() && spec.name() == name));
        if self.specs.len() < before {
            return Ok(());
        }
        let optional = self.specs.iter().filter(|spec| spec.optional()).map(|spec| spec.name());
        Err(optional.collect::<Vec<_>>().join(", "))
    }

    /// Turns a switch on or off, or sets an amount, by its name.
    ///
    /// # Errors
    /// The names that could have been chosen, if `name` is none of them.
    pub(crate) fn choose(&mut self, name: &str, choice: Choice) -> Result<(), String> {
        let switches: Vec<_> = self.specs.iter().flat_map(|spec| spec.switches()).collect();
        let amounts: Vec<_> = self.specs.iter().flat_map(|spec| spec.amounts()).collect();
        let switch = switches.iter().find(|switch| switch.name == name);
        let amount = amounts.iter().find(|amount| amount.name == name);
        match (choice, switch, amount) {
            (Choice::Switch(on), Some(switch), _) => self.policy.switch(switch, on),
            (Choice::Amount(value), _, Some(amount)) => self.policy.amount(amount, value),
            (Choice::Switch(_), None, _) => {
                return Err(switches.iter().map(|own| own.name).collect::<Vec<_>>().join(", "));
            }
            (Choice::Amount(_), _, None) => {
                return Err(amounts.iter().map(|own| own.name).collect::<Vec<_>>().join(", "));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_in_a_profile_is_that_of_a_document_or_of_a_switch() {
        let every = specs::every();
        for profile in Profile::ALL {
            let (made, mut setup) = (profile.made(), profile.setup());
            for name in made.speaks.unwrap_or_default() {
                // Mutual TLS is there with the feature `tls` alone.
                let known = *name == "RFC 8705" || every.iter().any(|spec| spec.name() == *name && spec.optional());
                assert!(known, "{profile}: {name}");
            }
            for name in made.on {
                assert_eq!(setup.choose(name, Choice::Switch(true)), Ok(()), "{profile}: {name}");
            }
        }
    }

    #[test]
    fn names_of_specs_are_unique_and_so_are_those_of_profiles() {
        let every = specs::every();
        for (at, spec) in every.iter().enumerate().filter(|(_, spec)| spec.optional()) {
            assert!(!every[..at].iter().any(|other| other.name() == spec.name()), "{}", spec.name());
        }
        for profile in Profile::ALL {
            assert_eq!(Profile::named(profile.name()), Some(*profile));
        }
        assert_eq!(Profile::named("Strict"), None);
    }

    #[test]
    fn the_strict_profile_relaxes_nothing() {
        assert_eq!(Profile::Strict.policy(), Policy::default());
    }
}
