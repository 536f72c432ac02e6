//! A client of HTTP/1.1 that does no more than it has to, so that it is not what is measured.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// One connection, kept alive.
pub(super) struct Connection {
    stream: TcpStream,
    input: Vec<u8>,
}

/// An answer whose body has arrived as a whole.
pub(super) struct Answer<'a> {
    pub(super) status: u16,
    head: &'a str,
    pub(super) body: &'a [u8],
}

impl Connection {
    pub(super) async fn open(address: SocketAddr) -> Result<Self, String> {
        let stream = TcpStream::connect(address).await.map_err(|error| format!("connecting: {error}"))?;
        stream.set_nodelay(true).map_err(|error| format!("connecting: {error}"))?;
        Ok(Self { stream, input: Vec::with_capacity(16 * 1024) })
    }

    /// Sends a request and reads its answer, which has to say how long its body is.
    pub(super) async fn ask(&mut self, request: &[u8]) -> Result<Answer<'_>, String> {
        self.stream.write_all(request).await.map_err(|error| format!("sending: {error}"))?;
        self.input.clear();
        let (mut head, mut length) = (0, None);
        while length != Some(self.input.len()) {
            let read = self.stream.read_buf(&mut self.input).await.map_err(|error| format!("receiving: {error}"))?;
            if read == 0 {
                return Err("the connection was closed within an answer".to_owned());
            }
            if length.is_none()
                && let Some(end) = end_of_head(&self.input)
            {
                head = end;
                length = Some(head + length_of_body(&self.input[..head])?);
            }
            if length.is_some_and(|length| length < self.input.len()) {
                return Err("more came than was asked for".to_owned());
            }
        }
        let (head, body) = self.input.split_at(head);
        let head = std::str::from_utf8(head).map_err(|_| "the head of an answer is not UTF-8")?;
        let status = head.get(9..12).and_then(|digits| digits.parse().ok());
        Ok(Answer { status: status.ok_or("an answer has no status")?, head, body })
    }
}

impl Answer<'_> {
    /// The first header called `name`.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        header(self.head, name)
    }
}

fn end_of_head(input: &[u8]) -> Option<usize> {
    input.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4)
}

fn length_of_body(head: &[u8]) -> Result<usize, String> {
    let head = std::str::from_utf8(head).map_err(|_| "the head of an answer is not UTF-8")?;
    let length = header(head, "content-length").and_then(|length| length.parse().ok());
    length.ok_or_else(|| "an answer does not say how long it is".to_owned())
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut headers = head.lines().skip(1).filter_map(|line| line.split_once(": "));
    headers.find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}
