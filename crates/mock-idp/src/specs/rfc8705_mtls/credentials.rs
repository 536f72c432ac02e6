//! Judges a certificate as the credentials of a client (RFC 8705 §2).

use std::net::IpAddr;

use serde_json::{Map, Value};

use super::rules;
use crate::certificate::{Certificate, ClientCertificate, dn_matches, is_dn};
use crate::client_keys;
use crate::clients::{Client, Proven};
use crate::refusal::Refusal;
use crate::request::Attempt;

/// How a client's certificate is told from others (§2.1.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Name {
    SubjectDn,
    SanDns,
    SanUri,
    SanIp,
    SanEmail,
}

const NAMES: [(Name, &str); 5] = [
    (Name::SubjectDn, "tls_client_auth_subject_dn"),
    (Name::SanDns, "tls_client_auth_san_dns"),
    (Name::SanUri, "tls_client_auth_san_uri"),
    (Name::SanIp, "tls_client_auth_san_ip"),
    (Name::SanEmail, "tls_client_auth_san_email"),
];

/// What a client is registered with: "A client using the `tls_client_auth` authentication method MUST use exactly one
/// of the below metadata parameters" (§2.1.2).
pub(super) struct Registered<'a> {
    name: Name,
    member: &'static str,
    value: &'a str,
}

/// The name in the metadata of a client, or what is wrong with it.
pub(super) fn registered(metadata: &Map<String, Value>) -> Result<Registered<'_>, String> {
    let mut found = NAMES.iter().filter_map(|(name, member)| Some((*name, *member, metadata.get(*member)?)));
    let (name, member, value) = match (found.next(), found.next()) {
        (Some(only), None) => only,
        (None, _) => return Err(format!("The client has none of {}", NAMES.map(|(_, member)| member).join(", "))),
        (Some((_, one, _)), Some((_, other, _))) => {
            return Err(format!("The client has more than one: {one}, {other}"));
        }
    };
    let value = value.as_str().ok_or_else(|| format!("{member} is no text"))?;
    match name {
        Name::SubjectDn if !is_dn(value) => {
            Err(format!("{member} is no name as RFC 4514 writes it: CN=web,O=Example"))
        }
        Name::SanIp if value.parse::<IpAddr>().is_err() => Err(format!("{member} is no IP address")),
        _ => Ok(Registered { name, member, value }),
    }
}

/// A certificate that somebody who is trusted issued to the client (§2.1).
pub(super) fn issued(attempt: &Attempt<'_>, client: &Client) -> Result<Proven, Refusal> {
    let shown = shown(attempt)?;
    let registered = registered(&client.metadata).map_err(|why| rules::NAMELESS.because(why))?;
    if !shown.trusted(attempt.arrival.now) {
        let hint = "It has expired, or nobody who is trusted issued it to a client";
        return Err(rules::UNTRUSTED.because(hint));
    }
    let certificate =
        Certificate::parse(shown.leaf_der()).map_err(|error| rules::UNTRUSTED.because(error.to_string()))?;
    match registered.names(&certificate) {
        true => Ok(Proven::by_the_caller()),
        false => {
            let Registered { member, value, .. } = registered;
            Err(rules::OTHER_NAME.because(format!("The client is registered with {member} {value}")))
        }
    }
}

/// A certificate that is among the client's own (§2.2). It is compared whole.
pub(super) async fn self_signed(attempt: &Attempt<'_>, client: &Client) -> Result<Proven, Refusal> {
    let shown = shown(attempt)?;
    let keys = client_keys::of(client, attempt.ports, attempt.arrival.now).await;
    let keys = keys.map_err(|why| rules::UNREGISTERED.because(why.to_string()))?;
    let own = keys.keys().iter().find(|key| key.certificate() == Some(shown.leaf_der()));
    let own = own.ok_or_else(|| rules::UNREGISTERED.because("No 'x5c' of the client's keys begins with it"))?;
    let certificate = Certificate::parse(shown.leaf_der());
    let certificate = certificate.map_err(|error| rules::UNREGISTERED.because(error.to_string()))?;
    match own.spki().as_deref() == Some(certificate.public_key()) {
        true => Ok(Proven::by_the_caller()),
        false => Err(rules::UNREGISTERED.because("The key that has it in its 'x5c' is not its own (RFC 7517 4.7)")),
    }
}

fn shown<'a>(attempt: &Attempt<'a>) -> Result<&'a ClientCertificate, Refusal> {
    let forwarded =
        ["client-cert", "ssl-client-cert", "x-client-cert", "x-forwarded-client-cert", "x-ssl-client-cert"];
    attempt.arrival.certificate.ok_or_else(|| {
        match forwarded.iter().find(|name| attempt.arrival.headers.contains_key(**name)) {
            Some(name) => rules::CERTIFICATE_MISSING
                .because(format!("The header {name} proves nothing: show the certificate in the TLS handshake")),
            None if !attempt.arrival.place.is_secure() => {
                rules::CERTIFICATE_MISSING.because("This issuer is http: certificates are shown to an https one")
            }
            None => rules::CERTIFICATE_MISSING.because("None was shown in the TLS handshake"),
        }
    })
}

impl Registered<'_> {
    /// Whether it is a name of this certificate.
    fn names(&self, certificate: &Certificate) -> bool {
        let value = self.value;
        match self.name {
            Name::SubjectDn => dn_matches(value, certificate).unwrap_or(false),
            Name::SanDns => certificate.san_dns().any(|own| own.eq_ignore_ascii_case(value)),
            Name::SanUri => certificate.san_uri().any(|own| own == value),
            Name::SanIp => certificate.san_ip().any(|own| value.parse() == Ok(own)),
            Name::SanEmail => certificate.san_email().any(|own| same_mailbox(own, value)),
        }
    }
}

/// The part before the `@` is compared exactly, the host without regard to case (RFC 5280 §7.5).
fn same_mailbox(one: &str, other: &str) -> bool {
    match (one.rsplit_once('@'), other.rsplit_once('@')) {
        (Some((local, host)), Some((other_local, other_host))) => {
            local == other_local && host.eq_ignore_ascii_case(other_host)
        }
        _ => false,
    }
}
