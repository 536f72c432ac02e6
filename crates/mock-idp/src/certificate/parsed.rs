//! A certificate, read (RFC 5280), and names as RFC 4514 writes them.

use std::net::IpAddr;
use std::str::FromStr;

use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::der::asn1::{Any, Ia5StringRef};
use x509_cert::der::{Decode, Encode};
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::{DirectoryString, GeneralName};
use x509_cert::name::{Name, RelativeDistinguishedName};

use super::x5t_s256;

/// A certificate that has been read. Nobody has judged it.
#[derive(Debug, Clone)]
pub struct Certificate {
    subject: Name,
    alternatives: Vec<GeneralName>,
    public_key: Vec<u8>,
    not_before: u64,
    not_after: u64,
    thumbprint: String,
}

/// What cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// The octets are no certificate in DER (RFC 5280 §4.1).
    #[error("this is no X.509 certificate in DER")]
    NotACertificate,
    /// The extension with further names is there twice or cannot be read (RFC 5280 §4.2.1.6).
    #[error("the certificate's subjectAltName cannot be read")]
    AlternativeNames,
    /// The text is no distinguished name (RFC 4514 §3).
    #[error("this is no distinguished name as RFC 4514 writes it: CN=web,O=Example")]
    NotADn,
}

impl Certificate {
    /// Reads a certificate.
    ///
    /// # Errors
    /// [`CertificateError::NotACertificate`] and [`CertificateError::AlternativeNames`].
    pub fn parse(der: &[u8]) -> Result<Self, CertificateError> {
        let read = x509_cert::Certificate::from_der(der).map_err(|_| CertificateError::NotACertificate)?;
        let read = read.tbs_certificate();
        let alternatives = read.get_extension::<SubjectAltName>().map_err(|_| CertificateError::AlternativeNames)?;
        let public_key = read.subject_public_key_info().to_der().map_err(|_| CertificateError::NotACertificate)?;
        Ok(Self {
            subject: read.subject().clone(),
            alternatives: alternatives.map(|(_, names)| names.0).unwrap_or_default(),
            public_key,
            not_before: read.validity().not_before.to_unix_duration().as_secs(),
            not_after: read.validity().not_after.to_unix_duration().as_secs(),
            thumbprint: x5t_s256(der),
        })
    }

    /// The subject as RFC 4514 writes it, the most special part first: `CN=web,O=Example`.
    pub fn subject_dn(&self) -> String {
        self.subject.to_string()
    }

    /// Every dNSName of the subject.
    pub fn san_dns(&self) -> impl Iterator<Item = &str> {
        self.alternatives.iter().filter_map(|name| match name {
            GeneralName::DnsName(name) => Some(name.as_str()),
            _ => None,
        })
    }

    /// Every uniformResourceIdentifier of the subject.
    pub fn san_uri(&self) -> impl Iterator<Item = &str> {
        self.alternatives.iter().filter_map(|name| match name {
            GeneralName::UniformResourceIdentifier(name) => Some(name.as_str()),
            _ => None,
        })
    }

    /// Every iPAddress of the subject. One that has neither 4 nor 16 octets is left out.
    pub fn san_ip(&self) -> impl Iterator<Item = IpAddr> {
        self.alternatives.iter().filter_map(|name| match name {
            GeneralName::IpAddress(octets) => {
                let octets = octets.as_bytes();
                let v4 = <[u8; 4]>::try_from(octets).map(IpAddr::from);
                v4.or_else(|_| <[u8; 16]>::try_from(octets).map(IpAddr::from)).ok()
            }
            _ => None,
        })
    }

    /// Every rfc822Name of the subject.
    pub fn san_email(&self) -> impl Iterator<Item = &str> {
        self.alternatives.iter().filter_map(|name| match name {
            GeneralName::Rfc822Name(name) => Some(name.as_str()),
            _ => None,
        })
    }

    /// When it begins to be valid, in seconds since 1970-01-01T00:00:00Z.
    pub fn not_before(&self) -> u64 {
        self.not_before
    }

    /// The last second in which it is valid, since 1970-01-01T00:00:00Z.
    pub fn not_after(&self) -> u64 {
        self.not_after
    }

    /// The public key: a SubjectPublicKeyInfo in DER (RFC 5280 §4.1.2.7).
    pub fn public_key(&self) -> &[u8] {
        &self.public_key
    }

    /// The thumbprint (RFC 8705 §3.1).
    pub fn x5t_s256(&self) -> &str {
        &self.thumbprint
    }
}

/// Whether `text` is a distinguished name as RFC 4514 §3 writes it.
pub fn is_dn(text: &str) -> bool {
    Name::from_str(text).is_ok()
}

/// Whether the subject of `certificate` has the name `registered` (RFC 8705 §2.1.2).
///
/// Names are compared, not texts: each part in its place (RFC 4517 §4.2.15), strings without regard to case, to their
/// encoding and to spaces at their ends or repeated inside (caseIgnoreMatch, RFC 4517 §4.2.11).
///
/// # Errors
/// [`CertificateError::NotADn`] if `registered` is no distinguished name.
pub fn dn_matches(registered: &str, certificate: &Certificate) -> Result<bool, CertificateError> {
    let registered = Name::from_str(registered).map_err(|_| CertificateError::NotADn)?;
    let (expected, found) = (registered.iter_rdn(), certificate.subject.iter_rdn());
    let same = expected.zip(found).all(|(expected, found)| same_part(expected, found));
    Ok(same && registered.iter_rdn().count() == certificate.subject.iter_rdn().count())
}

/// A part may hold several attributes, in no order.
fn same_part(one: &RelativeDistinguishedName, other: &RelativeDistinguishedName) -> bool {
    let within = |part: &RelativeDistinguishedName, attribute: &AttributeTypeAndValue| {
        part.iter().any(|own| own.oid == attribute.oid && same_value(&own.value, &attribute.value))
    };
    one.len() == other.len()
        && one.iter().all(|attribute| within(other, attribute))
        && other.iter().all(|attribute| within(one, attribute))
}

fn same_value(one: &Any, other: &Any) -> bool {
    match (text(one), text(other)) {
        (Some(one), Some(other)) => one == other,
        (None, None) => one == other,
        _ => false,
    }
}

/// A string as it is compared; `None` if the value is none.
fn text(value: &Any) -> Option<String> {
    let text = match value.decode_as::<DirectoryString>() {
        Ok(text) => text.value().into_owned(),
        Err(_) => value.decode_as::<Ia5StringRef<'_>>().ok()?.as_str().to_owned(),
    };
    Some(text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::prelude::BASE64_STANDARD;
    use rcgen::{CertificateParams, DistinguishedName, DnType, DnValue, KeyPair};

    use super::*;
    use crate::ports::authority::Subject;

    /// The example of RFC 8705, Appendix A.
    const EXAMPLE: &str = "MIIBBjCBrAIBAjAKBggqhkjOPQQDAjAPMQ0wCwYDVQQDDARtdGxzMB4XDTE4MTAx\
        ODEyMzcwOVoXDTIyMDUwMjEyMzcwOVowDzENMAsGA1UEAwwEbXRsczBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNcnyxwqV6hY8QnhxxzF\
        Q03C7HKW9OylMbnQZjjJ/Au08/coZwxS7LfA4vOLS9WuneIXhbGGWvsDSb0tH6IxLm8wCgYIKoZIzj0EAwIDSQAwRgIhAP0RC1E+vwJD/D1A\
        GHGzuri+hlV/PpQEKTWUVeORWz83AiEA5x2eXZOVbUlJSGQgjwD5vaUaKlLR50Q2DmFfQj1L+SY=";

    fn example() -> Vec<u8> {
        BASE64_STANDARD.decode(EXAMPLE).expect("base64")
    }

    fn of(subject: &Subject) -> Certificate {
        let shown = subject.self_signed().expect("a certificate").presented();
        Certificate::parse(shown.leaf_der()).expect("a certificate")
    }

    /// A certificate with this subject, its most general part first.
    fn about(parts: &[(DnType, DnValue)]) -> Certificate {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        for (of, value) in parts {
            params.distinguished_name.push(of.clone(), value.clone());
        }
        let certificate = params.self_signed(&KeyPair::generate().expect("a key")).expect("a certificate");
        Certificate::parse(certificate.der()).expect("a certificate")
    }

    fn utf8(text: &str) -> DnValue {
        DnValue::Utf8String(text.to_owned())
    }

    #[test]
    fn the_example_of_rfc_8705_is_read() {
        let read = Certificate::parse(&example()).expect("a certificate");
        assert_eq!(read.x5t_s256(), "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0");
        assert_eq!(read.subject_dn(), "CN=mtls");
        assert_eq!((read.not_before(), read.not_after()), (1_539_866_229, 1_651_495_029));
        // id-ecPublicKey with the point that ends in the example's y coordinate.
        assert_eq!(read.public_key().len(), 91);
        assert!(read.public_key().ends_with(&[0x1f, 0xa2, 0x31, 0x2e, 0x6f]));
        assert_eq!(read.san_dns().count(), 0);
    }

    #[test]
    fn every_kind_of_name_is_read() {
        let (v4, v6) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, 0, 1]));
        let subject = Subject::named("web").organization("Example").dns("web.example").dns("*.web.example");
        let subject = subject.uri("https://web.example/client").ip(v4).ip(v6).email("ops@web.example");
        let read = of(&subject.valid(1, 2_000_000_000));
        assert_eq!(read.subject_dn(), "CN=web,O=Example");
        assert_eq!(read.san_dns().collect::<Vec<_>>(), ["web.example", "*.web.example"]);
        assert_eq!(read.san_uri().collect::<Vec<_>>(), ["https://web.example/client"]);
        assert_eq!(read.san_ip().collect::<Vec<_>>(), [v4, v6]);
        assert_eq!(read.san_email().collect::<Vec<_>>(), ["ops@web.example"]);
        assert_eq!((read.not_before(), read.not_after()), (1, 2_000_000_000));
    }

    #[test]
    fn what_is_no_certificate_is_refused() {
        let whole = example();
        let longer = [whole.as_slice(), b"x"].concat();
        for octets in [&b""[..], b"\x30", b"-----BEGIN CERTIFICATE-----", &whole[..whole.len() - 1], &longer] {
            assert_eq!(Certificate::parse(octets).expect_err("no certificate"), CertificateError::NotACertificate);
        }
    }

    #[test]
    fn no_octet_that_is_turned_makes_it_panic() {
        let shown = Subject::named("web").dns("web.example").self_signed().expect("a certificate").presented();
        for at in 0..shown.leaf_der().len() {
            for turn in [0x01, 0x80, 0xff] {
                let mut octets = shown.leaf_der().to_vec();
                octets[at] ^= turn;
                if let Ok(read) = Certificate::parse(&octets) {
                    let names = (read.san_dns().count(), read.san_ip().count(), read.subject_dn());
                    assert!(dn_matches("CN=web", &read).is_ok(), "{names:?}");
                }
            }
        }
    }

    #[test]
    fn names_are_compared_and_not_texts() {
        let web = about(&[
            (DnType::CountryName, DnValue::PrintableString("DE".try_into().expect("printable"))),
            (DnType::OrganizationName, utf8("Example, Inc.")),
            (DnType::CommonName, utf8("Web  App \u{c4}")),
        ]);
        assert_eq!(web.subject_dn(), "CN=Web  App \u{c4},O=Example\\, Inc.,C=DE");
        for same in [
            "CN=Web  App \u{c4},O=Example\\, Inc.,C=DE",
            "cn=web app \u{e4},o=EXAMPLE\\2C inc.,c=de",
            "CN=Web App \\C3\\84,O=Example\\, Inc.,C=DE",
            "2.5.4.3=Web App \u{c4},2.5.4.10=Example\\, Inc.,2.5.4.6=DE",
            "CN=#0c0c57656220204170702020c384,O=Example\\, Inc.,C=DE",
        ] {
            assert_eq!(dn_matches(same, &web), Ok(true), "{same}");
        }
        for other in [
            "CN=Web App \u{c4},O=Example\\, Inc.",
            "O=Example\\, Inc.,C=DE",
            "C=DE,O=Example\\, Inc.,CN=Web App \u{c4}",
            "CN=Web App \u{c4},OU=Example\\, Inc.,C=DE",
            "CN=WebApp \u{c4},O=Example\\, Inc.,C=DE",
            "CN=Web App \u{c4}+O=Example\\, Inc.,C=DE",
            "CN=Web App \u{c4},O=Example\\, Inc.,C=DE,DC=example",
            "CN=Web App A,O=Example\\, Inc.,C=DE",
        ] {
            assert_eq!(dn_matches(other, &web), Ok(false), "{other}");
        }
    }

    #[test]
    fn parts_with_several_attributes_have_no_order() {
        let part = |text: &str| RelativeDistinguishedName::from_str(text).expect("a part");
        assert!(same_part(&part("CN=web+OU=shop"), &part("OU=Shop+CN=web")));
        assert!(!same_part(&part("CN=web+OU=shop"), &part("CN=web")));
        assert!(!same_part(&part("CN=web+CN=app"), &part("CN=web+OU=app")));
        for other in ["CN=web", "CN=web+CN=app"] {
            assert!(!same_part(&part("CN=web+CN=WEB"), &part(other)), "{other}");
        }
        // A BMPString is the same text, an INTEGER is none.
        assert!(same_part(&part("CN=#1e06007700650062"), &part("CN=web")));
        assert!(!same_part(&part("CN=#020105"), &part("CN=5")));
        assert!(same_part(&part("CN=#020105"), &part("CN=#020105")));
    }

    #[test]
    fn what_is_no_distinguished_name_is_refused() {
        let web = about(&[(DnType::CommonName, utf8("web"))]);
        for text in ["", "web", "CN", "CN=web,", ",CN=web", "CN=web,O", "1.2.x=web", "CN=#zz", "CN=a\\zb", "purple=x"]
        {
            assert!(!is_dn(text), "{text}");
            assert_eq!(dn_matches(text, &web), Err(CertificateError::NotADn), "{text}");
        }
        assert!(is_dn("CN=web") && is_dn("UID=jsmith,DC=example,DC=net") && is_dn("1.3.6.1.4.1.1466.0=#04024869"));
    }

    #[test]
    fn a_name_cannot_hold_what_a_certificate_cannot() {
        for subject in [Subject::named("x").dns("b\u{fc}cher.example"), Subject::named("x").email("\u{fc}@x.example")]
        {
            let error = subject.self_signed().expect_err("not ASCII").to_string();
            assert!(error.ends_with("cannot stand in a certificate: it has characters beyond ASCII"), "{error}");
        }
    }
}
