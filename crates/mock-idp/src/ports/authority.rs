//! Certification authorities, made when a server starts. Their keys never leave the process.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use oauth_types::Secret;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, CidrSubnet, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, KeyPair, KeyUsagePurpose, NameConstraints, SanType, date_time_ymd,
};

use crate::certificate::ClientCertificate;

/// The last second that a certificate can name: 9999-12-31T23:59:59Z (RFC 5280 §4.1.2.5).
const NEVER: u64 = 253_402_300_799;
/// How long before the server starts its certificates are valid: clocks differ.
const DAY: u64 = 24 * 60 * 60;
/// How long a server's certificate is valid. Browsers take none that is valid for much longer.
const LIFE: u64 = 397 * DAY;

/// Whom a certificate for tests is about.
#[derive(Debug, Clone)]
#[must_use = "a subject has no certificate yet"]
pub struct Subject {
    name: String,
    organization: Option<String>,
    alternatives: Vec<Alternative>,
    valid: (u64, u64),
}

#[derive(Debug, Clone)]
enum Alternative {
    Dns(String),
    Uri(String),
    Ip(IpAddr),
    Email(String),
}

/// A certificate and its key.
#[derive(Debug, Clone)]
pub struct Credential {
    /// The certificate, in PEM.
    pub certificate_pem: String,
    /// Its key: PKCS #8 in PEM.
    pub key_pem: Secret,
    der: Vec<u8>,
}

/// Why a certificate was not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialError {
    /// A DNS name, URI or e-mail address has characters beyond ASCII (RFC 5280 §4.2.1.6).
    #[error("{0:?} cannot stand in a certificate: it has characters beyond ASCII")]
    Name(String),
    /// The server has no TLS.
    #[error("a server without TLS issues no certificates")]
    NoTls,
    /// A key could not be made.
    #[error("a certificate could not be made: {0}")]
    Failed(String),
}

/// Somebody who issues certificates.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    /// The names that it may speak for, and for those below them. None: it is not about names.
    names: Vec<String>,
}

impl Subject {
    /// Somebody with this common name. Certificates are valid from 1970 to 9999 unless [`Subject::valid`] says when.
    pub fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), organization: None, alternatives: Vec::new(), valid: (0, NEVER) }
    }

    /// The organization the subject belongs to: `CN=web,O=Example`.
    pub fn organization(mut self, name: impl Into<String>) -> Self {
        self.organization = Some(name.into());
        self
    }

    /// Adds a dNSName (RFC 5280 §4.2.1.6).
    pub fn dns(mut self, name: impl Into<String>) -> Self {
        self.alternatives.push(Alternative::Dns(name.into()));
        self
    }

    /// Adds a uniformResourceIdentifier.
    pub fn uri(mut self, uri: impl Into<String>) -> Self {
        self.alternatives.push(Alternative::Uri(uri.into()));
        self
    }

    /// Adds an iPAddress.
    pub fn ip(mut self, address: IpAddr) -> Self {
        self.alternatives.push(Alternative::Ip(address));
        self
    }

    /// Adds an rfc822Name.
    pub fn email(mut self, address: impl Into<String>) -> Self {
        self.alternatives.push(Alternative::Email(address.into()));
        self
    }

    /// The first and the last second of the certificate, since 1970-01-01T00:00:00Z.
    pub fn valid(mut self, from: u64, until: u64) -> Self {
        self.valid = (from, until);
        self
    }

    /// A certificate that the subject issues to itself, with a new key (RFC 8705 §2.2).
    ///
    /// # Errors
    /// [`CredentialError`].
    pub fn self_signed(&self) -> Result<Credential, CredentialError> {
        let key = KeyPair::generate()?;
        let certificate = self.params()?.self_signed(&key)?;
        Ok(Credential::new(&certificate, &key))
    }

    fn params(&self) -> Result<CertificateParams, CredentialError> {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        if let Some(organization) = &self.organization {
            params.distinguished_name.push(DnType::OrganizationName, organization.as_str());
        }
        params.distinguished_name.push(DnType::CommonName, self.name.as_str());
        for name in &self.alternatives {
            params.subject_alt_names.push(match name {
                Alternative::Dns(name) => SanType::DnsName(ascii(name)?),
                Alternative::Uri(uri) => SanType::URI(ascii(uri)?),
                Alternative::Ip(address) => SanType::IpAddress(*address),
                Alternative::Email(address) => SanType::Rfc822Name(ascii(address)?),
            });
        }
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        between(&mut params, self.valid);
        Ok(params)
    }
}

impl Credential {
    /// The certificate as a request brings it along, for [`MockIdp::call`](crate::MockIdp::call).
    pub fn presented(&self) -> ClientCertificate {
        ClientCertificate::new(self.der.clone(), [])
    }

    fn new(certificate: &rcgen::Certificate, key: &KeyPair) -> Self {
        let (certificate_pem, der) = (certificate.pem(), certificate.der().to_vec());
        Self { certificate_pem, key_pem: key.serialize_pem().into(), der }
    }
}

impl Authority {
    /// One that issues certificates to these hosts alone: whoever trusts it trusts it for nothing else (RFC 5280
    /// §4.2.1.10).
    pub(crate) fn of_hosts(hosts: &[String], now: u64) -> Result<Self, CredentialError> {
        let mut params = authority("mock-idp, for the servers of one run");
        between(&mut params, (now.saturating_sub(DAY), now.saturating_add(LIFE)));
        let (mut permitted_subtrees, mut names) = (Vec::new(), Vec::new());
        for host in hosts {
            permitted_subtrees.push(match host.parse() {
                Ok(IpAddr::V4(address)) => {
                    GeneralSubtree::IpAddress(CidrSubnet::from_v4_prefix(address.octets(), 32))
                }
                Ok(IpAddr::V6(address)) => {
                    GeneralSubtree::IpAddress(CidrSubnet::from_v6_prefix(address.octets(), 128))
                }
                Err(_) => {
                    names.push(host.to_ascii_lowercase());
                    GeneralSubtree::DnsName(host.clone())
                }
            });
        }
        params.name_constraints = Some(NameConstraints { permitted_subtrees, excluded_subtrees: Vec::new() });
        Ok(Self { issuer: CertifiedIssuer::self_signed(params, KeyPair::generate()?)?, names })
    }

    /// One that issues certificates to clients.
    pub(crate) fn of_clients() -> Result<Self, CredentialError> {
        let mut params = authority("mock-idp, for the clients of one run");
        between(&mut params, (0, NEVER));
        Ok(Self { issuer: CertifiedIssuer::self_signed(params, KeyPair::generate()?)?, names: Vec::new() })
    }

    /// A certificate of a server that is called by any of these names.
    pub(crate) fn server(&self, hosts: &[String], now: u64) -> Result<Credential, CredentialError> {
        self.issue(Self::of_server(hosts, now)?, KeyPair::generate()?)
    }

    /// The same, but good until a day ago.
    pub(crate) fn expired_server(&self, hosts: &[String], now: u64) -> Result<Credential, CredentialError> {
        let mut params = Self::of_server(hosts, now)?;
        between(&mut params, (now.saturating_sub(2 * DAY), now.saturating_sub(DAY)));
        self.issue(params, KeyPair::generate()?)
    }

    /// A certificate of the same server and its key, which is called by another name.
    pub(crate) fn renamed(&self, own: &Credential, name: &str, now: u64) -> Result<Credential, CredentialError> {
        let key = KeyPair::from_pem(own.key_pem.expose())?;
        self.issue(Self::of_server(&[name.to_owned()], now)?, key)
    }

    /// Whether `name` is below one that it may speak for: "Any DNS name that can be constructed by simply adding zero
    /// or more labels to the left-hand side of the name satisfies the name constraint" (RFC 5280 §4.2.1.10).
    pub(crate) fn is_above(&self, name: &str) -> bool {
        let labels = |own: &String| name.strip_suffix(own.as_str())?.strip_suffix('.');
        self.names.iter().filter_map(labels).any(|labels| labels.split('.').all(|label| !label.is_empty()))
    }

    fn of_server(hosts: &[String], now: u64) -> Result<CertificateParams, CredentialError> {
        let mut params = CertificateParams::new(hosts)?;
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "mock-idp");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        between(&mut params, (now.saturating_sub(DAY), now.saturating_add(LIFE)));
        Ok(params)
    }

    /// A certificate of a client.
    pub(crate) fn client(&self, subject: &Subject) -> Result<Credential, CredentialError> {
        self.issue(subject.params()?, KeyPair::generate()?)
    }

    /// The authority's own certificate, in PEM.
    pub(crate) fn pem(&self) -> String {
        self.issuer.pem()
    }

    fn issue(&self, mut params: CertificateParams, key: KeyPair) -> Result<Credential, CredentialError> {
        params.use_authority_key_identifier_extension = true;
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok(Credential::new(&certificate, &key))
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authority(..)")
    }
}

impl From<rcgen::Error> for CredentialError {
    fn from(error: rcgen::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

/// What authorities have in common: they issue certificates to others, and to no further authority.
fn authority(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params
}

fn between(params: &mut CertificateParams, (from, until): (u64, u64)) {
    let at = |seconds: u64| date_time_ymd(1970, 1, 1) + Duration::from_secs(seconds.min(NEVER));
    (params.not_before, params.not_after) = (at(from), at(until));
}

fn ascii<T: TryFrom<String>>(text: &str) -> Result<T, CredentialError> {
    T::try_from(text.to_owned()).map_err(|_| CredentialError::Name(text.to_owned()))
}
