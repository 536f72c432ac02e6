//! TLS: who the server is, and what clients show of themselves.

use std::fmt;
use std::io;
use std::sync::Arc;

use oauth_types::Secret;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::server::NoServerSessionStorage;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::certificate::{Anchors, ClientCertificate};
use crate::ports::authority::Authority;
use crate::ports::clock::{AdjustableClock, Clock as _};

mod error;
mod flaw;
mod judges;
mod leaves;
#[cfg(test)]
mod limits;

use error::unusable;
pub use error::{Role, TlsError};
pub use flaw::Flaw;
use judges::{AnyCertificate, RootAnchors};
pub(crate) use leaves::LOOPBACK;
use leaves::{Leaves, named};

/// Who the server is over TLS, and which certification authorities may say who a client is.
///
/// TLS 1.3 and 1.2 are spoken. A client need not show a certificate; one whose key it proves to have is let in whoever
/// issued it, itself included (RFC 8705 §2.2): the authorization server judges it, not the connection. It has to be of
/// version 3 (RFC 5280 §4.1.2.1). Sessions are not resumed, so that every connection has proved anew what its requests
/// show.
#[derive(Debug, Clone)]
#[must_use = "it does nothing until a builder has it"]
pub struct Tls {
    identity: Identity,
    client_cas: Vec<Secret>,
    names: Vec<String>,
    flaw: Option<Flaw>,
}

#[derive(Debug, Clone)]
enum Identity {
    Generated,
    /// The authority is there already, and issues to others as well.
    Shared(Arc<Authority>),
    /// A file with certificates often holds a key as well: neither is shown.
    Pem {
        chain: Secret,
        key: Secret,
    },
}

/// A server's half of TLS, ready to be used.
pub(crate) struct Secured {
    pub(crate) acceptor: Acceptor,
    /// Who says who the server is, if that was made for it.
    pub(crate) authority: Option<Arc<Authority>>,
    /// Its own certificate, if that was made for it.
    pub(crate) own_pem: Option<String>,
    /// The hash of the key that all its certificates are about.
    pub(crate) spki_sha256: String,
    /// Who says who clients are.
    pub(crate) clients: Authority,
}

/// Takes connections.
#[derive(Clone)]
pub(crate) struct Acceptor {
    tls: TlsAcceptor,
    pub(crate) anchors: Arc<dyn Anchors>,
}

impl Tls {
    /// A certificate of a certification authority that is made when the server starts, and forgotten with it. The
    /// authority may speak for the server's own names alone; [`MockIdp::ca_pem`](crate::MockIdp::ca_pem) is what
    /// clients have to trust.
    pub fn generated() -> Self {
        Self { identity: Identity::Generated, client_cas: Vec::new(), names: Vec::new(), flaw: None }
    }

    /// A certificate of a certification authority that is made now: every server that gets a clone of this has one of
    /// the same authority, so that trusting one server is trusting them all. The authority may speak for `localhost`
    /// and loopback addresses alone.
    ///
    /// # Errors
    /// [`TlsError`] when the authority cannot be made.
    pub fn shared() -> Result<Self, TlsError> {
        let authority = Authority::of_hosts(&LOOPBACK.map(str::to_owned), AdjustableClock::new().now())?;
        Ok(Self { identity: Identity::Shared(Arc::new(authority)), ..Self::generated() })
    }

    /// This certificate, with any that lead to its certification authority after it, and its key: PKCS #8, PKCS #1 or
    /// SEC 1. Everything in PEM.
    pub fn pem(chain: impl Into<Secret>, key: impl Into<Secret>) -> Self {
        let identity = Identity::Pem { chain: chain.into(), key: key.into() };
        Self { identity, client_cas: Vec::new(), names: Vec::new(), flaw: None }
    }

    /// A further name that the server is called by, or an address: `idp`, as containers know it. `localhost`, loopback
    /// addresses, the address that is listened on and the hosts of the issuer and of both channels go without saying.
    /// A name below one of these, such as `acme.localhost`, has a certificate when a client first asks for it.
    pub fn name(mut self, host: impl Into<String>) -> Self {
        self.names.push(host.into());
        self
    }

    /// Shows a certificate that is wrong in this way. One that was brought along stays as it is.
    pub fn flawed(mut self, flaw: Flaw) -> Self {
        self.flaw = Some(flaw);
        self
    }

    /// Trusts this certification authority, or several, in PEM, to say who a client is (RFC 8705 §2.1). Without this
    /// it is the server's own that issues
    /// [`MockIdp::client_certificate`](crate::MockIdp::client_certificate).
    pub fn client_ca(mut self, pem: impl Into<Secret>) -> Self {
        self.client_cas.push(pem.into());
        self
    }

    /// Makes what is to be made. `hosts` are the names that the server is called by.
    pub(crate) fn secure(self, hosts: &[String], now: u64) -> Result<Secured, TlsError> {
        let (authority, own_pem, leaves) = match self.identity {
            Identity::Pem { .. } if !self.names.is_empty() => return Err(TlsError::NoFurtherNames),
            Identity::Pem { chain, key } => (None, None, Leaves::one(chain.expose(), key.expose())?),
            identity => {
                let hosts = named(hosts, self.names)?;
                let hosts = self.flaw.and_then(Flaw::host).map_or(hosts, |other| vec![other]);
                let authority = match identity {
                    Identity::Shared(authority) => authority,
                    _ => Arc::new(Authority::of_hosts(&hosts, now)?),
                };
                let own = match self.flaw {
                    Some(Flaw::Expired) => authority.expired_server(&hosts, now)?,
                    _ => authority.server(&hosts, now)?,
                };
                let own_pem = Some(own.certificate_pem.clone());
                let leaves = match self.flaw {
                    Some(_) => Leaves::one(&own.certificate_pem, own.key_pem.expose())?,
                    None => Leaves::of(authority.clone(), own, now)?,
                };
                (Some(authority), own_pem, leaves)
            }
        };
        let spki_sha256 = leaves.spki_sha256()?;
        let clients = Authority::of_clients()?;
        let trusted = if self.client_cas.is_empty() { vec![clients.pem().into()] } else { self.client_cas };
        let provider = provider();
        let anchors = RootAnchors::new(roots(&trusted, Role::ClientCa)?, provider.clone());
        let anchors = Arc::new(anchors.ok_or(TlsError::Certificate(Role::ClientCa))?);
        let verifier = Arc::new(AnyCertificate(provider.signature_verification_algorithms));
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = config.map_err(unusable)?.with_client_cert_verifier(verifier);
        let mut config = config.with_cert_resolver(Arc::new(leaves));
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        config.session_storage = Arc::new(NoServerSessionStorage {});
        let acceptor = Acceptor { tls: Arc::new(config).into(), anchors };
        Ok(Secured { acceptor, authority, own_pem, spki_sha256, clients })
    }
}

impl Acceptor {
    /// Shakes hands, and gives what the client showed of itself.
    pub(crate) async fn accept<S>(&self, stream: S) -> io::Result<(TlsStream<S>, Option<ClientCertificate>)>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let stream = self.tls.accept(stream).await?;
        let mut shown = stream.get_ref().1.peer_certificates().unwrap_or_default().iter().map(|der| der.to_vec());
        let certificate = shown.next().map(|own| {
            let mut certificate = ClientCertificate::new(own, shown);
            certificate.judged_by(self.anchors.clone());
            certificate
        });
        Ok((stream, certificate))
    }
}

impl fmt::Debug for Secured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secured").field("authority", &self.authority).finish_non_exhaustive()
    }
}

/// How other servers are asked by https: these certification authorities, each text one or several in PEM, say who
/// they are, and nobody else.
pub(crate) fn asking(trusted: &[Secret]) -> Result<ClientConfig, TlsError> {
    let roots = roots(trusted, Role::Trusted)?;
    let config = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
    let mut config = config.map_err(unusable)?.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

fn roots(trusted: &[Secret], role: Role) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for pem in trusted {
        for certificate in certificates(pem.expose(), role)? {
            roots.add(certificate).map_err(|_| TlsError::Certificate(role))?;
        }
    }
    Ok(roots)
}

/// At least one.
fn certificates(pem: &str, role: Role) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    read.ok().filter(|read| !read.is_empty()).ok_or(TlsError::Certificate(role))
}

#[cfg(test)]
mod tests {
    use rustls::client::danger::ServerCertVerifier;
    use rustls::client::{ResolvesClientCert, WebPkiServerVerifier};
    use rustls::pki_types::{PrivateKeyDer, ServerName, UnixTime};
    use rustls::sign::CertifiedKey;
    use rustls::version::{TLS12, TLS13};
    use rustls::{HandshakeKind, SignatureScheme};
    use tokio::io::{AsyncReadExt, duplex};
    use tokio_rustls::TlsConnector;

    use std::time::Duration;

    use super::*;
    use crate::ports::authority::{Credential, Subject};
    use crate::ports::clock::{AdjustableClock, Clock};

    /// A client compares the server's certificate with the system's clock.
    fn now() -> u64 {
        AdjustableClock::new().now()
    }

    fn localhost() -> Vec<String> {
        vec!["localhost".to_owned()]
    }

    fn secured(tls: Tls) -> Secured {
        tls.secure(&localhost(), now()).expect("TLS")
    }

    /// Shows a certificate whoever has its key.
    #[derive(Debug)]
    struct Shows(Arc<CertifiedKey>);

    impl ResolvesClientCert for Shows {
        fn resolve(&self, _hints: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
            Some(self.0.clone())
        }

        fn has_certs(&self) -> bool {
            true
        }
    }

    /// How a client connects that shows the certificate of one and has the key of another.
    fn connector(
        server: &Secured,
        version: &'static rustls::SupportedProtocolVersion,
        shown: Option<(&Credential, &Credential)>,
    ) -> TlsConnector {
        let trusted = roots(&[server.authority.as_ref().expect("generated").pem().into()], Role::Trusted);
        let config = ClientConfig::builder_with_provider(provider()).with_protocol_versions(&[version]);
        let config = config.expect("a version").with_root_certificates(trusted.expect("a CA"));
        let config = match shown {
            None => config.with_no_client_auth(),
            Some((shows, has)) => {
                let chain = certificates(&shows.certificate_pem, Role::Server).expect("a certificate");
                let key = PrivateKeyDer::from_pem_slice(has.key_pem.expose().as_bytes()).expect("a key");
                let key = aws_lc_rs::sign::any_supported_type(&key).expect("a key");
                config.with_client_cert_resolver(Arc::new(Shows(Arc::new(CertifiedKey::new(chain, key)))))
            }
        };
        Arc::new(config).into()
    }

    /// What the server learns of such a client.
    async fn shake(
        server: &Secured,
        version: &'static rustls::SupportedProtocolVersion,
        shown: Option<(&Credential, &Credential)>,
    ) -> io::Result<Option<ClientCertificate>> {
        let (client, stream) = duplex(64 * 1024);
        let connector = connector(server, version, shown);
        let name = ServerName::try_from("localhost").expect("a name");
        let client = async {
            // With TLS 1.3 a client learns later that it was not let in.
            if let Ok(mut stream) = connector.connect(name, client).await {
                let _ = stream.read(&mut [0]).await;
            }
        };
        let server = async { server.acceptor.accept(stream).await.map(|(_, shown)| shown) };
        tokio::join!(client, server).1
    }

    #[tokio::test]
    async fn a_client_need_not_show_a_certificate() {
        let server = secured(Tls::generated());
        for version in [&TLS12, &TLS13] {
            assert!(shake(&server, version, None).await.expect("hands are shaken").is_none());
        }
    }

    #[tokio::test]
    async fn a_self_signed_certificate_arrives_and_is_trusted_by_nobody() {
        let server = secured(Tls::generated());
        let own = Subject::named("web").self_signed().expect("a certificate");
        for version in [&TLS12, &TLS13] {
            let shown = shake(&server, version, Some((&own, &own))).await.expect("hands are shaken").expect("shown");
            assert_eq!(shown.leaf_der(), own.presented().leaf_der());
            assert_eq!(shown.x5t_s256(), own.presented().x5t_s256());
            assert!(!shown.trusted(now()));
        }
    }

    #[tokio::test]
    async fn a_session_is_not_resumed() {
        let server = secured(Tls::generated());
        for version in [&TLS12, &TLS13] {
            let connector = connector(&server, version, None);
            for _ in 0..2 {
                let (client, stream) = duplex(64 * 1024);
                let name = ServerName::try_from("localhost").expect("a name");
                let (client, served) = tokio::join!(connector.connect(name, client), server.acceptor.accept(stream));
                drop(served);
                let mut client = client.expect("hands are shaken");
                // A ticket would come after the handshake.
                let _ = client.read(&mut [0]).await;
                assert_eq!(client.get_ref().1.handshake_kind(), Some(HandshakeKind::Full));
            }
        }
    }

    #[tokio::test]
    async fn somebody_elses_certificate_is_of_no_use_without_its_key() {
        let server = secured(Tls::generated());
        let subject = Subject::named("web");
        let [stolen, own] = [(), ()].map(|()| server.clients.client(&subject).expect("a certificate"));
        for version in [&TLS12, &TLS13] {
            assert!(shake(&server, version, Some((&stolen, &stolen))).await.is_ok());
            let error = shake(&server, version, Some((&stolen, &own))).await.expect_err("the signature is wrong");
            let error = error.get_ref().and_then(|error| error.downcast_ref::<rustls::Error>()).expect("of TLS");
            assert!(
                matches!(error, rustls::Error::InvalidCertificate(rustls::CertificateError::BadSignature)),
                "{error:?}"
            );
        }
    }

    #[tokio::test]
    async fn the_servers_own_authority_for_clients_is_trusted_as_long_as_a_certificate_is_valid() {
        let server = secured(Tls::generated());
        let start = 1_000_000_000;
        let subject = Subject::named("web").valid(start, start + 10);
        let own = server.clients.client(&subject).expect("a certificate");
        let shown = shake(&server, &TLS13, Some((&own, &own))).await.expect("hands are shaken").expect("shown");
        let trusted: Vec<bool> = [start - 1, start, start + 10, start + 11].map(|now| shown.trusted(now)).into();
        assert_eq!(trusted, [false, true, true, false]);
    }

    #[tokio::test]
    async fn a_certification_authority_for_clients_takes_the_place_of_the_servers_own() {
        let elsewhere = [Authority::of_clients().expect("a CA"), Authority::of_clients().expect("a CA")];
        let pems = elsewhere.iter().map(Authority::pem);
        let server = secured(pems.fold(Tls::generated(), |tls, pem| tls.client_ca(pem)));
        let subject = Subject::named("web");
        for (authority, trusted) in [(&elsewhere[0], true), (&elsewhere[1], true), (&server.clients, false)] {
            let own = authority.client(&subject).expect("a certificate");
            let shown = shake(&server, &TLS13, Some((&own, &own))).await.expect("hands are shaken").expect("shown");
            assert_eq!(shown.trusted(now()), trusted);
        }
        let pinned = subject.self_signed().expect("a certificate");
        let server = secured(Tls::generated().client_ca(pinned.certificate_pem.clone()));
        let shown = shake(&server, &TLS13, Some((&pinned, &pinned))).await.expect("hands are shaken");
        assert!(shown.expect("shown").trusted(now()), "a self-signed certificate can be trusted by itself");
    }

    #[tokio::test]
    async fn a_servers_certificate_does_not_say_who_a_client_is() {
        let authority = Authority::of_hosts(&localhost(), now()).expect("a CA");
        let own = authority.server(&localhost(), now()).expect("a certificate");
        let server = secured(Tls::generated().client_ca(authority.pem()));
        let shown = shake(&server, &TLS13, Some((&own, &own))).await.expect("hands are shaken").expect("shown");
        assert!(!shown.trusted(now()));
    }

    #[test]
    fn the_authority_of_the_run_speaks_for_the_server_alone() {
        let own = ["localhost", "127.0.0.1", "::1", "mock.example"].map(str::to_owned);
        let authority = Authority::of_hosts(&own, now()).expect("a CA");
        let trusted = Arc::new(roots(&[authority.pem().into()], Role::Trusted).expect("a CA"));
        let verifier = WebPkiServerVerifier::builder_with_provider(trusted, provider()).build().expect("a verifier");
        let accepts = |host: &str, at: u64| {
            let certificate = authority.server(&[host.to_owned()], now()).expect("a certificate");
            let chain = certificates(&certificate.certificate_pem, Role::Server).expect("a certificate");
            let name = ServerName::try_from(host.to_owned()).expect("a name");
            let at = UnixTime::since_unix_epoch(Duration::from_secs(at));
            verifier.verify_server_cert(&chain[0], &[], &name, &[], at).is_ok()
        };
        for host in &own {
            assert!(accepts(host, now()), "{host}");
        }
        for host in ["mock2.example", "example", "127.0.0.2", "10.0.0.1", "::2"] {
            assert!(!accepts(host, now()), "{host}");
        }
        assert!(!accepts("localhost", now() + 398 * 24 * 60 * 60));
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        let own = Subject::named("x").self_signed().expect("a certificate");
        let other = Subject::named("x").self_signed().expect("a certificate");
        let (pem, key) = (own.certificate_pem.as_str(), own.key_pem.expose());
        let broken = pem.replace("MII", "!!!");
        for (tls, expected) in [
            (Tls::pem("", key), TlsError::Certificate(Role::Server)),
            (Tls::pem(key, key), TlsError::Certificate(Role::Server)),
            (Tls::pem(broken.as_str(), key), TlsError::Certificate(Role::Server)),
            (Tls::pem("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", key), {
                TlsError::Certificate(Role::Server)
            }),
            (Tls::pem(pem, pem), TlsError::Key),
            (Tls::pem(pem, ""), TlsError::Key),
            (Tls::pem(pem, other.key_pem.expose()), TlsError::OtherKey),
            (Tls::pem(pem, key).name("idp"), TlsError::NoFurtherNames),
            (Tls::generated().name("idp:8443"), TlsError::Name("idp:8443".to_owned())),
            (Tls::generated().name("*.example"), TlsError::Name("*.example".to_owned())),
            (Tls::generated().name(""), TlsError::Name(String::new())),
            (Tls::pem(pem, key).client_ca("x"), TlsError::Certificate(Role::ClientCa)),
            (Tls::generated().client_ca(key), TlsError::Certificate(Role::ClientCa)),
        ] {
            assert!(!format!("{tls:?}").contains("BEGIN"), "{tls:?}");
            assert_eq!(tls.secure(&localhost(), now()).expect_err("no TLS"), expected);
        }
        assert_eq!(asking(&["x".into()]).expect_err("no CA"), TlsError::Certificate(Role::Trusted));
        assert!(Tls::pem(pem, key).secure(&localhost(), now()).is_ok());
    }
}
