//! Native logins: a listener that other programs, pages and impatient browsers talk to as well.

use std::io;

use pkce_client::{Client, ClientBuilder, Endpoint, Error, RejectReason, Session};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use url::Url;

use crate::stage::{CLIENT_ID, ISSUER, START, Stage, asked_by, response_to, sign};

/// A login under way, and the browser it opened.
pub(crate) struct Visit {
    pub(crate) login: JoinHandle<Result<Session, Error>>,
    pub(crate) url: Url,
    pub(crate) redirect_uri: String,
    host: String,
}

impl Visit {
    pub(crate) async fn start(stage: &Stage, change: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Self {
        let (opened, mut opening) = mpsc::unbounded_channel();
        let user_agent = move |url: Url| {
            opened.send(url).expect("the test waits for it");
            std::future::ready(io::Result::Ok(()))
        };
        let client = stage.client_of(change(stage.builder().user_agent(user_agent)));
        let login = tokio::spawn(async move { client.login_native(["openid"]).await });
        let url = opening.recv().await.expect("a URL");
        stage.visit_url(&url);
        let redirect_uri = asked_by(&url).get("redirect_uri").expect("a redirect URI").to_owned();
        let host = redirect_uri.strip_prefix("http://").and_then(|rest| rest.split('/').next()).expect("a host");
        Self { login, host: host.to_owned(), redirect_uri, url }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(&self.host).await.expect("the listener is there")
    }

    /// Sends a request as it is and reads the whole answer.
    async fn send(&self, request: &str) -> String {
        let mut stream = self.connect().await;
        stream.write_all(request.as_bytes()).await.expect("a connection");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("an answer");
        answer
    }

    async fn get(&self, target: &str) -> String {
        self.send(&format!("GET {target} HTTP/1.1\r\nHost: {}\r\n\r\n", self.host)).await
    }

    /// The target of the response with these parameters instead.
    pub(crate) fn callback(&self, changes: &[(&str, &str)]) -> String {
        format!("/callback?{}", response_to(&self.url, changes))
    }

    pub(crate) async fn expect(&self, target: &str, status: &str) {
        let answer = self.get(target).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{target}: {answer}");
    }

    /// Follows the response to its end, as a browser does.
    pub(crate) async fn come_back(&self) {
        let answer = self.get(&self.callback(&[])).await;
        assert!(
            answer.starts_with("HTTP/1.1 303 ") && answer.contains("\r\nLocation: /callback/done\r\n"),
            "{answer}"
        );
        self.expect("/callback/done", "200").await;
    }

    pub(crate) async fn finish(self) -> Result<Session, Error> {
        let outcome = self.login.await.expect("no panic");
        let refused = TcpStream::connect(&self.host).await.expect_err("the port is closed");
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
        outcome
    }
}

fn same(builder: ClientBuilder) -> ClientBuilder {
    builder
}

#[tokio::test]
async fn the_browser_comes_back_and_the_port_is_closed() {
    let stage = Stage::new();
    let visit = Visit::start(&stage, same).await;
    let redirect_uri = visit.redirect_uri.clone();
    assert!(redirect_uri.starts_with("http://127.0.0.1:") && redirect_uri.ends_with("/callback"));
    visit.come_back().await;
    let session = visit.finish().await.expect("a session");
    assert_eq!(session.claims().expect("claims").subject(), "alice");
    let [request] = &stage.seen(Endpoint::Token)[..] else { panic!("one request") };
    assert_eq!(request.params.get("redirect_uri"), Some(redirect_uri.as_str()));
}

#[tokio::test]
async fn answers_are_not_stored_and_the_code_leaves_the_address() {
    let stage = Stage::new();
    let visit = Visit::start(&stage, same).await;
    let (nothing, wrong) = (visit.get("/favicon.ico").await, visit.get("/callback").await);
    let right = visit.get(&visit.callback(&[])).await;
    let last = visit.get("/callback/done").await;
    for answer in [nothing, wrong, right, last] {
        for header in ["Cache-Control: no-store", "Referrer-Policy: no-referrer", "default-src 'none'"] {
            assert!(answer.contains(header), "{answer}");
        }
        assert!(!answer.contains("code-1") && !answer.contains("state"), "{answer}");
    }
    visit.finish().await.expect("a session");
}

#[tokio::test]
async fn a_signed_response_is_opened_and_an_unsigned_one_ignored() {
    let stage = Stage::new();
    stage.with(|script| script.metadata["response_modes_supported"] = json!(["jwt"]));
    let visit = Visit::start(&stage, ClientBuilder::signed_responses).await;
    let state = asked_by(&visit.url).get("state").expect("a state").to_owned();
    let token = |iss: &str| {
        let claims = json!({"iss": iss, "aud": CLIENT_ID, "exp": START + 600, "code": "code-1", "state": state});
        stage.with(|script| sign(&script.header.to_string(), &claims.to_string(), &script.key, script.alg))
    };
    visit.expect(&visit.callback(&[("code", "forged")]), "400").await;
    visit.expect(&visit.callback(&[("error", "access_denied")]), "400").await;
    visit.expect(&format!("/callback?response={}", token("https://evil.example")), "400").await;
    visit.expect("/callback?response=forged", "400").await;
    visit.expect(&format!("/callback?response={}", token(ISSUER)), "303").await;
    visit.expect("/callback/done", "200").await;
    visit.finish().await.expect("a session");
    assert_eq!(stage.seen(Endpoint::Token).pop().expect("a request").params.get("code"), Some("code-1"));
}

#[tokio::test]
async fn forged_responses_do_not_end_the_login() {
    let stage = Stage::new();
    let visit = Visit::start(&stage, same).await;
    let state = asked_by(&visit.url).get("state").expect("a state").to_owned();
    let forged = [
        visit.callback(&[("state", "")]),
        visit.callback(&[("state", "x"), ("code", "forged")]),
        visit.callback(&[("state", "x"), ("error", "access_denied")]),
        visit.callback(&[("iss", "https://evil.example")]),
        visit.callback(&[("iss", "https://evil.example"), ("error", "access_denied")]),
        visit.callback(&[("iss", "")]),
        format!("/callback?state={state}&state={state}&code=forged"),
        "/callback?code=forged".to_owned(),
        "/callback?%zz".to_owned(),
        "/callback".to_owned(),
    ];
    for target in &forged {
        visit.expect(target, "400").await;
    }
    for target in ["/", "/favicon.ico", "/callback/", "/callback/done", "/CALLBACK", "/../callback"] {
        visit.expect(target, "404").await;
    }
    assert!(stage.seen(Endpoint::Token).is_empty());
    visit.come_back().await;
    visit.finish().await.expect("a session");
    let [request] = &stage.seen(Endpoint::Token)[..] else { panic!("one request") };
    assert_eq!(request.params.get("code"), Some("code-1"));
}

#[tokio::test]
async fn requests_of_another_kind_are_not_believed() {
    let stage = Stage::new();
    let visit = Visit::start(&stage, same).await;
    let (target, host) = (visit.callback(&[]), visit.host.clone());
    let requests = [
        (format!("HEAD {target} HTTP/1.1\r\nHost: {host}\r\n\r\n"), "405"),
        (format!("POST {target} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\n\r\n"), "405"),
        (format!("GET {target} HTTP/1.1\r\nHost: evil.example\r\n\r\n"), "400"),
        (format!("GET {target} HTTP/1.1\r\n\r\n"), "400"),
        (format!("GET {target} HTTP/1.0\r\nHost: {host}\r\n\r\n"), "400"),
        (format!("GET http://{host}{target} HTTP/1.1\r\nHost: {host}\r\n\r\n"), "400"),
        (format!("GET /{} HTTP/1.1\r\nHost: {host}\r\n\r\n", "x".repeat(32 * 1024 - 40)), "431"),
        ("\0\u{1}\u{2}\r\n\r\n".to_owned(), "400"),
    ];
    for (request, status) in requests {
        let answer = visit.send(&request).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    }
    visit.come_back().await;
    visit.finish().await.expect("a session");
}

#[tokio::test]
async fn idle_and_broken_connections_are_in_nobodys_way() {
    let stage = Stage::new();
    let visit = Visit::start(&stage, same).await;
    let idle = [visit.connect().await, visit.connect().await];
    let mut half = visit.connect().await;
    half.write_all(b"GET /callback?code=x HTTP/1.1\r\nHost:").await.expect("a connection");
    drop(visit.connect().await);
    visit.come_back().await;
    visit.finish().await.expect("a session");
    drop((idle, half));
}

#[tokio::test]
async fn a_thousand_connections_do_not_shut_the_browser_out() {
    let stage = Stage::new();
    let visit = Visit::start(&stage, same).await;
    let mut oldest = visit.connect().await;
    let mut idle = Vec::new();
    for _ in 0..1000 {
        idle.push(visit.connect().await);
    }
    // The oldest connections made room for the others.
    assert_eq!(oldest.read(&mut [0; 1]).await.unwrap_or(0), 0);
    visit.come_back().await;
    visit.finish().await.expect("a session");
}

#[tokio::test]
async fn a_response_is_taken_once() {
    let stage = Stage::new();
    let visit = Visit::start(&stage, same).await;
    stage.gate.send_replace(Some(Endpoint::Token));
    visit.expect(&visit.callback(&[]), "303").await;
    visit.expect(&visit.callback(&[]), "404").await;
    visit.expect(&visit.callback(&[("code", "forged")]), "404").await;
    stage.gate.send_replace(None);
    visit.expect("/callback/done", "200").await;
    visit.finish().await.expect("a session");
    assert_eq!(stage.seen(Endpoint::Token).len(), 1);
}

#[tokio::test]
async fn a_browser_that_does_not_come_for_the_last_page_is_not_waited_for() {
    let stage = Stage::new();
    let visit = Visit::start(&stage, same).await;
    visit.expect(&visit.callback(&[]), "303").await;
    stage.arrived(Endpoint::Jwks, 1).await;
    assert!(!visit.login.is_finished());
    stage.clock.advance(2);
    visit.finish().await.expect("a session");
}

#[tokio::test]
async fn a_refusal_ends_the_login() {
    let stage = Stage::new();
    let visit = Visit::start(&stage, same).await;
    visit.expect(&visit.callback(&[("error", "access_denied"), ("code", "")]), "303").await;
    visit.expect("/callback/done", "200").await;
    let Err(Error::Rejected(RejectReason::Denied(error))) = visit.finish().await else { panic!("a denial") };
    assert_eq!(error.code(), "access_denied");
    assert!(stage.seen(Endpoint::Token).is_empty());
}

#[tokio::test]
async fn the_user_has_five_minutes() {
    let stage = Stage::new();
    let visit = Visit::start(&stage, same).await;
    stage.clock.advance(299);
    visit.expect("/callback", "400").await;
    stage.clock.advance(1);
    assert!(matches!(visit.finish().await, Err(Error::LoginTimeout)));
}

#[tokio::test]
async fn a_cancelled_login_closes_its_port() {
    let stage = Stage::new();
    let Visit { login, host, .. } = Visit::start(&stage, same).await;
    let mut idle = TcpStream::connect(&host).await.expect("the listener is there");
    login.abort();
    assert!(login.await.expect_err("cancelled").is_cancelled());
    assert!(TcpStream::connect(&host).await.is_err());
    assert_eq!(idle.read(&mut [0; 1]).await.unwrap_or(0), 0);
    assert_eq!(stage.clock.waiting(), 0);
}

#[tokio::test]
async fn a_browser_that_does_not_open_ends_the_login() {
    let stage = Stage::new();
    let broken = |_: Url| std::future::ready(Err(io::Error::other("no browser")));
    let client = stage.client_of(stage.builder().user_agent(broken));
    assert!(matches!(client.login_native(["openid"]).await, Err(Error::UserAgent(_))));
}

#[tokio::test]
async fn the_path_is_the_registered_one() {
    let stage = Stage::new();
    let visit = Visit::start(&stage, |builder| builder.loopback_path("/")).await;
    assert!(visit.redirect_uri.ends_with(":".to_owned().as_str()) || visit.redirect_uri.ends_with('/'));
    let answer = visit.get(&visit.callback(&[]).replace("/callback", "/")).await;
    assert!(answer.contains("\r\nLocation: /done\r\n"), "{answer}");
    visit.expect("/done", "200").await;
    visit.finish().await.expect("a session");
}

#[tokio::test]
async fn every_login_has_a_port_and_secrets_of_its_own() {
    let stage = Stage::new();
    let (first, second) = (Visit::start(&stage, same).await, Visit::start(&stage, same).await);
    assert_ne!(first.host, second.host);
    let crossed = format!("/callback?{}", response_to(&first.url, &[]));
    second.expect(&crossed, "400").await;
    second.come_back().await;
    second.finish().await.expect("a session");
    first.login.abort();
}

#[tokio::test]
async fn the_listener_is_bound_before_the_browser_opens() {
    let stage = Stage::new();
    let eager = |url: Url| async move {
        let redirect_uri = asked_by(&url).get("redirect_uri").expect("a redirect URI").to_owned();
        let host = redirect_uri.trim_start_matches("http://").trim_end_matches("/callback").to_owned();
        TcpStream::connect(host).await.map(drop)?;
        Err(io::Error::other("it was there"))
    };
    let client = stage.client_of(stage.builder().user_agent(eager));
    let Err(Error::UserAgent(error)) = client.login_native(["openid"]).await else { panic!("no browser") };
    assert_eq!(error.to_string(), "it was there");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_listener_is_at_one_address_alone() {
    let stage = Stage::new();
    let visit = Visit::start(&stage, same).await;
    let port = visit.host.split_once(':').expect("a port").1;
    for other in ["127.0.0.2", "[::1]"] {
        let refused = TcpStream::connect(format!("{other}:{port}")).await;
        assert!(refused.is_err(), "{other}");
    }
    visit.come_back().await;
    visit.finish().await.expect("a session");
}

#[tokio::test]
async fn nothing_of_a_request_is_shown() {
    let stage = Stage::new();
    let visit = Visit::start(&stage, same).await;
    let script = "%3Cscript%3Ealert(1)%3C/script%3E<script>";
    for target in [format!("/{script}"), visit.callback(&[("state", "<script>"), ("error", "<script>")])] {
        let answer = visit.get(&target).await;
        assert!(!answer.contains("script") && !answer.contains("alert"), "{answer}");
    }
    let denied = visit.callback(&[("error", "<script>"), ("error_description", "<script>"), ("code", "")]);
    let answer = visit.get(&denied).await;
    let last = visit.get("/callback/done").await;
    assert!(!format!("{answer}{last}").contains("script"), "{answer}{last}");
    assert!(matches!(visit.finish().await, Err(Error::Rejected(RejectReason::Denied(_)))));
}

#[test]
fn complaint_01_a_client_is_one_type_that_can_be_kept_and_sent() {
    fn sendable<T: Send>(value: T) -> T {
        value
    }
    fn shared<T: Send + Sync + Clone>() {}
    shared::<Client>();
    shared::<Session>();
    let client = Stage::new().client();
    drop(sendable(client.login_native(["openid"])));
    drop(sendable(client.login().begin()));
}
