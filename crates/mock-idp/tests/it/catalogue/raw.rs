//! A client that writes its requests octet by octet and sees how an answer ends, whatever becomes of it.

use std::fmt;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

/// The most octets that are read of one answer: more than any that ends.
const MOST: usize = 16 << 20;

/// An answer as it came over the wire, as far as it came.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    pub(crate) end: End,
}

/// How an answer ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum End {
    /// All of it is there.
    #[default]
    Whole,
    /// The connection was closed before all of it was there.
    Early,
    /// The connection was reset.
    Reset,
    /// There was more to come when the client lost patience.
    Open,
    /// There was more than anybody wants to read.
    Endless,
}

/// Sends one request and reads what comes within `patience`.
pub(crate) async fn exchange(address: SocketAddr, request: &str, patience: Duration) -> Seen {
    let until = Instant::now() + patience;
    let mut stream = TcpStream::connect(address).await.expect("the server accepts");
    stream.write_all(request.as_bytes()).await.expect("the server reads");
    let (mut octets, mut part) = (Vec::new(), vec![0; 64 * 1024]);
    let end = loop {
        match timeout_at(until, stream.read(&mut part)).await {
            Err(_) => break End::Open,
            Ok(Err(error)) if error.kind() == ErrorKind::ConnectionReset => break End::Reset,
            Ok(Err(_) | Ok(0)) => break End::Early,
            Ok(Ok(read)) => octets.extend_from_slice(&part[..read]),
        }
        if octets.len() > MOST {
            break End::Endless;
        }
    };
    read(&octets, end)
}

fn read(octets: &[u8], end: End) -> Seen {
    let Some(at) = octets.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Seen { end, ..Seen::default() };
    };
    let head = String::from_utf8_lossy(&octets[..at]).into_owned();
    let (body, mut lines) = (&octets[at + 4..], head.split("\r\n"));
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|code| code.parse().ok());
    let split = |line: &str| line.split_once(':').map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()));
    let mut seen =
        Seen { status: status.unwrap_or_default(), headers: lines.filter_map(split).collect(), ..Seen::default() };
    let (body, whole) = match seen.header("content-length").and_then(|length| length.parse::<usize>().ok()) {
        _ if seen.header("transfer-encoding") == Some("chunked") => joined(body),
        Some(length) => (body.to_vec(), body.len() >= length),
        None => (body.to_vec(), end == End::Early),
    };
    seen.body = String::from_utf8_lossy(&body).into_owned();
    seen.end = if whole { End::Whole } else { end };
    seen
}

/// The body that came in chunks (RFC 9112 §7.1), and whether the last one is there.
fn joined(mut chunks: &[u8]) -> (Vec<u8>, bool) {
    let mut body = Vec::new();
    loop {
        let Some(at) = chunks.windows(2).position(|two| two == b"\r\n") else { return (body, false) };
        let Ok(length) = usize::from_str_radix(&String::from_utf8_lossy(&chunks[..at]), 16) else {
            return (body, false);
        };
        let chunk = &chunks[at + 2..];
        if length == 0 {
            return (body, true);
        }
        if chunk.len() < length + 2 {
            body.extend_from_slice(&chunk[..chunk.len().min(length)]);
            return (body, false);
        }
        body.extend_from_slice(&chunk[..length]);
        chunks = &chunk[length + 2..];
    }
}

impl fmt::Debug for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start: String = self.body.chars().take(200).collect();
        write!(f, "{} {:?} {:?} {} octets: {start}", self.status, self.end, self.headers, self.body.len())
    }
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// The body, or null if it is no JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}
