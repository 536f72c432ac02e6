//! The server over TLS. Who is let in and who is trusted is tested in `src/http/tls.rs`, how long anything may take
//! in `src/http/tls/limits.rs`.

use std::net::SocketAddr;
use std::sync::Arc;

use mock_idp::outbound::{self, OutboundError, Reach};
use mock_idp::tls::{Certificate, Credential, Flaw, Role, Subject, Tls, TlsError};
use mock_idp::{MockIdp, StartError};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::wire::{FORM, Login, Wire, written};

const JWKS: &str = "GET /jwks HTTP/1.1\r\nHost: x\r\n\r\n";

pub(crate) async fn start() -> MockIdp {
    MockIdp::builder().tls(Tls::generated()).start().await.expect("a server")
}

pub(crate) fn ca(idp: &MockIdp) -> reqwest::Certificate {
    reqwest::Certificate::from_pem(idp.ca_pem().expect("generated").as_bytes()).expect("a certificate")
}

pub(crate) fn client(trusted: reqwest::Certificate, shown: Option<&Credential>) -> reqwest::Client {
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy();
    let http = http.tls_certs_only([trusted]);
    let http = match shown {
        Some(shown) => {
            let both = format!("{}{}", shown.key_pem.expose(), shown.certificate_pem);
            http.identity(reqwest::Identity::from_pem(both.as_bytes()).expect("a certificate with its key"))
        }
        None => http,
    };
    http.build().expect("a client")
}

async fn issuer(http: &reqwest::Client, at: &str) -> Result<String, reqwest::Error> {
    let metadata = http.get(format!("{at}/.well-known/openid-configuration")).send().await?;
    let metadata: serde_json::Value = metadata.json().await?;
    Ok(metadata["issuer"].as_str().expect("an issuer").to_owned())
}

/// A connection over TLS, requests on which are written by hand.
pub(crate) async fn shake(idp: &MockIdp, version: &'static SupportedProtocolVersion) -> Wire<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    let ca = CertificateDer::from_pem_slice(idp.ca_pem().expect("generated").as_bytes()).expect("a certificate");
    roots.add(ca).expect("a certification authority");
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()));
    let config = config.with_protocol_versions(&[version]).expect("a version");
    let config = config.with_root_certificates(roots).with_no_client_auth();
    let stream = TcpStream::connect(address(idp)).await.expect("the server accepts");
    let name = ServerName::try_from("127.0.0.1").expect("a name");
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.expect("hands are shaken");
    assert_eq!(stream.get_ref().1.alpn_protocol(), None);
    Wire::over(stream)
}

fn address(idp: &MockIdp) -> SocketAddr {
    idp.address().expect("a socket")
}

#[tokio::test]
async fn a_flawed_certificate_has_that_flaw_and_no_other() {
    for (flaw, name) in
        [(Flaw::Expired, "127.0.0.1"), (Flaw::OtherHost, "127.0.0.1"), (Flaw::OtherHost, "elsewhere.example")]
    {
        let idp = MockIdp::builder().tls(Tls::generated().flawed(flaw)).start().await.expect("a server");
        let mut roots = RootCertStore::empty();
        let ca = CertificateDer::from_pem_slice(idp.ca_pem().expect("generated").as_bytes()).expect("a certificate");
        roots.add(ca).expect("a certification authority");
        let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()));
        let config = config.with_protocol_versions(&[&TLS13]).expect("a version");
        let config = config.with_root_certificates(roots).with_no_client_auth();
        let stream = TcpStream::connect(address(&idp)).await.expect("the server accepts");
        let host = ServerName::try_from(name).expect("a name");
        let shaken = TlsConnector::from(Arc::new(config)).connect(host, stream).await;
        let said = shaken.map(|_| ()).map_err(|error| error.to_string());
        match (flaw, name) {
            (Flaw::OtherHost, "elsewhere.example") => assert_eq!(said, Ok(())),
            (Flaw::OtherHost, _) => assert!(said.expect_err("another host").contains("not valid for name")),
            _ => assert!(said.expect_err("it has expired").contains("expired")),
        }
    }
}

#[tokio::test]
async fn whoever_trusts_the_authority_of_the_run_speaks_https() {
    let idp = start().await;
    let http = client(ca(&idp), None);
    assert_eq!(idp.issuer(), format!("https://{}", address(&idp)));
    for host in ["127.0.0.1", "localhost"] {
        let at = format!("https://{host}:{}", address(&idp).port());
        assert_eq!(issuer(&http, &at).await.expect("metadata"), idp.issuer());
    }
    let login = Login::new();
    let answer = http.get(format!("{}/authorize?{}", idp.issuer(), login.request().encode())).send().await;
    let answer = answer.expect("an answer");
    let location = reqwest::Url::parse(answer.headers()["location"].to_str().expect("ASCII")).expect("a URL");
    let code = location.query_pairs().find(|(name, _)| name == "code");
    let redemption = login.redemption(&code.expect("a code").1).encode();
    let tokens = http.post(format!("{}/token", idp.issuer())).header("content-type", FORM).body(redemption);
    assert_eq!(tokens.send().await.expect("an answer").status(), 200);
}

#[tokio::test]
async fn whoever_trusts_one_of_those_that_share_an_authority_trusts_the_others_too() {
    let shared = Tls::shared().expect("an authority");
    let [one, other] = [shared.clone(), shared].map(|tls| MockIdp::builder().tls(tls));
    let (one, other) = (one.start().await.expect("a server"), other.start().await.expect("a server"));
    assert_eq!(one.ca_pem(), other.ca_pem());
    let http = client(ca(&one), None);
    for idp in [&one, &other] {
        assert_eq!(issuer(&http, idp.issuer()).await.expect("an answer"), idp.issuer());
    }
}

#[tokio::test]
async fn a_default_does_not_take_the_place_of_what_was_asked_for() {
    let shared = Tls::shared().expect("an authority");
    let own = MockIdp::builder().tls(Tls::generated()).tls_by_default(shared.clone());
    let own = own.start().await.expect("a server");
    let other = MockIdp::builder().tls_by_default(shared).start().await.expect("a server");
    assert!(other.issuer().starts_with("https://"), "{}", other.issuer());
    assert_ne!(own.ca_pem(), other.ca_pem());
}

#[tokio::test]
async fn whoever_trusts_somebody_else_does_not_connect() {
    let (idp, other) = (start().await, start().await);
    assert_ne!(idp.ca_pem(), other.ca_pem());
    let error = issuer(&client(ca(&other), None), idp.issuer()).await.expect_err("it is not trusted");
    assert!(error.is_connect() && format!("{error:?}").contains("BadSignature"), "{error:?}");
    assert_eq!(idp.journal().len(), 0);
}

#[tokio::test]
async fn tls_is_spoken_in_two_versions() {
    let idp = start().await;
    for version in [&TLS12, &TLS13] {
        let mut wire = shake(&idp, version).await;
        for _ in 0..2 {
            assert_eq!(wire.exchange(JWKS).await.status, 200);
        }
    }
}

#[tokio::test]
async fn a_client_may_show_a_certificate_whoever_issued_it() {
    let idp = start().await;
    let subject = Subject::named("web").dns("web.example");
    let issued = idp.client_certificate(&subject).expect("a certificate");
    for shown in [&issued, &subject.self_signed().expect("a certificate")] {
        assert_eq!(issuer(&client(ca(&idp), Some(shown)), idp.issuer()).await.expect("metadata"), idp.issuer());
    }
    let plain = MockIdp::start().await;
    assert!(plain.client_certificate(&subject).is_err() && plain.ca_pem().is_none());
}

/// A certificate of a server that is brought along, and its key.
fn brought_along() -> (String, String) {
    let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    (own.cert.pem(), own.signing_key.serialize_pem())
}

#[tokio::test]
async fn a_certificate_that_was_brought_along_is_shown() {
    let (certificate, key) = brought_along();
    let idp = MockIdp::builder().tls(Tls::pem(certificate.as_str(), key)).start().await.expect("a server");
    assert_eq!(idp.ca_pem(), None);
    let at = format!("https://localhost:{}", address(&idp).port());
    let trusted = reqwest::Certificate::from_pem(certificate.as_bytes()).expect("a certificate");
    assert_eq!(issuer(&client(trusted, None), &at).await.expect("metadata"), idp.issuer());
    assert!(issuer(&client(ca(&start().await), None), &at).await.is_err(), "another authority does not do");
}

#[tokio::test]
async fn what_cannot_be_served_is_named() {
    let own = Subject::named("x").self_signed().expect("a certificate");
    let error = MockIdp::builder().tls(Tls::pem(own.certificate_pem.as_str(), "")).start().await;
    assert!(matches!(error, Err(StartError::Tls(TlsError::Key))), "{error:?}");
    let error = MockIdp::builder().trust("x").in_process();
    assert!(matches!(error, Err(StartError::Tls(TlsError::Certificate(Role::Trusted)))), "{error:?}");
    let names = "the certification authority that is to be trusted is no certificate in PEM";
    assert_eq!(error.expect_err("no certificate").to_string(), names);
}

#[tokio::test]
async fn the_issuer_may_have_a_name_of_its_own() {
    let idp = MockIdp::builder().tls(Tls::generated()).issuer("https://idp.example:8443/oauth");
    let idp = idp.listen(([0, 0, 0, 0], 0).into()).start().await.expect("a server");
    let http = reqwest::Client::builder().no_proxy().tls_certs_only([ca(&idp)]);
    let http = http.resolve("idp.example", ([127, 0, 0, 1], address(&idp).port()).into()).build().expect("a client");
    let at = format!("https://idp.example:{}", address(&idp).port());
    assert_eq!(issuer(&http, &at).await.expect("metadata"), "https://idp.example:8443/oauth");
    let in_process = MockIdp::builder().tls(Tls::generated()).in_process().expect("a server");
    assert_eq!(in_process.issuer(), "https://mock-idp.test");
    assert!(in_process.ca_pem().is_some());
}

#[tokio::test]
async fn whoever_does_not_speak_tls_is_shown_the_door() {
    let idp = start().await;
    let mut wire = Wire::connect(address(&idp)).await;
    wire.send(JWKS.as_bytes()).await.expect("the server reads");
    // An alert in the clear, and the end.
    while !wire.is_closed().await {}
    assert_eq!(shake(&idp, &TLS13).await.exchange(JWKS).await.status, 200);
}

#[tokio::test]
async fn slow_handshakes_keep_nobody_waiting() {
    let idp = start().await;
    let mut slow = Vec::new();
    for said in [&b""[..], b"\x16\x03\x01\x02\x00\x01"].repeat(50) {
        let mut wire = Wire::connect(address(&idp)).await;
        wire.send(said).await.expect("the server reads");
        slow.push(wire);
    }
    assert_eq!(shake(&idp, &TLS13).await.exchange(JWKS).await.status, 200);
    assert_eq!(slow.len(), 100);
}

#[tokio::test]
async fn a_stopped_server_ends_its_connections_over_tls() {
    let idp = start().await;
    let (mut used, mut fresh) = (shake(&idp, &TLS13).await, shake(&idp, &TLS12).await);
    let mut silent = Wire::connect(address(&idp)).await;
    assert_eq!(used.exchange(JWKS).await.status, 200);
    let mut busy = shake(&idp, &TLS13).await;
    let request = written("/token", &Login::new().redemption("none"));
    let (first, last) = request.split_at(request.len() - 1);
    busy.send(first.replace("Host: x", "Host: x\r\nExpect: 100-continue").as_bytes()).await.expect("it reads");
    busy.is_asked_for_more().await;
    let stopping = tokio::spawn(idp.stop());
    assert!(used.is_closed().await && fresh.is_closed().await && silent.is_closed().await);
    assert!(!stopping.is_finished(), "it waits for the request");
    busy.send(last.as_bytes()).await.expect("it reads");
    assert_eq!(busy.receive().await.expect("the request is answered").status, 400);
    stopping.await.expect("no panic");
    assert!(busy.is_closed().await);
}

/// What becomes of asking `url`.
async fn ask(idp: &MockIdp, url: &str) -> Result<u16, OutboundError> {
    let request = outbound::get(url, Reach::Outside).expect("a request");
    idp.outbound().send(request).await.map(|answer| answer.status().as_u16())
}

#[tokio::test]
async fn the_server_asks_by_https_whom_it_trusts() {
    let other = start().await;
    let url = format!("{}/jwks", other.issuer());
    let trusting = MockIdp::builder().trust(other.ca_pem().expect("generated")).in_process().expect("a server");
    assert_eq!(ask(&trusting, &url).await, Ok(200));
    assert_eq!(ask(&trusting, &url.replace("127.0.0.1", "localhost")).await, Ok(200));
    assert_eq!(ask(&other, &url).await, Ok(200), "the server trusts its own authority");

    let stranger = start().await;
    let error = ask(&stranger, &url).await.expect_err("it is not trusted");
    assert!(matches!(&error, OutboundError::Tls(why) if why.contains("invalid peer certificate")), "{error}");
    let nobody = MockIdp::builder().in_process().expect("a server");
    let error = ask(&nobody, &url).await.expect_err("nobody is trusted").to_string();
    assert_eq!(error, "TLS failed: no certification authority is trusted; Builder::trust names one");
}

#[tokio::test]
async fn the_server_asks_by_https_only_who_it_meant() {
    let named = MockIdp::builder().tls(Tls::generated()).start().await.expect("a server");
    let trusting = MockIdp::builder().trust(named.ca_pem().expect("generated")).in_process().expect("a server");
    let error = ask(&trusting, &named.issuer().replace("127.0.0.1", "127.0.0.2")).await.expect_err("another name");
    assert!(matches!(error, OutboundError::Tls(_) | OutboundError::Io(_)), "{error}");
    let plain = MockIdp::start().await;
    let error = ask(&trusting, &plain.issuer().replace("http:", "https:")).await.expect_err("no TLS");
    assert!(matches!(error, OutboundError::Tls(_)), "{error}");
}

/// A client to whom these names are the server's.
fn calling(idp: &MockIdp, names: &[&str], trusted: &str) -> reqwest::Client {
    let pems = CertificateDer::pem_slice_iter(trusted.as_bytes()).map(|der| der.expect("a certificate"));
    let trusted = pems.map(|der| reqwest::Certificate::from_der(&der).expect("a certificate"));
    let http = reqwest::Client::builder().no_proxy().tls_certs_only(trusted);
    let at = SocketAddr::from(([127, 0, 0, 1], address(idp).port()));
    names.iter().fold(http, |http, name| http.resolve(name, at)).build().expect("a client")
}

#[tokio::test]
async fn every_name_that_was_configured_is_the_servers_and_no_other() {
    let tls = Tls::generated().name("idp").name("My_Service").name("192.0.2.7");
    let builder = MockIdp::builder().tls(tls).issuer("https://localhost:8443");
    let builder = builder.front_channel("https://front.example").back_channel("https://back:8443/oauth");
    let idp = builder.start().await.expect("a server");
    let own = ["idp", "my_service", "localhost", "front.example", "back", "acme.localhost", "a.b.front.example"];
    let others = ["other", "example", "notfront.example", "localhost.example"];
    let http = calling(&idp, &[&own[..], &others].concat(), idp.ca_pem().expect("generated"));
    let port = address(&idp).port();
    for _ in 0..2 {
        for name in own {
            assert!(issuer(&http, &format!("https://{name}:{port}")).await.is_ok(), "{name}");
        }
        for name in others {
            let error = issuer(&http, &format!("https://{name}:{port}")).await.expect_err(name);
            assert!(error.is_connect() && format!("{error:?}").contains("NotValidForName"), "{name}: {error:?}");
        }
    }
}

/// What a server shows to whoever asks for `name`, whatever it is.
async fn shown(idp: &MockIdp, name: &str) -> Vec<CertificateDer<'static>> {
    #[derive(Debug)]
    struct Anybody;
    impl rustls::client::danger::ServerCertVerifier for Anybody {
        fn verify_server_cert(
            &self,
            _end_entity: &CertificateDer<'_>,
            _intermediates: &[CertificateDer<'_>],
            _server_name: &ServerName<'_>,
            _ocsp: &[u8],
            _now: rustls::pki_types::UnixTime,
        ) -> Result<rustls::client::danger::ServerCertVerified, rustls::Error> {
            Ok(rustls::client::danger::ServerCertVerified::assertion())
        }

        fn verify_tls12_signature(
            &self,
            _message: &[u8],
            _certificate: &CertificateDer<'_>,
            _signature: &rustls::DigitallySignedStruct,
        ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
            Ok(rustls::client::danger::HandshakeSignatureValid::assertion())
        }

        fn verify_tls13_signature(
            &self,
            message: &[u8],
            certificate: &CertificateDer<'_>,
            signature: &rustls::DigitallySignedStruct,
        ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
            self.verify_tls12_signature(message, certificate, signature)
        }

        fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
            vec![rustls::SignatureScheme::ECDSA_NISTP256_SHA256]
        }
    }
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()));
    let config = config.with_protocol_versions(&[&TLS13]).expect("a version").dangerous();
    let config = config.with_custom_certificate_verifier(Arc::new(Anybody)).with_no_client_auth();
    let stream = TcpStream::connect(address(idp)).await.expect("the server accepts");
    let name = ServerName::try_from(name.to_owned()).expect("a name");
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.expect("hands are shaken");
    stream.get_ref().1.peer_certificates().expect("shown").to_vec()
}

#[tokio::test]
async fn a_name_that_the_authority_may_not_speak_for_is_never_certified() {
    let idp = start().await;
    let names = async |asked: &str| {
        let leaf = Certificate::parse(&shown(&idp, asked).await[0]).expect("a certificate");
        leaf.san_dns().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(names("evil.example").await, ["localhost"]);
    assert_eq!(names("127.0.0.1").await, ["localhost"]);
    assert_eq!(names("acme.localhost").await, ["acme.localhost"]);
}

#[tokio::test]
async fn the_bundle_is_the_certificate_and_its_authority_and_the_hash_is_that_of_the_key() {
    use aws_lc_rs::digest::{SHA256, digest};
    use base64::Engine;
    use rustls::server::ParsedCertificate;
    let hash = |der: &CertificateDer<'_>| {
        let read = ParsedCertificate::try_from(der).expect("a certificate");
        base64::prelude::BASE64_STANDARD.encode(digest(&SHA256, &read.subject_public_key_info()))
    };
    let idp = start().await;
    let bundle = idp.bundle_pem().expect("generated");
    let both: Vec<_> = CertificateDer::pem_slice_iter(bundle.as_bytes()).map(|der| der.expect("PEM")).collect();
    let ca = CertificateDer::from_pem_slice(idp.ca_pem().expect("generated").as_bytes()).expect("PEM");
    let own = shown(&idp, "localhost").await.swap_remove(0);
    assert_eq!(both, [own.clone(), ca]);
    let spki = idp.spki_sha256().expect("TLS");
    assert_eq!((spki, spki.len()), (&*hash(&own), 44));
    assert_eq!(spki, hash(&shown(&idp, "acme.localhost").await[0]), "every certificate is about one key");
    let http = calling(&idp, &[], bundle);
    assert!(issuer(&http, idp.issuer()).await.is_ok(), "whoever trusts the bundle trusts the server");

    let (certificate, key) = brought_along();
    let idp = MockIdp::builder().tls(Tls::pem(certificate.as_str(), key)).start().await.expect("a server");
    let own = CertificateDer::from_pem_slice(certificate.as_bytes()).expect("PEM");
    assert_eq!((idp.bundle_pem(), idp.spki_sha256()), (None, Some(&*hash(&own))));
    let plain = MockIdp::start().await;
    assert_eq!((plain.bundle_pem(), plain.spki_sha256()), (None, None));
}
