//! The catalogue of named faults: what servers get wrong, each under one name.
//!
//! Names follow the vocabulary of the OpenID conformance suite where it has a word for it.
//! ```
//! use oauth_types::fault::{Fault, Point, catalogue};
//! let once = catalogue::INVALID_ISS.fault().once(); // on the next ID token only
//! let elsewhere = catalogue::CONNECTION_RESET.at(Point::Jwks); // not where it usually acts
//! let written: Fault = serde_json::from_str(r#"{"named": "invalid-iss", "when": {"times": 1}}"#)?;
//! assert_eq!(written, once);
//! # assert_ne!(elsewhere, once);
//! # Ok::<(), serde_json::Error>(())
//! ```

use std::fmt;

use super::{Edit, Fault, Point};

/// An issuer, a client, a server that has nothing to do with the one that is asked.
const ELSEWHERE: &str = "https://attacker.example";

/// Defines the faults of one layer: a static each, and the list of them.
macro_rules! faults {
    ($all:ident of $layer:ident: $($item:ident = $name:literal, $at:ident, $section:literal, $says:literal, $edits:expr
        $(, $narrowed:ident($($argument:expr)?))?;)+) => {
        $(
            #[doc = concat!($says, " (", $section, ").")]
            pub static $item: Named = Named {
                name: $name,
                layer: Layer::$layer,
                says: $says,
                section: $section,
                make: || Fault { at: Point::$at, when: When::default(), edit: Vec::from($edits) }
                    $(.$narrowed($($argument)?))?,
            };
        )+
        /// Every fault of this layer.
        pub(super) static $all: &[&Named] = &[$(&$item),+];
    };
}

mod authorization_response;
mod claims;
mod connection;
mod endpoints;
mod http;
mod jose;
mod keys;
mod metadata;
mod oauth;
mod tokens;

pub use authorization_response::*;
pub use claims::*;
pub use connection::*;
pub use endpoints::*;
pub use http::*;
pub use jose::*;
pub use keys::*;
pub use metadata::*;
pub use oauth::*;
pub use tokens::*;

/// A fault with a name.
#[derive(Clone, Copy)]
pub struct Named {
    /// Its name, such as `invalid-iss`.
    pub name: &'static str,
    /// Where in the stack the lie is.
    pub layer: Layer,
    /// What is wrong, in one sentence without a full stop.
    pub says: &'static str,
    /// The section that says how it should be, such as `RFC 6749 §5.1`.
    pub section: &'static str,
    make: fn() -> Fault,
}

/// A layer that a fault is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Layer {
    /// Connections and octets.
    Connection,
    /// HTTP.
    Http,
    /// The metadata documents.
    Metadata,
    /// What a browser carries back to the client.
    AuthorizationResponse,
    /// OAuth's own JSON.
    OAuth,
    /// Signatures and headers of tokens.
    Jose,
    /// The key set.
    Keys,
    /// What tokens and UserInfo say.
    Claims,
}

impl Named {
    /// The fault itself, always.
    pub fn fault(&self) -> Fault {
        (self.make)()
    }

    /// The same fault at another point than the usual one.
    pub fn at(&self, at: Point) -> Fault {
        Fault { at, ..self.fault() }
    }
}

impl From<Named> for Fault {
    fn from(named: Named) -> Self {
        named.fault()
    }
}

impl From<&Named> for Fault {
    fn from(named: &Named) -> Self {
        named.fault()
    }
}

impl fmt::Debug for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Named").field(&self.name).finish()
    }
}

/// Every named fault, layer by layer.
pub fn all() -> impl Iterator<Item = &'static Named> {
    let layers = [CONNECTION, HTTP, METADATA, AUTHORIZATION_RESPONSE, OAUTH, ENDPOINTS, JOSE, KEYS, CLAIMS, TOKENS];
    layers.into_iter().flatten().copied()
}

/// The fault of this name.
pub fn find(name: &str) -> Option<&'static Named> {
    all().find(|named| named.name == name)
}

/// The names most like one that is not there, the likeliest first.
pub(super) fn like(name: &str) -> Vec<&'static str> {
    let words: Vec<&str> = name.split(['-', '_', ' ']).filter(|word| !word.is_empty()).collect();
    let likeness = |own: &str| {
        let shared = words.iter().filter(|word| own.split('-').any(|part| part == **word)).count();
        let start = own.bytes().zip(name.bytes()).take_while(|(one, other)| one == other).count();
        4 * shared + start
    };
    let mut names: Vec<(usize, &str)> = all().map(|named| (likeness(named.name), named.name)).collect();
    names.retain(|(likeness, _)| *likeness > 2);
    names.sort_by_key(|(likeness, own)| (usize::MAX - likeness, own.len()));
    names.into_iter().take(5).map(|(_, own)| own).collect()
}

fn set(name: &str, value: impl Into<serde_json::Value>) -> Edit {
    Edit::set(name, value)
}

fn remove(name: &str) -> Edit {
    Edit::remove(name)
}

fn suffix(name: &str, text: &str) -> Edit {
    Edit::Suffix { name: name.to_owned(), text: text.to_owned() }
}

fn append(name: &str, value: impl Into<serde_json::Value>) -> Edit {
    Edit::Append { name: name.to_owned(), value: value.into() }
}

fn shift(name: &str, by: i64) -> Edit {
    Edit::Shift { name: name.to_owned(), by }
}

fn repeat(name: &str, value: &str) -> Edit {
    Edit::Repeat { name: name.to_owned(), value: value.to_owned() }
}

/// An OAuth error with its usual status, or another.
fn error(code: &str, status: impl Into<Option<u16>>) -> Edit {
    Edit::Error { error: code.to_owned(), description: None, status: status.into() }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_are_distinct_and_in_kebab_case() {
        let mut seen = HashSet::new();
        for named in all() {
            assert!(seen.insert(named.name), "{}", named.name);
            let legal = |octet: u8| octet.is_ascii_lowercase() || octet.is_ascii_digit() || octet == b'-';
            assert!(named.name.bytes().all(legal), "{}", named.name);
            assert!(!named.says.ends_with('.') && named.section.contains(['§', ' ']), "{}", named.name);
            assert_eq!(named.fault().check(), Ok(()), "{}", named.name);
        }
        assert!(seen.len() > 150, "{}", seen.len());
    }

    #[test]
    fn every_name_of_the_conformance_suite_is_there() {
        for name in [
            "invalid-iss",
            "invalid-aud",
            "nonce-invalid",
            "invalid-sig-rs256",
            "invalid-sig-es256",
            "invalid-sig-hs256",
            "idtoken-sig-none",
            "missing-aud",
            "missing-iat",
            "missing-sub",
            "missing-athash",
            "missing-chash",
            "invalid-athash",
            "invalid-chash",
            "kid-absent-single-jwks",
            "kid-absent-multiple-jwks",
            "signing-key-rotation",
            "signing-key-rotation-just-before-signing",
            "discovery-issuer-mismatch",
            "userinfo-invalid-sub",
            "refresh-token-invalid-issuer",
            "refresh-token-invalid-sub",
            "backchannel-rpinitlogout-alg-none",
            "backchannel-rpinitlogout-wrong-aud",
            "backchannel-rpinitlogout-wrong-iss",
            "backchannel-rpinitlogout-wrong-event",
            "backchannel-rpinitlogout-with-nonce",
        ] {
            assert_eq!(find(name).map(|named| named.name), Some(name));
        }
    }

    #[test]
    fn a_misspelt_name_finds_its_likes() {
        assert_eq!(like("invalid-issuer")[0], "invalid-iss");
        assert!(like("expires_in").contains(&"expires-in-missing"));
        assert!(like("nonce").contains(&"nonce-invalid"));
        assert_eq!(like("%"), Vec::<&str>::new());
    }
}
