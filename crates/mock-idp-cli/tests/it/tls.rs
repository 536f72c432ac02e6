//! The program over TLS.

use mock_idp::tls::Certificate;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::program::{Program, path_in, run};
use crate::scratch::Scratch;

/// A certificate that a test brings along, and its key.
fn brought_along() -> (String, String) {
    let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    (own.cert.pem(), own.signing_key.serialize_pem())
}

fn client(trusted: reqwest::Certificate) -> reqwest::Client {
    reqwest::Client::builder().no_proxy().tls_certs_only([trusted]).build().expect("a client")
}

async fn issuer(http: &reqwest::Client, at: &str) -> Result<String, reqwest::Error> {
    let metadata = http.get(format!("{at}/.well-known/openid-configuration")).send().await?;
    let metadata: serde_json::Value = metadata.json().await?;
    Ok(metadata["issuer"].as_str().expect("an issuer").to_owned())
}

fn read(path: &str) -> String {
    std::fs::read_to_string(path).expect("a file")
}

/// Whether the program answers to whoever trusts this authority; its issuer is where it listens.
async fn answers(program: &Program, trusted: &str) {
    let trusted = reqwest::Certificate::from_pem(trusted.as_bytes()).expect("a certificate");
    let at = format!("https://localhost:{}", program.address.port());
    let said = issuer(&client(trusted), &at).await.expect("metadata");
    assert_eq!(said, format!("https://{}", program.address));
}

#[tokio::test]
async fn the_program_serves_https() {
    let scratch = Scratch::new("tls");
    let [out, cert, key, config] = ["ca.pem", "own.pem", "own.key", "mock.toml"].map(|name| path_in(&scratch, name));
    let program = Program::serve(&["--tls", "--ca-out", &out]);
    answers(&program, &read(&out)).await;
    let url = format!("https://{}", program.address);
    let made = run(&["token", "alice", "--url", &url, "--ca", &out]);
    assert_eq!((made.status.code(), made.stdout.matches('.').count()), (Some(0), 2), "{}", made.stderr);
    let other = run(&["token", "alice", "--url", &url]);
    assert!(other.status.code() == Some(1) && other.stderr.contains("--ca"), "{}", other.stderr);
    assert_hash(&program.end("TERM").await.stderr);

    let program = Program::serve(&["--tls"]);
    let stderr = program.end("TERM").await.stderr;
    let (pem, rest) = stderr.split_at(stderr.find("spki").expect("a hash"));
    assert!(pem.starts_with("-----BEGIN CERTIFICATE-----\n") && pem.ends_with("-----END CERTIFICATE-----\n"));
    assert_hash(rest);
    assert!(!stderr.contains("KEY"), "{stderr}");

    let brought = brought_along();
    std::fs::write(&cert, &brought.0).expect("a file");
    std::fs::write(&key, &brought.1).expect("a file");
    let own = ["--tls-cert", &cert, "--tls-key", &key, "--tls-client-ca", &cert, "--trust", &cert];
    let program = Program::serve(&own);
    answers(&program, &brought.0).await;
    assert_hash(&program.end("TERM").await.stderr);

    let text = format!("trust = [{cert:?}]\n[tls]\ncert = {cert:?}\nkey = {key:?}\nclient_ca = [{cert:?}]\n");
    std::fs::write(&config, text).expect("a file");
    let program = Program::serve(&["--config", &config]);
    answers(&program, &brought.0).await;
    program.end("TERM").await;
    let program = Program::serve(&["--config", &config, "--tls", "--ca-out", &out]);
    answers(&program, &read(&out)).await;
    program.end("TERM").await;

    std::fs::write(&config, format!("[tls]\nca_out = {out:?}\n")).expect("a file");
    let program = Program::serve(&["--config", &config]);
    answers(&program, &read(&out)).await;
    assert_hash(&program.end("TERM").await.stderr);
}

#[test]
fn the_program_says_what_is_wrong_with_its_tls() {
    let scratch = Scratch::new("bad-tls");
    let [missing, text, config] = ["missing.pem", "text.pem", "mock.toml"].map(|name| path_in(&scratch, name));
    std::fs::write(&text, "canary").expect("a file");
    let below = format!("{missing}/ca.pem");
    for (arguments, says) in [
        (vec!["--tls-cert", &missing, "--tls-key", &text], format!("{missing}: No such file")),
        (vec!["--tls-cert", &text, "--tls-key", &text], "the server's key is no private key in PEM".to_owned()),
        (vec!["--tls", "--tls-client-ca", &text], "the certification authority of clients is no cert".to_owned()),
        (vec!["--trust", &text], "the certification authority that is to be trusted is no cert".to_owned()),
        (vec!["--tls", "--ca-out", &below], format!("{below}: ")),
        (vec!["--tls-client-ca", &text], "--tls-client-ca is of no use without --tls or --tls-cert".to_owned()),
        (vec!["--ca-out", &text], "--ca-out is of no use without --tls".to_owned()),
        (vec!["--bundle-out", &text], "--bundle-out is of no use without --tls".to_owned()),
        (vec!["--tls-name", "idp"], "--tls-name is of no use without --tls".to_owned()),
        (vec!["--tls", "--tls-name", "idp:8443"], "\"idp:8443\" is no name of a server".to_owned()),
        (vec!["--tls-cert", &text, "--tls-key", &text, "--bundle-out", &text], {
            "a certificate that was brought along has no certification authority to write".to_owned()
        }),
        (vec!["--tls-cert", &text, "--tls-key", &text, "--ca-out", &text], {
            "a certificate that was brought along has no certification authority to write".to_owned()
        }),
    ] {
        let ended = run(&[&["serve", "--listen", "127.0.0.1:0"], arguments.as_slice()].concat());
        assert!(ended.stderr.starts_with(&format!("error: {says}")), "{arguments:?}: {}", ended.stderr);
        assert_eq!((ended.status.code(), ended.stdout.as_str(), ended.stderr.lines().count()), (Some(1), "", 1));
        assert!(!ended.stderr.contains("canary"));
    }
    for arguments in [["--tls-cert", &text].as_slice(), &["--tls-key", &text], &["--tls", "--tls-cert", &text]] {
        assert_eq!(run(&[&["serve"], arguments].concat()).status.code(), Some(2), "{arguments:?}");
    }
    for (text, says) in [
        ("[tls]\ncert = \"a\"\n", "1:2: tls: there is a cert and no key; add key"),
        ("alg = \"ES256\"\n[tls]\nkey = \"a\"\n", "2:2: tls: there is a key and no cert; add cert"),
        ("[tls]\ncertt = \"a\"\n", "2:1: tls.certt: there is no such member; did you mean cert?"),
        ("[tls]\ncert = \"a\"\nkey = \"b\"\nca_out = \"c\"\n", "1:2: tls: ca_out is for the cert"),
        ("[tls]\ncert = \"a\"\nkey = \"b\"\nbundle_out = \"c\"\n", "1:2: tls: bundle_out is for the cert"),
        ("tls = true\n", "1:1: tls: this is true or false, and has to be a table; "),
        (
            "[tls]\nclient_ca = \"a\"\n",
            "2:1: tls.client_ca: this is a text, and has to be a list; put it in square brackets",
        ),
    ] {
        std::fs::write(&config, text).expect("a file");
        let ended = run(&["serve", "--listen", "127.0.0.1:0", "--config", &config]);
        assert!(ended.stderr.starts_with(&format!("error: {config}:{says}")), "{text}: {}", ended.stderr);
        assert_eq!((ended.status.code(), ended.stdout.as_str()), (Some(1), ""), "{text}");
    }
}

#[test]
fn the_program_makes_a_certificate_for_a_client() {
    let scratch = Scratch::new("certificate");
    let prefix = path_in(&scratch, "web.client");
    let names = ["--name", "web", "--organization", "Example", "--dns", "web.example", "--ip", "::1"];
    let arguments = [&["certificate", "--out", &prefix], names.as_slice()].concat();
    let ended = run(&arguments);
    assert_eq!((ended.status.code(), ended.stderr.as_str()), (Some(0), ""));
    let (certificate, key) = (read(&format!("{prefix}.pem")), read(&format!("{prefix}.key")));
    let der = CertificateDer::from_pem_slice(certificate.as_bytes()).expect("a certificate");
    let made = Certificate::parse(&der).expect("a certificate");
    assert_eq!(ended.stdout, format!("x5t#S256 {}\n", made.x5t_s256()));
    assert_eq!(made.subject_dn(), "CN=web,O=Example");
    assert_eq!((made.san_dns().next(), made.san_ip().count()), (Some("web.example"), 1));
    assert!(reqwest::Identity::from_pem(format!("{key}{certificate}").as_bytes()).is_ok());

    let ended = run(&arguments);
    assert!(ended.stderr.starts_with(&format!("error: {prefix}.pem: File exists")), "{}", ended.stderr);
    assert_eq!((ended.status.code(), read(&format!("{prefix}.key"))), (Some(1), key), "no key is overwritten");

    let half = path_in(&scratch, "half");
    std::fs::write(format!("{half}.key"), "").expect("a file");
    let ended = run(&["certificate", "--name", "x", "--out", &half]);
    assert!(ended.stderr.starts_with(&format!("error: {half}.key: File exists; ")), "{}", ended.stderr);
    assert!(!std::path::Path::new(&format!("{half}.pem")).exists(), "no half of it is left");
}

#[tokio::test]
async fn the_program_hands_out_the_bundle_and_the_hash() {
    let scratch = Scratch::new("bundle");
    let [ca, bundle, config] = ["ca.pem", "bundle.pem", "mock.toml"].map(|name| path_in(&scratch, name));
    let text = format!("[tls]\nca_out = {ca:?}\nbundle_out = {bundle:?}\nnames = [\"idp\"]\n");
    std::fs::write(&config, text).expect("a file");
    let flags = ["--tls", "--ca-out", &ca, "--bundle-out", &bundle, "--tls-name", "idp"];
    for arguments in [&flags[..], &["--config", &config]] {
        let program = Program::serve(arguments);
        assert!(read(&bundle).ends_with(&read(&ca)) && read(&bundle).len() > read(&ca).len());
        let http = reqwest::Client::builder().no_proxy();
        let trusted = reqwest::Certificate::from_pem(read(&ca).as_bytes()).expect("a certificate");
        let http = http.tls_certs_only([trusted]).resolve("idp", program.address).build().expect("a client");
        let at = format!("https://idp:{}", program.address.port());
        assert_eq!(issuer(&http, &at).await.expect("metadata"), format!("https://{}", program.address));
        assert_hash(&program.end("TERM").await.stderr);
    }
}

/// Nothing but the hash of a key was said.
fn assert_hash(stderr: &str) {
    let hash = stderr.strip_prefix("spki-sha256 ").and_then(|rest| rest.strip_suffix("=\n"));
    assert!(hash.is_some_and(|hash| hash.len() == 43), "{stderr:?}");
}
