//! Clients that hang, die, answer garbage, open nothing or redirect forever: nothing can be said, the reason is given,
//! and the run comes to its end.

use std::future::Future;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use oauth_attacks::client::Answered;
use oauth_attacks::{
    ClientUnderTest, Command, Options, Provider, Rejected, Report, Said, Verdict, Visitor, Web, catalogue,
    run_on_client,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::victims::client::Victim;

/// How long an attack on somebody who never answers may take.
const PATIENCE: Duration = Duration::from_millis(300);
/// A few of each kind: of the response, the token, the metadata, and one that only looks.
const SOME: [&str; 5] =
    ["rp-state-mismatch", "rp-code-injection-pkce", "rp-idt-aud-wrong", "rp-pkce-missing", "rp-token-transport"];

/// Nothing is said of any attack, and why.
fn assert_inconclusive(report: &Report, because: &str) {
    for outcome in &report.outcomes {
        assert_eq!(outcome.verdict, Verdict::Inconclusive, "{}: {}", outcome.id, outcome.because);
        assert!(!outcome.because.is_empty(), "{}", outcome.id);
    }
    let told = report.outcomes.iter().filter(|outcome| outcome.because.contains(because));
    assert!(told.count() * 2 > report.outcomes.len(), "{because}: {}", report.outcomes[0].because);
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_that_hang_flood_die_or_talk_nonsense() {
    for (line, because) in [
        ("sleep 1000", "it did not come to an end within 0.3 s"),
        ("yes", "it did not come to an end within 0.3 s"),
        ("kill -9 $$; true", "the program ended without opening a browser"),
        ("head -c 100000 /dev/urandom; echo", "the program ended without opening a browser"),
        ("echo '{\"accepted\": []}'", "the program ended without opening a browser"),
        ("$BROWSER ''; true", "the client opens what is no address"),
        ("$BROWSER 'not an address'; true", "the client opens what is no address"),
    ] {
        let options = Options::new().patience(PATIENCE).side_by_side(4).only(SOME);
        let report = run_on_client(Command::new(line).expect("a client"), &options).await;
        assert_eq!(report.outcomes.len(), SOME.len());
        assert_inconclusive(&report, because);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_catalogue_comes_to_an_end_at_a_program_that_opens_nothing() {
    let options = Options::new().patience(Duration::from_secs(10)).side_by_side(4);
    let report = run_on_client(Command::new("false").expect("a client"), &options).await;
    assert_eq!(report.outcomes.len(), catalogue::client_attacks().count());
    for outcome in &report.outcomes {
        assert_eq!(outcome.verdict, Verdict::Inconclusive, "{}: {}", outcome.id, outcome.because);
    }
}

/// A web application whose connections are handled like this.
async fn web<F>(handle: impl Fn(TcpStream) -> F + Send + 'static) -> Web
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let start = format!("http://{}/login", listener.local_addr().expect("an address"));
    let issuer = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port").local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(handle(stream));
        }
    });
    let web = Web::new(&start, "/me~alice".parse().expect("a predicate"));
    web.expect("an application").issuers_at(issuer, None)
}

/// Reads the head of a request and writes this.
async fn say(mut stream: TcpStream, answer: &str) {
    let mut head = [0; 4096];
    let _ = stream.read(&mut head).await;
    let _ = stream.write_all(answer.as_bytes()).await;
}

async fn run(web: Web) -> Report {
    run_on_client(web, &Options::new().patience(PATIENCE).only(SOME)).await
}

#[tokio::test]
async fn an_application_that_hangs() {
    let hanging = web(|stream| async move {
        let _held = stream;
        std::future::pending::<()>().await;
    });
    assert_inconclusive(&run(hanging.await).await, "it did not come to an end within 0.3 s");
}

#[tokio::test]
async fn an_application_that_closes_every_connection() {
    assert_inconclusive(&run(web(|stream| async move { drop(stream) }).await).await, "no answer from");
}

#[tokio::test]
async fn an_application_that_talks_nonsense_or_leads_nowhere() {
    for (answer, because) in [
        ("\0\0\0\0", "no answer from"),
        ("HTTP/1.1 999 What\r\ncontent-length: 0\r\n\r\n", "leads nowhere"),
        ("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", "leads nowhere"),
        ("HTTP/1.1 302 Found\r\nlocation: http://[\r\ncontent-length: 0\r\n\r\n", "redirects to what is no address"),
    ] {
        assert_inconclusive(&run(web(move |stream| say(stream, answer)).await).await, because);
    }
}

#[tokio::test]
async fn an_application_that_redirects_forever() {
    let again = "HTTP/1.1 302 Found\r\nlocation: /again\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let report = run(web(move |stream| say(stream, again)).await).await;
    assert_inconclusive(&report, "the application redirects without end");
}

/// A client that hangs at its first login and never again.
struct Sleepy {
    victim: Victim,
    awake: AtomicBool,
}

impl ClientUnderTest for Sleepy {
    fn begin<'a>(&'a self, visitor: &'a Visitor, provider: &'a Provider) -> Answered<'a, Result<String, Rejected>> {
        match self.awake.swap(true, Ordering::Relaxed) {
            true => self.victim.begin(visitor, provider),
            false => Box::pin(std::future::pending()),
        }
    }

    fn finish<'a>(&'a self, visitor: &'a Visitor, address: &'a str) -> Answered<'a, Said> {
        self.victim.finish(visitor, address)
    }
}

#[tokio::test]
async fn the_run_goes_on_after_a_client_that_hung() {
    let client = Sleepy { victim: Victim::new(None), awake: AtomicBool::new(false) };
    let options = Options::new().patience(Duration::from_secs(3)).only(["rp-state-mismatch", "rp-idt-aud-wrong"]);
    let report = run_on_client(client, &options).await;
    let verdicts: Vec<_> = report.outcomes.iter().map(|outcome| outcome.verdict).collect();
    assert_eq!(verdicts, [Verdict::Inconclusive, Verdict::Stopped]);
}
