//! Requests written by hand: over TCP octet by octet, or handed to the server without a socket.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, LOCATION};
use http::{Request, Response};
use mock_idp::MockIdp;
use oauth_types::Params;
use pkce_core::Verifier;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// Where the built-in clients are redirected to.
pub(crate) const CALLBACK: &str = "http://127.0.0.1:1/cb";

pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

/// Ends a test that waits for something that does not come.
pub(crate) async fn within<F: Future>(what: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(30), what).await.expect("it takes far too long")
}

/// Waits until something holds.
pub(crate) async fn until(holds: impl Fn() -> bool) {
    within(async {
        while !holds() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// A connection whose requests are written by hand.
pub(crate) struct Wire<S = TcpStream>(BufReader<S>);

/// An answer as it came over the wire.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Wire {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        let stream = within(TcpStream::connect(address)).await.expect("the server accepts");
        stream.set_nodelay(true).expect("a socket takes the option");
        Self::over(stream)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    pub(crate) fn over(stream: S) -> Self {
        Self(BufReader::new(stream))
    }

    /// Writes, as far as the other end takes it.
    pub(crate) async fn send(&mut self, octets: &[u8]) -> io::Result<()> {
        within(async {
            self.0.get_mut().write_all(octets).await?;
            self.0.get_mut().flush().await
        })
        .await
    }

    /// Says that nothing more will be written.
    pub(crate) async fn finish(&mut self) {
        // The other end may have closed already.
        let _ = self.0.get_mut().shutdown().await;
    }

    /// The next answer that is not an interim one; `None` if the connection was closed.
    pub(crate) async fn receive(&mut self) -> Option<Answer> {
        loop {
            match within(self.read()).await {
                Ok(answer) if answer.status < 200 => {}
                Ok(answer) => return Some(answer),
                Err(_) => return None,
            }
        }
    }

    /// Waits for the interim answer that asks for the body (RFC 9110 §15.2.1).
    pub(crate) async fn is_asked_for_more(&mut self) {
        let answer = within(self.read()).await.expect("an interim answer");
        assert_eq!(answer.status, 100, "{answer:?}");
    }

    /// Whether the server has closed the connection, waiting until it has or has sent something else.
    pub(crate) async fn is_closed(&mut self) -> bool {
        let mut rest = [0];
        matches!(within(self.0.read(&mut rest)).await, Ok(0) | Err(_))
    }

    /// Whatever still comes, and the error that it ends with, if with one.
    pub(crate) async fn rest(&mut self) -> (String, Option<io::ErrorKind>) {
        let mut octets = Vec::new();
        let end = within(self.0.read_to_end(&mut octets)).await;
        (String::from_utf8(octets).expect("text"), end.err().map(|error| error.kind()))
    }

    /// The next `count` octets.
    pub(crate) async fn next(&mut self, count: usize) -> String {
        let mut octets = vec![0; count];
        within(self.0.read_exact(&mut octets)).await.expect("octets");
        String::from_utf8(octets).expect("text")
    }

    /// Sends a request and gives its answer.
    pub(crate) async fn exchange(&mut self, request: &str) -> Answer {
        self.send(request.as_bytes()).await.expect("the server reads");
        self.receive().await.expect("the server answers")
    }

    async fn read(&mut self) -> io::Result<Answer> {
        let mut head = Vec::new();
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            match line.trim_end_matches(['\r', '\n']) {
                "" => break,
                line => head.push(line.to_owned()),
            }
        }
        let status = head[0].split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status line");
        let split = |line: &String| line.split_once(": ").map(|(name, value)| (name.to_owned(), value.to_owned()));
        let headers: Vec<(String, String)> = head[1..].iter().map(|line| split(line).expect("a header")).collect();
        let length = headers.iter().find(|(name, _)| name == "content-length");
        let length = length.map_or(0, |(_, length)| length.parse().expect("a number"));
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).await?;
        Ok(Answer { status, headers, body: String::from_utf8(body).expect("text") })
    }
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// The code of a redirect.
    pub(crate) fn code(&self) -> String {
        code_in(self.header("location").unwrap_or_else(|| panic!("no redirect: {self:?}")))
    }

    /// A member of a JSON body.
    pub(crate) fn member(&self, name: &str) -> String {
        member(self.body.as_bytes(), name).unwrap_or_else(|| panic!("no {name}: {self:?}"))
    }
}

/// A login of one client, with its verifier.
pub(crate) struct Login {
    pub(crate) verifier: Verifier,
    pub(crate) client: &'static str,
}

impl Login {
    pub(crate) fn new() -> Self {
        Self { verifier: Verifier::generate().expect("randomness"), client: "public" }
    }

    /// The authorization request.
    pub(crate) fn request(&self) -> Params {
        Params::new()
            .with("response_type", "code")
            .with("client_id", self.client)
            .with("redirect_uri", CALLBACK)
            .with("scope", "openid email")
            .with("code_challenge", self.verifier.challenge().as_str())
            .with("code_challenge_method", "S256")
    }

    /// The token request.
    pub(crate) fn redemption(&self, code: &str) -> Params {
        Params::new()
            .with("grant_type", "authorization_code")
            .with("client_id", self.client)
            .with("code", code)
            .with("redirect_uri", CALLBACK)
            .with("code_verifier", self.verifier.expose())
    }

    /// The token request with a refresh token.
    pub(crate) fn refresh(&self, token: &str) -> Params {
        Params::new().with("grant_type", "refresh_token").with("client_id", self.client).with("refresh_token", token)
    }

    /// A code, got without a socket.
    pub(crate) async fn code(&self, idp: &MockIdp) -> String {
        let answer = idp.call(get(&format!("/authorize?{}", self.request().encode()))).await;
        let location = answer.headers().get(LOCATION).unwrap_or_else(|| panic!("no redirect: {answer:?}"));
        code_in(location.to_str().expect("ASCII"))
    }
}

/// A whole flow without a socket: code, tokens, UserInfo, refresh. The server is in order if it works.
pub(crate) async fn log_in(idp: &MockIdp) {
    let login = Login::new();
    finish(idp, &login, &login.code(idp).await).await;
}

/// The second half of [`log_in`].
pub(crate) async fn finish(idp: &MockIdp, login: &Login, code: &str) {
    let tokens = idp.call(post("/token", &login.redemption(code))).await;
    assert_eq!(tokens.status(), 200, "{tokens:?}");
    let access = member(tokens.body(), "access_token").expect("an access token");
    assert_eq!(idp.call(userinfo(&access)).await.status(), 200);
    let refresh = member(tokens.body(), "refresh_token").expect("a refresh token");
    let refreshed = idp.call(post("/token", &login.refresh(&refresh))).await;
    assert_eq!(refreshed.status(), 200, "{refreshed:?}");
}

pub(crate) fn get(path: &str) -> Request<Bytes> {
    Request::get(path).body(Bytes::new()).expect("a request")
}

pub(crate) fn post(path: &str, params: &Params) -> Request<Bytes> {
    Request::post(path).header(CONTENT_TYPE, FORM).body(params.encode().into()).expect("a request")
}

pub(crate) fn userinfo(token: &str) -> Request<Bytes> {
    let authorization = format!("Bearer {token}");
    Request::get("/userinfo").header("authorization", authorization).body(Bytes::new()).expect("a request")
}

/// A token request for the wire.
pub(crate) fn written(path: &str, params: &Params) -> String {
    let body = params.encode();
    format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {FORM}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

/// A member of a JSON body, if it is text.
pub(crate) fn member(body: &[u8], name: &str) -> Option<String> {
    let members: serde_json::Value = serde_json::from_slice(body).ok()?;
    members.get(name)?.as_str().map(str::to_owned)
}

/// The headers and the body of an answer in one text.
pub(crate) fn whole(answer: &Response<Bytes>) -> String {
    let mut text = String::new();
    for (name, value) in answer.headers() {
        text.push_str(&format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes())));
    }
    text + &String::from_utf8_lossy(answer.body())
}

fn code_in(location: &str) -> String {
    let (_, query) = location.split_once('?').unwrap_or_else(|| panic!("no query: {location}"));
    let params = Params::parse(query).expect("a query");
    params.get("code").unwrap_or_else(|| panic!("no code: {location}")).to_owned()
}
