//! Answers whose end is not where it is said to be (RFC 9112 §6.3, §8).

use super::server::{Server, Step};
use super::{Trial, Verdict, answer, say};

/// What is no whole answer, and what it was taken for.
const BROKEN: &[(&str, &str)] = &[
    ("", "no answer was one"),
    ("HTTP/1.1 200 OK\r\nContent-Len", "an answer that broke off in its headers was one"),
    ("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}", "an answer shorter than its Content-Length was one"),
    ("HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\n{}", "an answer of impossible length was one"),
    ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}!", "an answer of two lengths was one"),
    ("HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\n{}", "an answer of negative length was one"),
    ("HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\n{}", "an answer with a sign before its length was one"),
    ("HTTP/1.1 200 OK\r\nContent-Length: 2 2\r\n\r\n{}", "an answer whose length is no number was one"),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n", "chunks without their end were an answer"),
    ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{}\r\n", "half a chunk was an answer"),
    (
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
        "a chunk without a length was taken",
    ),
    ("SSH-2.0-OpenSSH_9.9\r\n", "what is no HTTP was an answer"),
    ("{\"access_token\":\"a\"}", "what is no HTTP was an answer"),
];

pub(super) async fn complete(trial: Trial<'_>) -> Verdict {
    for (text, seen) in BROKEN {
        trial.holds(trial.told(vec![say(*text)]).await?.is_err(), seen)?;
    }
    surplus(trial).await
}

/// What comes after an answer is no answer to anything.
async fn surplus(trial: Trial<'_>) -> Verdict {
    const SMUGGLED: &str = "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nsmuggled";
    for status in [200, 204, 304] {
        let first = match status {
            200 => answer(200, "", "first"),
            _ => say(format!("HTTP/1.1 {status} Nothing\r\n\r\n")),
        };
        let Step::Say(mut octets) = first else { continue };
        octets.extend(SMUGGLED.bytes());
        let plays = vec![vec![Step::Say(octets), Step::Listen], vec![answer(200, "", "second")]];
        let server = Server::start(plays).await?;
        let heard = trial.ask(&server).await?;
        let body = if status == 200 { "first" } else { "" };
        let whole = heard.map_or(true, |heard| heard.body() == body.as_bytes());
        trial.holds(whole, "an answer was longer than its Content-Length")?;
        let heard = trial.ask(&server).await?;
        let right = heard.map_or(true, |heard| heard.body() == b"second");
        trial.holds(right, "what followed an answer was taken for the next one")?;
    }
    Ok(())
}
