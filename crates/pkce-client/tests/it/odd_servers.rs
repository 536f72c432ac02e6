//! Servers that are odder than any library lets them be, against every exchange of a login: each ends with an exact
//! error, and in time.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jsonwebtoken::Algorithm as Jws;
use pkce_client::{
    BoxFuture, Client, Defect, Endpoint, Error, FinishError, HttpClient, HttpRequest, JsonError, ReqwestTransport,
    Started, TransportError,
};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::stage::{CLIENT_ID, REDIRECT_URI, RS256, START, TestClock, asked, callback, jwk, metadata, rsa, sign};

const ENDPOINTS: [(Endpoint, &str); 4] = [
    (Endpoint::Discovery, "/.well-known/openid-configuration"),
    (Endpoint::Token, "/token"),
    (Endpoint::Jwks, "/jwks"),
    (Endpoint::Userinfo, "/userinfo"),
];

/// What a server says, in octets: the first once, the second without end, and then it stays silent or hangs up.
#[derive(Clone, Default)]
struct Odd {
    once: Vec<u8>,
    forever: Vec<u8>,
    hangs_up: bool,
}

impl Odd {
    fn said(text: impl Into<Vec<u8>>) -> Self {
        Self { once: text.into(), hangs_up: true, ..Self::default() }
    }

    fn silent(text: impl Into<Vec<u8>>) -> Self {
        Self { once: text.into(), ..Self::default() }
    }

    fn endless(once: &str, forever: &str) -> Self {
        Self { once: once.into(), forever: forever.into(), hangs_up: true }
    }

    async fn play(&self, stream: &mut TcpStream) -> std::io::Result<()> {
        stream.write_all(&self.once).await?;
        while !self.forever.is_empty() {
            stream.write_all(&self.forever.repeat(1000)).await?;
        }
        if self.hangs_up { stream.shutdown().await } else { std::future::pending().await }
    }
}

/// An honest server but for one address.
struct Server {
    issuer: String,
    nonce: Mutex<String>,
    odd: (&'static str, Odd),
    asked: Mutex<Vec<String>>,
}

impl Server {
    async fn start(path: &'static str, odd: Odd) -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let issuer = format!("http://{}", listener.local_addr().expect("an address"));
        let server = Arc::new(Self { issuer, nonce: Mutex::default(), odd: (path, odd), asked: Mutex::default() });
        let shared = Arc::clone(&server);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(Arc::clone(&shared).serve(stream));
            }
        });
        server
    }

    async fn serve(self: Arc<Self>, mut stream: TcpStream) {
        let mut request = Vec::new();
        // Every request of a login fits into one segment, which is all that matters here.
        while !String::from_utf8_lossy(&request).contains("\r\n\r\n") {
            if stream.read_buf(&mut request).await.unwrap_or(0) == 0 {
                return;
            }
        }
        let text = String::from_utf8_lossy(&request).into_owned();
        let path = text.split(' ').nth(1).unwrap_or_default().to_owned();
        self.asked.lock().expect("a journal").push(path.clone());
        let answer = if path == self.odd.0 { self.odd.1.clone() } else { self.honest(&path) };
        let _ = answer.play(&mut stream).await;
    }

    fn honest(&self, path: &str) -> Odd {
        let body = match path {
            "/.well-known/openid-configuration" => metadata(&self.issuer),
            "/jwks" => json!({"keys": [jwk(&rsa(RS256), Jws::RS256, "one")]}),
            "/userinfo" => json!({"sub": "alice"}),
            _ => {
                let nonce = self.nonce.lock().expect("a nonce").clone();
                let claims = json!({
                    "iss": self.issuer, "sub": "alice", "aud": CLIENT_ID, "iat": START, "exp": START + 600, "nonce": nonce
                });
                let header = json!({"alg": "RS256", "kid": "one"}).to_string();
                let id_token = sign(&header, &claims.to_string(), &rsa(RS256), Jws::RS256);
                json!({"access_token": "at-1", "token_type": "Bearer", "id_token": id_token})
            }
        };
        Odd::said(ok("application/json", body.to_string()))
    }

    async fn login(&self) -> Result<(), Error> {
        let sound = ReqwestTransport::builder().build().expect("a transport");
        let builder = Client::builder(&self.issuer, CLIENT_ID).redirect_uri(REDIRECT_URI).clock(TestClock::new());
        let client =
            builder.http(Hasty { sound, path: self.odd.0, is_silent: !self.odd.1.hangs_up }).discover().await?;
        let started: Started = client.login().scopes(["openid"]).begin().await?;
        *self.nonce.lock().expect("a nonce") = asked(&started).get("nonce").expect("a nonce").to_owned();
        let callback = callback(&started, &[("iss", &self.issuer)]);
        let session = client.finish(started.pending, callback).await.map_err(|error| match error {
            FinishError::Failed(error) => error,
            other => panic!("{other:?}"),
        })?;
        session.userinfo().await.map(drop)
    }
}

/// Has no time to lose where the server says nothing.
struct Hasty {
    sound: ReqwestTransport,
    path: &'static str,
    is_silent: bool,
}

impl HttpClient for Hasty {
    fn send(&self, mut request: HttpRequest) -> BoxFuture<'_, Result<http::Response<Vec<u8>>, TransportError>> {
        if self.is_silent && request.request.uri().path() == self.path {
            request.timeout = Duration::from_millis(100);
        }
        self.sound.send(request)
    }
}

fn ok(content_type: &str, body: impl AsRef<str>) -> String {
    let body = body.as_ref();
    let length = body.len();
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}

/// What comes of a login where one endpoint is odd; every endpoint is tried.
async fn each(odd: Odd, judge: impl Fn(Endpoint, &Error) -> bool) {
    for (endpoint, path) in ENDPOINTS {
        let server = Server::start(path, odd.clone()).await;
        let outcome = tokio::time::timeout(Duration::from_secs(60), server.login()).await.expect("it ends in time");
        let error = outcome.expect_err("it is odd");
        assert!(judge(endpoint, &error), "{endpoint}: {error:?}");
        let asked = server.asked.lock().expect("a journal");
        assert_eq!(asked.iter().filter(|asked| *asked == path).count(), 1, "{endpoint}: asked once");
    }
}

fn failed(endpoint: Endpoint, error: &Error, is: impl Fn(&TransportError) -> bool) -> bool {
    matches!(error, Error::Transport { endpoint: at, source } if *at == endpoint && is(source))
}

fn unusable(endpoint: Endpoint, error: &Error, wanted: Defect) -> bool {
    matches!(error, Error::Protocol { endpoint: at, defect } if *at == endpoint && *defect == wanted)
}

const OPEN: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n";

#[tokio::test]
async fn an_honest_server_is_not_odd() {
    let server = Server::start("/nowhere", Odd::default()).await;
    server.login().await.expect("a session");
    let asked = server.asked.lock().expect("a journal");
    assert_eq!(*asked, ENDPOINTS.map(|(_, path)| path));
}

#[tokio::test]
async fn what_is_no_answer_is_no_connection() {
    for odd in [
        Odd::said(""),
        Odd::said([0x16, 0x03, 0x03, 0, 2, 2, 40]),
        Odd::said("{\"access_token\": \"at\", \"token_type\": \"Bearer\"}"),
        Odd::said("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}"),
        Odd::said("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}"),
        Odd::said("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n"),
        Odd::said("HTTP/1.1 200 OK\r\nno colon\r\n\r\n{}"),
        Odd::endless("HTTP/1.1 200 OK\r\n", "x-a: b\r\n"),
        Odd::endless("HTTP/1.1 200 OK\r\nx-a: ", "b"),
    ] {
        each(odd, |at, error| failed(at, error, |source| matches!(source, TransportError::Connection(_)))).await;
    }
}

#[tokio::test]
async fn nobody_is_waited_for_without_end() {
    for odd in [Odd::silent(""), Odd::silent("HTTP/1.1 200"), Odd::silent(OPEN), Odd::silent(format!("{OPEN}{{"))] {
        each(odd, |at, error| failed(at, error, |source| matches!(source, TransportError::Timeout))).await;
    }
    let hints = Odd { once: b"HTTP/1.1 100 Continue\r\n\r\n".repeat(100), ..Odd::default() };
    each(hints, |at, error| failed(at, error, |source| matches!(source, TransportError::Timeout))).await;
}

#[tokio::test]
async fn no_body_is_read_beyond_the_limit() {
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    for odd in [
        Odd::endless(OPEN, " "),
        Odd::endless(OPEN, "[[[["),
        Odd::endless(chunked, &format!("3e8\r\n{}\r\n", "x".repeat(1000))),
        Odd::endless("HTTP/1.1 400 No\r\n\r\n", "x"),
    ] {
        let too_large = |source: &TransportError, wanted| matches!(source, TransportError::TooLarge { limit } if *limit == wanted);
        each(odd, |at, error| failed(at, error, |source| too_large(source, at.max_body()))).await;
    }
}

#[tokio::test]
async fn no_redirect_is_followed_not_even_to_itself() {
    for (endpoint, path) in ENDPOINTS {
        for status in [301, 302, 303, 307, 308] {
            let odd = format!("HTTP/1.1 {status} Again\r\nLocation: {path}\r\nContent-Length: 0\r\n\r\n");
            let server = Server::start(path, Odd::said(odd)).await;
            let error = server.login().await.expect_err("it is odd");
            assert!(unusable(endpoint, &error, Defect::Redirect(status)), "{error:?}");
            assert_eq!(server.asked.lock().expect("a journal").iter().filter(|asked| *asked == path).count(), 1);
        }
    }
}

#[tokio::test]
async fn a_body_that_is_not_the_one_asked_for_is_told() {
    let json = |error: JsonError| move |at: Endpoint, it: &Error| unusable(at, it, Defect::Json(error));
    let body = |body: &str| Odd::said(ok("application/json", body));
    for odd in [body(""), body("{}{}"), body("\u{feff}{}"), body("<html>"), body("{'a': 1}")] {
        each(odd, json(JsonError::Malformed)).await;
    }
    each(body("[]"), json(JsonError::NotAnObject)).await;
    each(body(r#"{"issuer": "a", "issuer": "b"}"#), json(JsonError::DuplicateMember)).await;
    each(body(&format!("{{\"a\": {}", "[".repeat(50_000))), json(JsonError::TooDeep)).await;
    // Packed, although nobody asked for that.
    let packed = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\n\r\n";
    let packed = [packed.as_bytes(), &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]].concat();
    each(Odd::said(packed), json(JsonError::Malformed)).await;
}

#[tokio::test]
async fn a_status_or_a_type_that_is_another_is_told() {
    for status in [201, 204, 206] {
        let odd = format!("HTTP/1.1 {status} Odd\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n");
        each(Odd::said(odd), |at, error| unusable(at, error, Defect::Status(status))).await;
    }
    let text = format!("{OPEN}{{}}").replace("\r\n\r\n", "\r\nContent-Type: text/html\r\n\r\n");
    each(Odd::said(text), |at, error| match at {
        // Key sets come under any type.
        Endpoint::Jwks => unusable(at, error, Defect::Missing("keys")),
        _ => unusable(at, error, Defect::ContentType),
    })
    .await;
}
