//! Targets that die, hang, answer garbage or redirect forever: nothing can be said, the reason is given, and the run
//! comes to its end.

use std::future::Future;
use std::net::Ipv4Addr;
use std::time::Duration;

use oauth_attacks::{Options, Report, Target, Verdict, catalogue, run_on_server};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A server whose connections are handled like this, and a target that believes it to be an authorization server.
async fn target<F>(handle: impl Fn(TcpStream) -> F + Send + 'static) -> Target
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let issuer = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(handle(stream));
        }
    });
    let metadata = json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "userinfo_endpoint": format!("{issuer}/userinfo"),
    });
    let target = Target::described_by(serde_json::from_value(metadata).expect("metadata")).expect("a target");
    let uri = "http://127.0.0.1:9/callback";
    target.public("app", uri).confidential("web", "a long enough secret", uri).second_redirect_uri(format!("{uri}2"))
}

/// Reads the head of a request and writes this.
async fn say(mut stream: TcpStream, answer: String) {
    let mut head = [0; 4096];
    let _ = stream.read(&mut head).await;
    let _ = stream.write_all(answer.as_bytes()).await;
}

async fn run(target: &Target) -> Report {
    let options = Options::new().permit_harm().patience(Duration::from_millis(300));
    run_on_server(target, &options).await
}

/// Nothing is said of any attack that needs the server to work: none is withstood.
fn assert_nothing_is_withstood(report: &Report) {
    assert_eq!(report.outcomes.len(), catalogue::server_attacks().count());
    for outcome in &report.outcomes {
        assert!(!outcome.verdict.withstood(), "{}: {}", outcome.id, outcome.because);
        assert!(!outcome.because.is_empty());
    }
    let inconclusive = report.outcomes.iter().filter(|outcome| outcome.verdict == Verdict::Inconclusive).count();
    assert!(inconclusive * 10 >= report.outcomes.len() * 9, "{inconclusive}");
}

#[tokio::test]
async fn a_server_that_hangs() {
    let hanging = target(|stream| async move {
        let _held = stream;
        std::future::pending::<()>().await;
    });
    let report = run(&hanging.await).await;
    assert_nothing_is_withstood(&report);
    let gone = report.outcomes.iter().filter(|outcome| outcome.because == "the server has stopped answering");
    assert!(gone.count() > report.outcomes.len() / 2);
}

#[tokio::test]
async fn a_server_that_closes_every_connection() {
    let report = run(&target(|stream| async move { drop(stream) }).await).await;
    assert_nothing_is_withstood(&report);
}

#[tokio::test]
async fn a_server_that_answers_garbage() {
    for garbage in
        ["\0\0\0\0", "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n\u{1}\u{2}abc", "HTTP/1.1 999 What\r\n\r\n"]
    {
        let report = run(&target(move |stream| say(stream, garbage.to_owned())).await).await;
        assert_nothing_is_withstood(&report);
    }
}

#[tokio::test]
async fn a_server_that_redirects_forever() {
    let redirect =
        "HTTP/1.1 302 Found\r\nlocation: /authorize?again\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let report = run(&target(move |stream| say(stream, redirect.to_owned())).await).await;
    assert_nothing_is_withstood(&report);
}

#[tokio::test]
async fn a_server_that_never_stops_talking() {
    let endless = target(|mut stream| async move {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n").await;
        while stream.write_all(&[b'x'; 8192]).await.is_ok() {}
    });
    assert_nothing_is_withstood(&run(&endless.await).await);
}
