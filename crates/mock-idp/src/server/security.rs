//! What connects a server with others: its TLS, or that it has none, and what it asks them with.

use std::net::SocketAddr;
use std::sync::Arc;

use http::Extensions;

use super::{Builder, StartError};
use crate::http::outgoing::Outgoing;
use crate::http::serve::Acceptor;
use crate::ports::outbound::Outbound;
use crate::request::Place;
use crate::running::MockIdp;
#[cfg(feature = "tls")]
use {
    crate::certificate::ClientCertificate,
    crate::http::tls::{self, Tls, asking},
    crate::ports::authority::{Credential, CredentialError, Subject},
    crate::ports::clock::{AdjustableClock, Clock},
    oauth_types::Secret,
};

/// What was asked for.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    #[cfg(feature = "tls")]
    tls: Option<Tls>,
    #[cfg(feature = "tls")]
    trusted: Vec<Secret>,
}

/// What there is.
#[derive(Debug, Default)]
pub(crate) struct Security {
    #[cfg(feature = "tls")]
    tls: Option<Box<tls::Secured>>,
    #[cfg(feature = "tls")]
    ca_pem: Option<String>,
    #[cfg(feature = "tls")]
    bundle_pem: Option<String>,
    #[cfg(feature = "tls")]
    asking: Option<Arc<rustls::ClientConfig>>,
}

#[cfg(not(feature = "tls"))]
impl Wanted {
    pub(super) fn scheme(&self) -> &'static str {
        "http"
    }

    pub(super) fn make(self, _place: &Place, _address: Option<SocketAddr>) -> Result<Security, StartError> {
        Ok(Security::default())
    }
}

#[cfg(not(feature = "tls"))]
impl Security {
    pub(super) fn acceptor(&self) -> Option<Acceptor> {
        None
    }

    pub(super) fn outgoing(&self) -> Outgoing {
        Outgoing::default()
    }

    pub(crate) fn judge(&self, _extensions: &mut Extensions) {}
}

#[cfg(feature = "tls")]
impl Wanted {
    /// The scheme of the issuer.
    pub(super) fn scheme(&self) -> &'static str {
        if self.tls.is_some() { "https" } else { "http" }
    }

    /// Makes what was asked for, for a server that is called as its issuer and its address say.
    pub(super) fn make(self, place: &Place, address: Option<SocketAddr>) -> Result<Security, StartError> {
        if self.tls.is_none() && self.trusted.is_empty() {
            return Ok(Security::default());
        }
        let mut trusted = self.trusted;
        // Whoever connects compares with the system's clock, not with one that a test has moved.
        let now = AdjustableClock::new().now();
        let tls = self.tls.map(|tls| tls.secure(&hosts(place, address), now)).transpose()?;
        let ca_pem = tls.as_ref().and_then(|tls| tls.authority.as_ref()).map(|authority| authority.pem());
        let own_pem = tls.as_ref().and_then(|tls| tls.own_pem.as_ref());
        let bundle_pem = own_pem.zip(ca_pem.as_ref()).map(|(own, ca)| format!("{own}{ca}"));
        trusted.extend(ca_pem.clone().map(Secret::from));
        // Without anybody to trust, a server says so when it is to ask by https.
        let asking = if trusted.is_empty() { None } else { Some(asking(&trusted)?.into()) };
        Ok(Security { tls: tls.map(Box::new), ca_pem, bundle_pem, asking })
    }
}

#[cfg(feature = "tls")]
impl Security {
    /// What takes connections, if not TCP alone.
    pub(super) fn acceptor(&self) -> Option<Acceptor> {
        self.tls.as_ref().map(|tls| tls.acceptor.clone())
    }

    /// What others are asked with.
    pub(super) fn outgoing(&self) -> Outgoing {
        Outgoing::new(self.asking.clone())
    }

    /// Says of a certificate that came with a request who may judge it.
    pub(crate) fn judge(&self, extensions: &mut Extensions) {
        if let (Some(tls), Some(shown)) = (&self.tls, extensions.get_mut::<ClientCertificate>()) {
            shown.judged_by(tls.acceptor.anchors.clone());
        }
    }
}

impl Builder {
    /// What other servers are asked with. Without this: HTTP, over connections of its own.
    pub fn outbound(mut self, outbound: Arc<dyn Outbound>) -> Self {
        self.outbound = Some(outbound);
        self
    }
}

impl MockIdp {
    /// What this server asks others with.
    pub fn outbound(&self) -> &dyn Outbound {
        &*self.app().tenants.origin().outbound
    }
}

#[cfg(feature = "tls")]
impl Builder {
    /// Serves https, and nothing else. The issuer is `https://` and the address that is listened on unless set.
    pub fn tls(mut self, tls: Tls) -> Self {
        self.security.tls = Some(tls);
        self
    }

    /// The same, unless it has been told who it is over TLS already.
    pub fn tls_by_default(mut self, tls: Tls) -> Self {
        self.security.tls.get_or_insert(tls);
        self
    }

    /// Trusts this certification authority, or several, in PEM, to say who other servers are. Nobody else is trusted
    /// but the server's own: this is a server for tests, and does not know the authorities of the web.
    pub fn trust(mut self, pem: impl Into<Secret>) -> Self {
        self.security.trusted.push(pem.into());
        self
    }
}

#[cfg(feature = "tls")]
impl MockIdp {
    /// The certification authority that clients have to trust, in PEM; `None` without TLS or with a certificate that
    /// was brought along.
    pub fn ca_pem(&self) -> Option<&str> {
        self.security.ca_pem.as_deref()
    }

    /// The server's own certificate, and after it that of [`MockIdp::ca_pem`], in PEM: for whoever has to be given the
    /// whole chain.
    pub fn bundle_pem(&self) -> Option<&str> {
        self.security.bundle_pem.as_deref()
    }

    /// The SHA-256 of the SubjectPublicKeyInfo of the server's certificates, in base64; `None` without TLS. Chromium
    /// takes it for its option `--ignore-certificate-errors-spki-list`.
    pub fn spki_sha256(&self) -> Option<&str> {
        self.security.tls.as_ref().map(|tls| &*tls.spki_sha256)
    }

    /// A new certificate for a client, from this server's certification authority for clients.
    ///
    /// # Errors
    /// [`CredentialError::NoTls`] if the server has no TLS, [`CredentialError::Name`] if a name cannot stand in it.
    pub fn client_certificate(&self, subject: &Subject) -> Result<Credential, CredentialError> {
        self.security.tls.as_ref().ok_or(CredentialError::NoTls)?.clients.client(subject)
    }
}

/// The names that a server is called by.
#[cfg(feature = "tls")]
fn hosts(place: &Place, address: Option<SocketAddr>) -> Vec<String> {
    let mut hosts: Vec<String> = tls::LOOPBACK.map(str::to_owned).into();
    let listening = address.map(|address| address.ip()).filter(|ip| !ip.is_unspecified()).map(|ip| ip.to_string());
    let bases = [Some(&place.issuer), place.front.as_ref(), place.back.as_ref()].into_iter().flatten();
    let named = bases.filter_map(|base| base.parse::<http::Uri>().ok());
    let named = named.filter_map(|base| Some(base.host()?.trim_matches(['[', ']']).to_owned()));
    for host in listening.into_iter().chain(named) {
        if !hosts.contains(&host) {
            hosts.push(host);
        }
    }
    hosts
}

#[cfg(all(test, feature = "tls"))]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_called_as_its_issuer_and_its_address_say() {
        let own = ["localhost", "127.0.0.1", "::1"];
        let listening = Some(([192, 0, 2, 1], 443).into());
        for (issuer, address, further) in [
            ("https://127.0.0.1:8080", Some(([127, 0, 0, 1], 8080).into()), &[][..]),
            ("https://localhost:8080", Some(([0, 0, 0, 0], 8080).into()), &[]),
            ("https://[::1]:8080/oauth", None, &[]),
            ("https://idp.example/oauth", listening, &["192.0.2.1", "idp.example"]),
            ("http://[2001:db8::1]:8080", None, &["2001:db8::1"]),
        ] {
            assert_eq!(hosts(&Place::root(issuer), address), [&own, further].concat(), "{issuer}");
        }
        let mut split = Place::root("https://localhost");
        split.front = Some("https://front.example/x".to_owned());
        split.back = Some("https://idp:8443".to_owned());
        assert_eq!(hosts(&split, None), [&own[..], &["front.example", "idp"]].concat());
    }

    #[test]
    fn a_certificate_that_comes_without_a_socket_is_judged_as_well() {
        let subject = Subject::named("web");
        let trusted = |idp: &MockIdp, credential: Credential| {
            let mut extensions = Extensions::new();
            extensions.insert(credential.presented());
            idp.security.judge(&mut extensions);
            extensions.get::<ClientCertificate>().expect("it is still there").trusted(0)
        };
        let idp = MockIdp::builder().tls(Tls::generated()).in_process().expect("a server");
        let plain = MockIdp::builder().in_process().expect("a server");
        let issued = || idp.client_certificate(&subject).expect("a certificate");
        assert!(trusted(&idp, issued()));
        assert!(!trusted(&idp, subject.self_signed().expect("a certificate")));
        assert!(!trusted(&plain, issued()));
    }
}
