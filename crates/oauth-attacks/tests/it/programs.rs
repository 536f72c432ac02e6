//! Clients that are programs: this test binary, started again as one.

use std::env::{current_exe, var};
use std::io::Write as _;
use std::net::Ipv4Addr;
use std::time::Duration;

use mock_idp::MockIdp;
use oauth_attacks::{
    ClientUnderTest as _, Command, Options, Provider, Registration, Rejected, Said, Verdict, Visitor, run_on_client,
};
use oauth_types::Params;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::victims::client::{Defence, Victim};

/// Not a test: the program that the tests below start. It is the victim, with one defence off if it is told so.
#[test]
fn the_program() {
    let Ok(issuer) = var("ISSUER") else { return };
    let how = var("HOW").unwrap_or_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let code = runtime.block_on(program(issuer, &how));
    std::process::exit(code);
}

async fn program(issuer: String, how: &str) -> i32 {
    if var("HTTPS").is_ok_and(|which| which == "only") && !issuer.starts_with("https://") {
        return told(&Said::Rejected(Rejected::new("no https")));
    }
    let redirect_uri = var("REDIRECT_URI").expect("a redirect URI");
    let client = Registration::public(var("CLIENT_ID").expect("an id"), &redirect_uri);
    let off = match how {
        "careless" => Some(Defence::StateCompared),
        _ => None,
    };
    let ca_pem = var("CA_FILE").ok().map(|file| std::fs::read_to_string(file).expect("an authority"));
    let (visitor, provider) = (Visitor::new(), Provider { issuer, client, ca_pem });
    let victim = Victim::new(off).trusting(&provider);
    let port = redirect_uri.split(':').nth(2).and_then(|rest| rest.split('/').next()).expect("a port");
    let listener = TcpListener::bind(format!("127.0.0.1:{port}")).await.expect("a listener");
    let url = match victim.begin(&visitor, &provider).await {
        Ok(url) => url,
        Err(rejected) => return told(&Said::Rejected(rejected)),
    };
    let browser = var("BROWSER").expect("a browser");
    assert!(std::process::Command::new(browser).arg(&url).status().expect("it runs").success());
    let (mut stream, _) = listener.accept().await.expect("a browser");
    let address = format!("http://127.0.0.1:{port}{}", path(&mut stream).await);
    if how == "brittle" {
        std::process::abort();
    }
    let said = victim.finish(&visitor, &address).await;
    if how == "polite" {
        // It shows a page without a code in its address, and says nothing before it is seen.
        let elsewhere =
            b"HTTP/1.1 303 See Other\r\nlocation: /done\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        stream.write_all(elsewhere).await.expect("it is sent");
        drop(stream);
        (stream, _) = listener.accept().await.expect("a browser");
        assert_eq!(path(&mut stream).await, "/done");
    }
    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: close\r\n\r\ndone").await;
    match (how, &said) {
        ("silent", Said::Accepted { .. }) => 0,
        ("silent", _) => 3,
        _ => told(&said),
    }
}

/// The path of the request, with its query.
async fn path(stream: &mut TcpStream) -> String {
    let mut head = vec![0; 65536];
    let read = stream.read(&mut head).await.expect("a request");
    let head = String::from_utf8_lossy(&head[..read]).into_owned();
    head.split(' ').nth(1).expect("a request line").to_owned()
}

fn told(said: &Said) -> i32 {
    let line = match said {
        Said::Accepted { issuer, subject } => json!({ "accepted": { "iss": issuer, "sub": subject } }),
        Said::Rejected(rejected) => json!({ "rejected": { "code": rejected.code } }),
        other => json!({ "rejected": { "code": format!("{other:?}") } }),
    };
    writeln!(std::io::stdout(), "\n{line}").expect("somebody listens");
    0
}

fn client(how: &str) -> Command {
    let this = current_exe().expect("this program");
    let line = format!("{} --exact programs::the_program --nocapture --test-threads 1", this.display());
    Command::new(line).expect("a client").env("HOW", how)
}

const ATTACKS: [&str; 6] = [
    "rp-state-mismatch",
    "rp-state-other-browser",
    "rp-code-injection-pkce",
    "rp-idt-aud-wrong",
    "rp-iss-wrong",
    "rp-pkce-verifier-missing",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_says_what_came_of_it_is_judged_by_that() {
    let report = run_on_client(client("sound"), &Options::new().only(ATTACKS).side_by_side(3)).await;
    report.assert_all_stopped();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_takes_https_alone_is_judged_as_others_are() {
    let attacks = [&ATTACKS[..], &["rp-mixup-classic", "rp-tls-invalid", "rp-discovery-http-endpoint"]].concat();
    let options = Options::new().only(attacks).side_by_side(3);
    let https = client("sound").env("HTTPS", "only").over_https().expect("an authority");
    run_on_client(https, &options).await.assert_all_stopped();
    run_on_client(client("sound"), &options).await.assert_all_stopped();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_careless_program_is_found_out_over_https_as_well() {
    let client = client("careless").env("HTTPS", "only").over_https().expect("an authority");
    let report = run_on_client(client, &Options::new().only(["rp-state-mismatch"])).await;
    assert_eq!(report.outcomes[0].verdict, Verdict::Vulnerable, "{}", report.outcomes[0].because);
}

#[tokio::test(flavor = "multi_thread")]
async fn issuers_have_no_https_unless_they_are_told_to() {
    let report =
        run_on_client(client("sound").env("HTTPS", "only"), &Options::new().only(["rp-state-mismatch"])).await;
    let outcome = &report.outcomes[0];
    assert_eq!(outcome.verdict, Verdict::Inconclusive, "{}", outcome.because);
    assert!(outcome.because.contains("no https"), "{}", outcome.because);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_only_ends_is_judged_by_how() {
    let report = run_on_client(client("silent"), &Options::new().only(ATTACKS).side_by_side(3)).await;
    report.assert_all_stopped();
    let because = &report.outcomes.iter().find(|outcome| outcome.id == "rp-state-mismatch").expect("it ran").because;
    assert!(because.contains("it ended with 3"), "{because}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_leads_its_visitor_to_a_page_of_its_own_is_followed() {
    let report = run_on_client(client("polite"), &Options::new().only(ATTACKS).side_by_side(3)).await;
    report.assert_all_stopped();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_careless_program_is_found_out() {
    let report = run_on_client(client("careless"), &Options::new().only(["rp-state-mismatch"])).await;
    assert_eq!(report.outcomes[0].verdict, Verdict::Vulnerable, "{}", report.outcomes[0].because);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_response_for_another_computer_reaches_the_program_of_this_one() {
    let report = run_on_client(client("careless"), &Options::new().only(["rp-state-other-browser"])).await;
    let outcome = &report.outcomes[0];
    // The code is redeemed with a verifier of this program's own.
    assert_eq!(outcome.verdict, Verdict::Vulnerable, "{}", outcome.because);
    assert!(outcome.because.contains("redeemed the code"), "{}", outcome.because);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_is_not_blamed_for_what_comes_to_other_computers() {
    let report = run_on_client(client("sound"), &Options::new().only(["rp-browser-swap"])).await;
    let outcome = &report.outcomes[0];
    assert_eq!(outcome.verdict, Verdict::Inconclusive, "{}", outcome.because);
    assert!(outcome.because.contains("other computers"), "{}", outcome.because);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_breaks_down_has_withstood_nothing() {
    let report = run_on_client(client("brittle"), &Options::new().only(["rp-state-mismatch"])).await;
    let outcome = &report.outcomes[0];
    assert_eq!(outcome.verdict, Verdict::Inconclusive);
    assert!(outcome.because.contains("failed before the attack: broke down"), "{}", outcome.because);
}

#[tokio::test]
async fn a_program_that_cannot_be_started_or_opens_nothing_is_inconclusive() {
    for (line, because) in [
        ("/nowhere/to/be/found", "the client begins no login"),
        ("true", "the program ended without opening a browser"),
        ("exit 0", "the program ended without opening a browser"),
        ("exit 3", "the client begins no login: it ended with 3"),
        ("FOO=bar; test \"$FOO\" = bar && exit 4", "it ended with 4"),
        ("FOO=1 sh -c 'exit $((FOO + 4))'", "it ended with 5"),
        ("echo '{\"rejected\": {\"code\": \"not today\"}}'", "not today"),
    ] {
        let client = Command::new(line).expect("a client");
        let report = run_on_client(client, &Options::new().only(["rp-state-mismatch"])).await;
        let outcome = &report.outcomes[0];
        assert_eq!(outcome.verdict, Verdict::Inconclusive);
        assert!(outcome.because.contains(because), "{line}: {}", outcome.because);
    }
}

/// The program of a new visitor, which waits for what comes back; it has the other end of this connection.
async fn started(client: &Command, visitor: &Visitor, provider: &Provider) -> TcpStream {
    let url = client.begin(visitor, provider).await.expect("an address");
    let redirect_uri = Params::parse(url.split_once('?').expect("a query").1).expect("parameters");
    let redirect_uri = redirect_uri.get("redirect_uri").expect("a redirect URI").to_owned();
    let port = redirect_uri.split([':', '/']).nth(4).and_then(|port| port.parse().ok()).expect("a port");
    TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.expect("a listener")
}

/// Whether the program at the other end is gone.
async fn is_gone(stream: &mut TcpStream) -> bool {
    let end = tokio::time::timeout(Duration::from_secs(10), stream.read_u8()).await;
    end.is_ok_and(|end| end.is_err())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_is_killed_when_its_visitor_has_left_and_another_comes() {
    let (idp, client) = (MockIdp::start().await, client("sound"));
    let provider = Provider { issuer: idp.issuer().to_owned(), client: client.registration(), ca_pem: None };
    let (first, second) = (Visitor::new(), Visitor::new());
    let mut left = started(&client, &first, &provider).await;
    let kept = started(&client, &second, &provider).await;
    drop(first);
    let _third = started(&client, &Visitor::new(), &provider).await;
    assert!(is_gone(&mut left).await);
    let silent = kept.try_read(&mut [0]).expect_err("nothing was said");
    assert_eq!(silent.kind(), std::io::ErrorKind::WouldBlock, "the visitor of this one is there");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_is_killed_when_nobody_attacks_it_any_more() {
    let (idp, client) = (MockIdp::start().await, client("sound"));
    let provider = Provider { issuer: idp.issuer().to_owned(), client: client.registration(), ca_pem: None };
    let visitor = Visitor::new();
    let mut left = started(&client, &visitor, &provider).await;
    drop(client);
    assert!(is_gone(&mut left).await);
}
