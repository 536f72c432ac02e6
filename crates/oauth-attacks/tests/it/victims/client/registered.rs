//! How the application is registered with its providers.

use std::collections::BTreeSet;

use oauth_attacks::{Key, Provider, Registration};

use super::{Defence, Login, Victim};

const ID: &str = "client-under-test";
const REDIRECT_URI: &str = "http://127.0.0.1:9/callback";

/// A way to be registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Registered {
    /// Without a key or a secret.
    Public,
    /// With a secret.
    Confidential,
    /// With a key, pushing its requests and proving that its tokens are its own: as FAPI 2.0 has it.
    Financial,
    /// Asking for signed responses.
    Signed,
    /// With a redirect URI for each of two servers.
    ApartByServer,
    /// Without a key or a secret, and listening on another port of the loopback interface for each login.
    Listening,
}

impl Registered {
    /// Every way that is needed for some defence to be missed.
    pub(crate) const ALL: [Self; 5] =
        [Self::Public, Self::Confidential, Self::Financial, Self::Signed, Self::ApartByServer];

    pub(super) fn registration(self, off: &BTreeSet<Defence>) -> Registration {
        let redirect_uri = if off.contains(&Defence::RedirectEncrypted) {
            "http://app.example/callback"
        } else if off.contains(&Defence::RedirectLiteral) {
            "http://localhost:9/callback"
        } else {
            REDIRECT_URI
        };
        let key = || Key::fresh().expect("a key");
        match self {
            Self::Public => Registration::public(ID, redirect_uri),
            Self::Confidential => Registration::confidential(ID, "a-secret-of-the-victim-alone", redirect_uri),
            Self::Financial => Registration::keyed(ID, key(), redirect_uri).pushing().proving(key()),
            Self::Listening => Registration::public(ID, "http://127.0.0.1/callback"),
            Self::Signed => Registration::public(ID, redirect_uri).always("response_mode", "jwt"),
            Self::ApartByServer => {
                Registration::public(ID, redirect_uri).redirect_uri_too("http://127.0.0.1:9/other-callback")
            }
        }
    }
}

impl Defence {
    /// How an application is registered that can lack it.
    pub(crate) fn registered(self) -> Registered {
        match self {
            Self::AuthenticatesOnce | Self::SecretOnlyWhereOffered => Registered::Confidential,
            Self::AssertionForIssuer
            | Self::AssertionsUsedOnce
            | Self::AssertionsShortLived
            | Self::AssertionKept
            | Self::ProofsUsedOnce
            | Self::ProofsNameTargets
            | Self::ProofsNameTokens
            | Self::ProofKeyPublic
            | Self::PushedAlone
            | Self::PushedAlways
            | Self::BoundTokenExpected
            | Self::KeyForEachServer
            | Self::NonceDemandedOnce => Registered::Financial,
            Self::SignedResponseRequired | Self::ResponseSignatureVerified | Self::ResponseClaimsCompared => {
                Registered::Signed
            }
            Self::RedirectCompared => Registered::ApartByServer,
            _ => Registered::Public,
        }
    }
}

impl Victim {
    /// Remembers a provider.
    pub(super) fn know(&self, provider: &Provider) {
        let mut known = self.providers.lock().expect("nobody panics with the providers in hand");
        if !known.iter().any(|own| own.issuer == provider.issuer) {
            known.push(provider.clone());
        }
    }

    /// The providers it knows, the first one first.
    pub(super) fn known(&self) -> Vec<Provider> {
        self.providers.lock().expect("nobody panics with the providers in hand").clone()
    }

    /// The redirect URI for this provider (RFC 9700 section 4.4.2.2).
    pub(super) fn redirect_uri(&self, provider: &Provider) -> String {
        let uris = &provider.client.redirect_uris;
        let place = self.known().iter().position(|own| own.issuer == provider.issuer).unwrap_or_default();
        uris[place % uris.len()].clone()
    }

    /// The redirect URI in the token request (RFC 6749 section 4.1.3).
    pub(super) fn redirect_uri_again(&self, login: &Login) -> String {
        let slash = if self.on(Defence::RedirectRepeated) { "" } else { "/" };
        format!("{}{slash}", login.redirect_uri)
    }

    /// A text that anybody can guess.
    pub(super) fn count(&self) -> String {
        format!("{:022}", self.serial.fetch_add(1, std::sync::atomic::Ordering::Relaxed))
    }
}
