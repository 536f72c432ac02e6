//! A listener on the loopback interface that reads requests and nothing else (RFC 8252 §7.3, §8.3).
//!
//! Browsers open connections ahead of need, other programs try the port, pages send requests to it. Every connection
//! is read on its own, nothing is read beyond a bounded head, and whoever listens decides what a request is worth.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::{AbortHandle, JoinSet};

/// The most connections that are kept open; the oldest one makes room for the next.
const MAX_CONNECTIONS: usize = 64;

/// The longest request line and headers together, in octets.
const MAX_HEAD: usize = 32 * 1024;

/// A bound listener and its connections. Dropping it closes them all.
pub(crate) struct Loopback {
    listener: TcpListener,
    address: SocketAddr,
    connections: JoinSet<()>,
    oldest_first: VecDeque<AbortHandle>,
    requests: mpsc::Receiver<Request>,
    sender: mpsc::Sender<Request>,
}

/// A GET request that waits for its answer.
pub(crate) struct Request {
    pub(crate) path: String,
    pub(crate) query: String,
    answer: oneshot::Sender<Answer>,
    written: oneshot::Receiver<()>,
}

/// What is answered.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// 200 with the page that says the browser's part is over.
    Page,
    /// 303 to this path.
    SeeOther(String),
    /// 400: not the response that is waited for.
    BadRequest,
    /// 404: nothing is here.
    NotFound,
    /// 405: only GET is understood.
    MethodNotAllowed,
    /// 431: more than the listener reads.
    TooLarge,
}

impl Loopback {
    /// Binds a port the system chooses, on 127.0.0.1; on `[::1]` only if there is no IPv4 at all.
    pub(crate) async fn bind() -> io::Result<Self> {
        let listener = first_of(TcpListener::bind::<(IpAddr, u16)>).await?;
        let address = listener.local_addr()?;
        let (sender, requests) = mpsc::channel(MAX_CONNECTIONS);
        let (connections, oldest_first) = (JoinSet::new(), VecDeque::new());
        Ok(Self { listener, address, connections, oldest_first, requests, sender })
    }

    /// The redirect URI that leads here. The literal address, never `localhost` (RFC 8252 §8.3).
    pub(crate) fn redirect_uri(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The next well-formed request. Malformed ones are answered without being shown to anybody.
    ///
    /// Nothing is lost if the future is dropped.
    pub(crate) async fn next(&mut self) -> io::Result<Request> {
        loop {
            tokio::select! {
                Some(request) = self.requests.recv() => return Ok(request),
                Some(_) = self.connections.join_next() => {}
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, _)) => self.admit(stream),
                    Err(error) if is_of_one_connection(&error) => {}
                    Err(error) => return Err(error),
                },
            }
        }
    }

    fn admit(&mut self, stream: TcpStream) {
        self.oldest_first.retain(|connection| !connection.is_finished());
        if self.oldest_first.len() >= MAX_CONNECTIONS
            && let Some(oldest) = self.oldest_first.pop_front()
        {
            oldest.abort();
        }
        let task = serve(stream, self.address.to_string(), self.sender.clone());
        self.oldest_first.push_back(self.connections.spawn(task));
    }
}

impl Request {
    /// Answers. The future resolves when the answer is on its way; it need not be awaited.
    pub(crate) fn answer(self, answer: Answer) -> impl Future<Output = ()> {
        // Whoever asked may be gone.
        let _ = self.answer.send(answer);
        async {
            let _ = self.written.await;
        }
    }
}

/// What is bound to a port that the system chooses.
async fn first_of<T>(bind: impl AsyncFn((IpAddr, u16)) -> io::Result<T>) -> io::Result<T> {
    match bind((Ipv4Addr::LOCALHOST.into(), 0)).await {
        Err(error) if is_absent(&error) => bind((Ipv6Addr::LOCALHOST.into(), 0)).await,
        bound => bound,
    }
}

/// No IPv4 loopback address. A port that is taken is no reason to go elsewhere: somebody else may answer there.
fn is_absent(error: &io::Error) -> bool {
    const NO_FAMILY: i32 = if cfg!(windows) {
        10047
    } else if cfg!(target_os = "linux") {
        97
    } else {
        47
    };
    error.kind() == io::ErrorKind::AddrNotAvailable || error.raw_os_error() == Some(NO_FAMILY)
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted)
}

/// Reads one request, has it answered, and closes.
async fn serve(mut stream: TcpStream, host: String, requests: mpsc::Sender<Request>) {
    let Ok(head) = read_head(&mut stream).await else { return };
    let target = head.ok_or(Answer::TooLarge).and_then(|head| read_target(&head, &host));
    let (answer, written) = match target {
        Err(refusal) => (refusal, None),
        Ok((path, query)) => {
            let ((answer, answered), (done, written)) = (oneshot::channel(), oneshot::channel());
            if requests.send(Request { path, query, answer, written }).await.is_err() {
                return;
            }
            let Ok(answer) = answered.await else { return };
            (answer, Some(done))
        }
    };
    let sent = stream.write_all(render(&answer).as_bytes()).await;
    if sent.is_ok() {
        let _ = stream.shutdown().await;
    }
    drop(written);
}

/// The head with its last empty line; `None` if it is too long.
async fn read_head(stream: &mut TcpStream) -> io::Result<Option<Vec<u8>>> {
    let mut head = Vec::with_capacity(1024);
    loop {
        if head.len() >= MAX_HEAD {
            return Ok(None);
        }
        let seen = head.len().saturating_sub(3);
        if stream.read_buf(&mut head).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if let Some(at) = head[seen..].windows(4).position(|octets| octets == b"\r\n\r\n") {
            head.truncate(seen + at + 4);
            return Ok(Some(head));
        }
    }
}

/// Path and query of a head that is well-formed (RFC 9112 §3, §5) and meant for `host`.
fn read_target(head: &[u8], host: &str) -> Result<(String, String), Answer> {
    let text = std::str::from_utf8(head).map_err(|_| Answer::BadRequest)?;
    let text = text.strip_suffix("\r\n\r\n").ok_or(Answer::BadRequest)?;
    let mut lines = text.split("\r\n");
    let mut words = lines.next().unwrap_or_default().split(' ');
    let (Some(method), Some(target), Some("HTTP/1.1"), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(Answer::BadRequest);
    };
    // Another name for this address is a page elsewhere that rebinds it (RFC 9112 §3.2).
    if read_host(lines)? != host {
        return Err(Answer::BadRequest);
    }
    if method != "GET" {
        return Err(Answer::MethodNotAllowed);
    }
    if !target.starts_with('/') || !target.bytes().all(|octet| octet.is_ascii_graphic() && octet != b'#') {
        return Err(Answer::BadRequest);
    }
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    Ok((path.to_owned(), query.to_owned()))
}

/// The value of the only `Host` header among well-formed ones.
fn read_host<'a>(lines: impl Iterator<Item = &'a str>) -> Result<&'a str, Answer> {
    let of_name = |octet: u8| octet.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&octet);
    let mut host = None;
    for line in lines {
        let (name, value) = line.split_once(':').ok_or(Answer::BadRequest)?;
        let malformed = name.is_empty() || !name.bytes().all(of_name) || value.contains(['\r', '\n', '\0']);
        if malformed || (name.eq_ignore_ascii_case("host") && host.replace(value.trim_matches([' ', '\t'])).is_some())
        {
            return Err(Answer::BadRequest);
        }
    }
    host.ok_or(Answer::BadRequest)
}

/// Nothing of the request comes back, nothing is stored, nothing is loaded, and the address goes nowhere.
fn render(answer: &Answer) -> String {
    let (status, location, text) = match answer {
        Answer::Page => ("200 OK", None, "You can close this window and go back to the application."),
        Answer::SeeOther(path) => ("303 See Other", Some(path), ""),
        Answer::BadRequest => ("400 Bad Request", None, "This is not the answer the application waits for."),
        Answer::NotFound => ("404 Not Found", None, "There is nothing here."),
        Answer::MethodNotAllowed => ("405 Method Not Allowed\r\nAllow: GET", None, "Only GET is understood here."),
        Answer::TooLarge => ("431 Request Header Fields Too Large", None, "The request is too long."),
    };
    let location = location.map_or(String::new(), |path| format!("Location: {path}\r\n"));
    let body = match text {
        "" => String::new(),
        text => format!("<!doctype html><meta charset=\"utf-8\"><title>Login</title><p>{text}</p>\n"),
    };
    format!(
        "HTTP/1.1 {status}\r\n{location}Content-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n\
         Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nContent-Security-Policy: default-src 'none'\r\n\
         X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HOST: &str = "127.0.0.1:4000";

    fn target(line: &str) -> Result<(String, String), Answer> {
        read_target(format!("{line}\r\nHost: {HOST}\r\n\r\n").as_bytes(), HOST)
    }

    #[test]
    fn path_and_query_are_read_as_they_are() {
        assert_eq!(target("GET /cb?code=a%20b&x=1 HTTP/1.1"), Ok(("/cb".into(), "code=a%20b&x=1".into())));
        assert_eq!(target("GET / HTTP/1.1"), Ok(("/".into(), String::new())));
    }

    #[test]
    fn lax_requests_are_refused() {
        for line in [
            "",
            "GET",
            "GET /",
            "GET  / HTTP/1.1",
            "GET / HTTP/1.0",
            "GET / HTTP/1.1 ",
            "get / HTTP/2",
            "GET http://127.0.0.1:4000/cb HTTP/1.1",
            "GET cb HTTP/1.1",
            "GET /#x HTTP/1.1",
            "GET /é HTTP/1.1",
            "GET / HTTP/1.1\nX: y",
            " GET / HTTP/1.1",
        ] {
            assert_eq!(target(line), Err(Answer::BadRequest), "{line:?}");
        }
        assert_eq!(target("HEAD / HTTP/1.1"), Err(Answer::MethodNotAllowed));
        assert_eq!(target("POST / HTTP/1.1"), Err(Answer::MethodNotAllowed));
    }

    #[test]
    fn a_request_names_this_host_once() {
        for headers in [
            "",
            "Host: evil.example\r\n",
            "Host: localhost:4000\r\n",
            "Host: 127.0.0.1\r\n",
            "Host\r\n",
            "Ho st: x\r\n",
            "Host: 127.0.0.1:4000\r\nHost: 127.0.0.1:4000\r\n",
            "Host: 127.0.0.1:4000\r\n folded: x\r\n",
        ] {
            let head = format!("GET / HTTP/1.1\r\n{headers}\r\n");
            assert_eq!(read_target(head.as_bytes(), HOST), Err(Answer::BadRequest), "{headers:?}");
        }
    }

    #[test]
    fn a_port_that_is_taken_is_no_reason_to_go_elsewhere() {
        assert!(is_absent(&io::ErrorKind::AddrNotAvailable.into()));
        assert!(!is_absent(&io::ErrorKind::AddrInUse.into()));
        assert!(!is_absent(&io::ErrorKind::PermissionDenied.into()));
    }

    #[tokio::test]
    async fn ipv6_is_bound_only_where_there_is_no_ipv4() {
        let bound = async |fails: Option<io::ErrorKind>| {
            let bind = async |(address, port): (IpAddr, u16)| match fails {
                Some(kind) if address.is_ipv4() => Err(io::Error::from(kind)),
                _ => Ok((address, port)),
            };
            first_of(bind).await.map_err(|error| error.kind())
        };
        assert_eq!(bound(None).await, Ok((Ipv4Addr::LOCALHOST.into(), 0)));
        assert_eq!(bound(Some(io::ErrorKind::AddrNotAvailable)).await, Ok((Ipv6Addr::LOCALHOST.into(), 0)));
        assert_eq!(bound(Some(io::ErrorKind::AddrInUse)).await, Err(io::ErrorKind::AddrInUse));
    }

    #[test]
    fn answers_are_stored_and_sent_nowhere() {
        let text = render(&Answer::SeeOther("/callback/done".into()));
        assert!(text.starts_with("HTTP/1.1 303 See Other\r\nLocation: /callback/done\r\n"));
        for header in ["Cache-Control: no-store", "Referrer-Policy: no-referrer", "default-src 'none'", "close"] {
            assert!(text.contains(header), "{header}");
        }
    }

    proptest! {
        #[test]
        fn no_head_panics(octets in proptest::collection::vec(any::<u8>(), 0..200), text in "[ -~\r\n]{0,200}") {
            let _ = read_target(&octets, HOST);
            let _ = read_target(text.as_bytes(), HOST);
            let _ = target(&text);
        }
    }
}
