//! What a client showed of itself in the TLS handshake.

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

#[cfg(feature = "tls")]
mod parsed;

#[cfg(feature = "tls")]
pub use parsed::{Certificate, CertificateError, dn_matches, is_dn};

/// The certificates that a client presented, its own first. It proved in the handshake that it has the key to its own;
/// anything else is for whoever reads them to judge (RFC 8705 §2).
///
/// A request that is handed to [`MockIdp::call`](crate::MockIdp::call) may carry one among its extensions, as if it
/// had come over TLS.
#[derive(Clone)]
pub struct ClientCertificate {
    chain: Arc<[Vec<u8>]>,
    anchors: Option<Arc<dyn Anchors>>,
}

/// Certification authorities that are trusted to say who a client is.
pub(crate) trait Anchors: fmt::Debug + Send + Sync {
    /// Whether this chain, in DER and the client's own first, leads to one of them at this time.
    fn lead(&self, chain: &[Vec<u8>], now: u64) -> bool;
}

impl ClientCertificate {
    /// A client's certificate in DER, and any that lead from it to a certification authority.
    pub fn new(own: Vec<u8>, others: impl IntoIterator<Item = Vec<u8>>) -> Self {
        Self { chain: std::iter::once(own).chain(others).collect(), anchors: None }
    }

    /// Says who is trusted to say who a client is.
    #[cfg(feature = "tls")]
    pub(crate) fn judged_by(&mut self, anchors: Arc<dyn Anchors>) {
        self.anchors = Some(anchors);
    }

    /// The client's own certificate in DER.
    pub fn leaf_der(&self) -> &[u8] {
        self.chain.first().map_or(&[], Vec::as_slice)
    }

    /// Every certificate in DER, the client's own first.
    pub fn chain(&self) -> impl Iterator<Item = &[u8]> {
        self.chain.iter().map(Vec::as_slice)
    }

    /// The thumbprint of the client's own certificate (RFC 8705 §3.1).
    pub fn x5t_s256(&self) -> String {
        x5t_s256(self.leaf_der())
    }

    /// Whether the chain leads to a trusted certification authority at this time, in seconds since
    /// 1970-01-01T00:00:00Z (RFC 8705 §2.1): one that the server was told of, or else its own for clients.
    pub fn trusted(&self, now: u64) -> bool {
        self.anchors.as_ref().is_some_and(|anchors| anchors.lead(&self.chain, now))
    }
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (own, length) = (self.x5t_s256(), self.chain.len());
        f.debug_struct("ClientCertificate").field("x5t#S256", &own).field("length", &length).finish()
    }
}

/// The base64url form of the SHA-256 of a certificate in DER (RFC 8705 §3.1, RFC 7515 §4.1.8).
fn x5t_s256(der: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(der))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thumbprint_is_of_the_clients_own_certificate() {
        let one = ClientCertificate::new(b"abc".to_vec(), [b"ca".to_vec()]);
        // FIPS 180-4, the digest of "abc".
        assert_eq!(one.x5t_s256(), "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0");
        assert_eq!(one.chain().collect::<Vec<_>>(), [&b"abc"[..], b"ca"]);
        assert_eq!(format!("{one:?}"), format!("ClientCertificate {{ x5t#S256: {:?}, length: 2 }}", one.x5t_s256()));
    }

    #[test]
    fn nobody_is_trusted_unless_somebody_says_so() {
        assert!(!ClientCertificate::new(b"abc".to_vec(), []).trusted(0));
    }
}
