//! Answers that are too much.

use std::io;

use super::server::{Server, Step};
use super::{LONG, ROOM, SHORT, Trial, Verdict, answer, get, gzip, say, together};
use crate::transport::{BoxFuture, TransportError};

const LIMIT: usize = 10_000;

/// The head of an answer whose body ends with the connection.
const OPEN: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n";

const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

pub(super) async fn body(trial: Trial<'_>) -> Verdict {
    let full = Server::start(vec![vec![answer(200, "", &"x".repeat(LIMIT))]]).await?;
    let heard = trial.send(get(&full)?, LONG, LIMIT).await?;
    trial.holds(heard.is_ok_and(|heard| heard.body().len() == LIMIT), "a body of just that size was not read")?;
    let said = |head: &str, more: Step| vec![say(head), more];
    let endless = [
        said(OPEN, Step::Repeat(b"x".to_vec())),
        said(CHUNKED, Step::Repeat(b"4\r\nxxxx\r\n".to_vec())),
        // One chunk without end.
        vec![say(CHUNKED), say("fffffff\r\n"), Step::Repeat(b"x".to_vec())],
        said("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", Step::Repeat(b"x".to_vec())),
        said("HTTP/1.1 500 No\r\n\r\n", Step::Repeat(b"x".to_vec())),
        vec![answer(200, "", &"x".repeat(LIMIT + 1))],
    ];
    for steps in endless {
        let server = Server::start(vec![steps]).await?;
        let heard = trial.send(get(&server)?, LONG, LIMIT).await?;
        trial.holds(!server.is_exhausted(), "a body was read to its end")?;
        let told = matches!(heard, Err(TransportError::TooLarge { limit: LIMIT }));
        trial.holds(told, "a body that is too large was no TransportError::TooLarge")?;
    }
    Ok(())
}

/// A transport need not unpack anything. What it hands out is within the limit, one way or the other.
pub(super) async fn unpacked(trial: Trial<'_>) -> Verdict {
    // From 3 KiB to half a megabyte.
    let small = gzip::zeros(2000);
    for encoding in ["gzip", "gzip, gzip"] {
        let mut octets = format!("HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\n").into_bytes();
        octets.extend(format!("Content-Length: {}\r\n\r\n", small.len()).into_bytes());
        octets.extend(&small);
        let server = Server::start(vec![vec![say(octets)]]).await?;
        let heard = trial.send(get(&server)?, LONG, LIMIT).await?;
        trial.holds(heard.map_or(true, |heard| heard.body().len() <= LIMIT), "a small body became a large one")?;
    }
    debug_assert!(gzip::length(2000) > LIMIT && small.len() < LIMIT, "it is small, and becomes large");
    Ok(())
}

pub(super) async fn head(trial: Trial<'_>) -> Verdict {
    let endless = [
        vec![say("HTTP/1.1 200 OK\r\n"), Step::Repeat(b"x-a: bbbbbbbbbbbbbbbb\r\n".to_vec())],
        vec![say("HTTP/1.1 200 OK\r\nx-a: "), Step::Repeat(b"b".to_vec())],
        vec![say("HTTP/1.1 200 "), Step::Repeat(b"b".to_vec())],
        vec![Step::Repeat(b"\r\n".to_vec())],
    ];
    for steps in endless {
        let server = Server::start(vec![steps]).await?;
        let heard = trial.ask(&server).await?;
        trial.holds(!server.is_exhausted(), "headers without end were read to their end")?;
        trial.holds(heard.is_err(), "headers without end were an answer")?;
    }
    Ok(())
}

pub(super) async fn time(trial: Trial<'_>) -> Verdict {
    let slow = [
        vec![Step::Stall],
        vec![say("HTTP/1.1 200 OK\r\nContent-"), Step::Stall],
        vec![say(OPEN), Step::Stall],
        vec![say(OPEN), say("{\"a\":"), Step::Stall],
        vec![say("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfour"), Step::Stall],
        vec![say(CHUNKED), say("4\r\nxxxx\r\n"), Step::Stall],
        // Something comes all the time.
        vec![say(OPEN), Step::Drip(b'x')],
        vec![say("HTTP/1.1 200 OK\r\nx-a: "), Step::Drip(b'b')],
        vec![Step::Repeat(b"HTTP/1.1 103 Early Hints\r\n\r\n".to_vec()), Step::Stall],
    ];
    // Each has its time to itself.
    let outcomes = together(slow.map(|steps| -> BoxFuture<'_, Verdict> {
        Box::pin(async move {
            let server = Server::start(vec![steps]).await?;
            let heard = trial.send(get(&server)?, SHORT, ROOM).await?;
            let told = matches!(heard, Err(TransportError::Timeout));
            trial.holds(told, "an answer that does not end in time was no TransportError::Timeout")
        })
    }));
    outcomes.await.into_iter().collect::<Verdict>()?;
    // Nobody takes the connection off the queue.
    let silent = tokio::net::TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).await?;
    let request = http::Request::get(format!("http://{}/", silent.local_addr()?)).body(Vec::new());
    let heard = trial.send(request.map_err(io::Error::other)?, SHORT, ROOM).await?;
    trial.holds(
        matches!(heard, Err(TransportError::Timeout)),
        "a server that says nothing was no TransportError::Timeout",
    )
}
