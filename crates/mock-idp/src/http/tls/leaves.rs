//! Which certificate a client is shown: the server's own, or one for the name that it asks for.

use std::collections::VecDeque;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use rustls::server::{ClientHello, ParsedCertificate, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use sha2::{Digest, Sha256};

use super::{Role, TlsError, certificates, provider, unusable};
use crate::ports::authority::{Authority, Credential};
use crate::request::Host;

/// What every server on this machine is called by.
pub(crate) const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// How many certificates are kept beside the server's own.
const MOST: usize = 64;

/// The certificates of a server, all of one key.
pub(super) struct Leaves {
    own: Arc<CertifiedKey>,
    further: Option<Further>,
}

/// Names below those of the server: `acme.localhost`.
struct Further {
    authority: Arc<Authority>,
    own: Credential,
    now: u64,
    /// The eldest first.
    made: Mutex<VecDeque<(String, Arc<CertifiedKey>)>>,
}

impl Leaves {
    /// The one certificate there is, with any that lead to its certification authority, and its key. PEM.
    pub(super) fn one(chain: &str, key: &str) -> Result<Self, TlsError> {
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(|_| TlsError::Key)?;
        let own = CertifiedKey::from_der(certificates(chain, Role::Server)?, key, &provider()).map_err(unusable)?;
        Ok(Self { own: Arc::new(own), further: None })
    }

    /// The server's own certificate, and others that `authority` issues when a client asks for them.
    pub(super) fn of(authority: Arc<Authority>, own: Credential, now: u64) -> Result<Self, TlsError> {
        let leaves = Self::one(&own.certificate_pem, own.key_pem.expose())?;
        Ok(Self { further: Some(Further { authority, own, now, made: Mutex::default() }), ..leaves })
    }

    /// The SHA-256 of the SubjectPublicKeyInfo of all of them, in base64.
    pub(super) fn spki_sha256(&self) -> Result<String, TlsError> {
        let own = self.own.cert.first().ok_or(TlsError::Certificate(Role::Server))?;
        let read = ParsedCertificate::try_from(own).map_err(unusable)?;
        Ok(BASE64_STANDARD.encode(Sha256::digest(read.subject_public_key_info())))
    }

    /// What a client is shown that asks for `name`. One that the authority may not speak for gets the server's own:
    /// the client sees for itself that it is another's.
    fn called(&self, name: Option<&str>) -> Arc<CertifiedKey> {
        let further = name.zip(self.further.as_ref());
        let made = further.and_then(|(name, further)| further.find(name.to_ascii_lowercase()));
        made.unwrap_or_else(|| self.own.clone())
    }
}

impl Further {
    fn find(&self, name: String) -> Option<Arc<CertifiedKey>> {
        if !self.authority.is_above(&name) {
            return None;
        }
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, known)) = made.iter().find(|(own, _)| *own == name) {
            return Some(known.clone());
        }
        let leaf = self.make(&name)?;
        if made.len() == MOST {
            made.pop_front();
        }
        made.push_back((name, leaf.clone()));
        Some(leaf)
    }

    fn make(&self, name: &str) -> Option<Arc<CertifiedKey>> {
        let leaf = self.authority.renamed(&self.own, name, self.now).ok()?;
        Leaves::one(&leaf.certificate_pem, leaf.key_pem.expose()).ok().map(|leaf| leaf.own)
    }
}

impl ResolvesServerCert for Leaves {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.called(hello.server_name()))
    }
}

impl fmt::Debug for Leaves {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Leaves(..)")
    }
}

/// These names, and further ones.
pub(super) fn named(hosts: &[String], further: Vec<String>) -> Result<Vec<String>, TlsError> {
    let mut named = hosts.to_vec();
    for name in further {
        // An address of IPv6 has no brackets here, and none of both a port.
        let address = name.parse::<IpAddr>().ok().map(|address| address.to_string());
        let host = match address {
            Some(address) => address,
            None if name.contains([':', '[']) || Host::parse(&name).is_none() => return Err(TlsError::Name(name)),
            None => name.to_ascii_lowercase(),
        };
        if !named.contains(&host) {
            named.push(host);
        }
    }
    Ok(named)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificate::Certificate;

    const NOW: u64 = 1_800_000_000;

    fn leaves() -> Leaves {
        let hosts = ["localhost", "idp.example", "127.0.0.1"].map(str::to_owned);
        let authority = Arc::new(Authority::of_hosts(&hosts, NOW).expect("an authority"));
        let own = authority.server(&hosts, NOW).expect("a certificate");
        Leaves::of(authority, own, NOW).expect("certificates")
    }

    fn names(leaf: &CertifiedKey) -> Vec<String> {
        Certificate::parse(&leaf.cert[0]).expect("a certificate").san_dns().map(str::to_owned).collect()
    }

    #[test]
    fn a_name_below_the_servers_has_a_certificate_of_its_own() {
        let leaves = leaves();
        for name in ["acme.localhost", "a.b.idp.example"] {
            let leaf = leaves.called(Some(name));
            assert_eq!(names(&leaf), [name]);
            assert!(Arc::ptr_eq(&leaf, &leaves.called(Some(&name.to_uppercase()))), "it is made once");
            let key = |leaf: &CertifiedKey| leaf.key.public_key().map(|key| key.to_vec());
            assert_eq!(key(&leaf), key(&leaves.own), "the key is the same");
        }
    }

    #[test]
    fn no_other_name_has_one() {
        let leaves = leaves();
        for name in [None, Some("localhost"), Some("idp.example")] {
            assert!(Arc::ptr_eq(&leaves.called(name), &leaves.own), "{name:?}");
        }
        for name in ["example", "other.example", "notlocalhost", "localhost.evil", "x.127.0.0.1", ".localhost", ""] {
            assert!(Arc::ptr_eq(&leaves.called(Some(name)), &leaves.own), "{name}");
        }
        assert!(leaves.further.expect("generated").made.lock().expect("no panic").is_empty());
    }

    #[test]
    fn no_more_are_kept_than_there_is_room_for() {
        let leaves = leaves();
        let name = |number: usize| format!("t{number}.localhost");
        let first = leaves.called(Some(&name(0)));
        for number in 1..=MOST {
            leaves.called(Some(&name(number)));
        }
        let made = |leaves: &Leaves| leaves.further.as_ref().expect("generated").made.lock().expect("no panic").len();
        assert_eq!(made(&leaves), MOST);
        assert!(!Arc::ptr_eq(&first, &leaves.called(Some(&name(0)))), "the eldest is made anew");
        assert_eq!(made(&leaves), MOST);
    }
}
