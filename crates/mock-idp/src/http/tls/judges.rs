//! Who is let in, and who is trusted. The one is not the other.

use std::sync::Arc;
use std::time::Duration;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{ParsedCertificate, WebPkiClientVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, RootCertStore, SignatureScheme};

use crate::certificate::Anchors;

/// Lets in every client that has the key of its certificate.
#[derive(Debug)]
pub(super) struct AnyCertificate(pub(super) WebPkiSupportedAlgorithms);

impl ClientCertVerifier for AnyCertificate {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        ParsedCertificate::try_from(end_entity)?;
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.0)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.0)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
}

/// Certification authorities, asked as TLS would ask them if it were to judge.
#[derive(Debug)]
pub(super) struct RootAnchors(Arc<dyn ClientCertVerifier>);

impl RootAnchors {
    /// `None` if there are no authorities.
    pub(super) fn new(roots: RootCertStore, provider: Arc<CryptoProvider>) -> Option<Self> {
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().ok().map(Self)
    }
}

impl Anchors for RootAnchors {
    fn lead(&self, chain: &[Vec<u8>], now: u64) -> bool {
        let mut chain = chain.iter().map(|der| CertificateDer::from(der.as_slice()));
        let Some(own) = chain.next() else { return false };
        let now = UnixTime::since_unix_epoch(Duration::from_secs(now));
        self.0.verify_client_cert(&own, &chain.collect::<Vec<_>>(), now).is_ok()
    }
}
