//! What arrives at a server, and how often.

use super::server::{Received, Server, Step};
use super::{LONG, ROOM, Stop, Trial, Verdict, answer, made, say};

const BODY: &[u8] = b"code=c%2Fd&empty=&\x00\xff";

pub(super) async fn faithful(trial: Trial<'_>) -> Verdict {
    for status in [200, 201, 204, 400, 401, 404, 429, 500, 503] {
        let body = if status == 204 { "" } else { "a \u{e9}\r\n\r\n\0b" };
        let headers = "WWW-Authenticate: Bearer\r\nWWW-Authenticate: DPoP a=\"b\"\r\n";
        let server = Server::start(vec![vec![match status {
            204 => say(format!("HTTP/1.1 204 No Content\r\n{headers}\r\n")),
            _ => answer(status, headers, body),
        }]])
        .await?;
        let heard = trial.send(posted(&server)?, LONG, ROOM).await?;
        let heard = heard.ok();
        trial.holds(heard.is_some(), "an honest answer was an error")?;
        let Some(heard) = heard else { continue };
        trial.holds(heard.status().as_u16() == status, "an answer had another status")?;
        trial.holds(heard.body() == body.as_bytes(), "an answer had another body")?;
        let challenges = heard.headers().get_all("www-authenticate").iter();
        let challenges: Vec<_> = challenges.map(http::HeaderValue::as_bytes).collect();
        trial.holds(challenges == [&b"Bearer"[..], b"DPoP a=\"b\""], "an answer had other headers")?;
        let received = server.take();
        let arrived = received.first().is_some_and(is_as_posted);
        trial.holds(received.len() == 1 && arrived, "another request arrived")?;
    }
    Ok(())
}

pub(super) async fn redirects(trial: Trial<'_>) -> Verdict {
    const SEEN: &str = "a redirect was followed";
    for status in [301, 302, 303, 307, 308, 300, 201, 200] {
        for near in [true, false] {
            let elsewhere = Server::start(vec![vec![answer(200, "", "elsewhere")]]).await?;
            let target = if near { "/elsewhere".to_owned() } else { elsewhere.url("/") };
            let headers = format!("Location: {target}\r\nRefresh: 0; url={target}\r\n");
            let plays = vec![vec![answer(status, &headers, "")], vec![answer(200, "", "elsewhere")]];
            let server = Server::start(plays).await?;
            let heard = trial.send(posted(&server)?, LONG, ROOM).await?;
            trial.holds(server.count() == 1 && elsewhere.count() == 0, SEEN)?;
            let is_it = heard.is_ok_and(|heard| heard.status().as_u16() == status);
            trial.holds(is_it, "a redirect was not handed out as it is")?;
        }
    }
    Ok(())
}

/// Answers after which some send a request again.
pub(super) async fn once(trial: Trial<'_>) -> Verdict {
    let retry = "Retry-After: 0\r\n";
    let challenge = "WWW-Authenticate: Basic realm=\"a\"\r\nWWW-Authenticate: DPoP error=\"use_dpop_nonce\"\r\n";
    let plays = [
        vec![],
        vec![say("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhal")],
        vec![answer(401, challenge, "")],
        vec![answer(408, "Connection: close\r\n", "")],
        vec![answer(421, "", "")],
        vec![answer(425, "", "")],
        vec![answer(429, retry, "")],
        vec![answer(503, retry, "")],
    ];
    for play in plays {
        // The same in a first request, and in one for which a connection is kept.
        let server = Server::start(vec![play.clone()]).await?;
        let _ = trial.send(posted(&server)?, LONG, ROOM).await?;
        trial.holds(server.count() == 1, "a request arrived twice")?;
        let server = Server::start(vec![vec![answer(200, "", "ready"), Step::Listen], play]).await?;
        let _ = trial.ask(&server).await?;
        let _ = trial.send(posted(&server)?, LONG, ROOM).await?;
        trial.holds(server.count() == 2, "a request on a kept connection arrived twice, or never")?;
    }
    Ok(())
}

pub(super) async fn cookies(trial: Trial<'_>) -> Verdict {
    let set =
        "Set-Cookie: session=stolen; Path=/\r\nETag: \"tag\"\r\nAlt-Svc: h3=\":1\"\r\nCache-Control: max-age=9\r\n";
    let plays = vec![vec![answer(200, set, "first"), Step::Listen], vec![answer(200, "", "second")]];
    let server = Server::start(plays).await?;
    let _ = trial.ask(&server).await?;
    let second = trial.ask(&server).await?;
    trial.holds(second.is_ok_and(|second| second.body() == b"second"), "an answer was kept for the next request")?;
    let received = server.take();
    let clean = |name: &str| received.iter().all(|request| request.header(name).is_empty());
    trial.holds(clean("cookie"), "a cookie was sent back")?;
    trial.holds(clean("if-none-match"), "an answer was kept for the next request")?;
    trial.holds(clean("referer"), "it was told which request was before")
}

/// A request that nobody else would make.
fn posted(server: &Server) -> Result<http::Request<Vec<u8>>, Stop> {
    let request = http::Request::post(server.url("/a%2Fb/../c?x=%20&x=+&y"))
        .header("authorization", "DPoP a-token")
        .header("dpop", "a.b.c")
        .header("accept", "application/jwt")
        .header("content-type", "application/x-www-form-urlencoded");
    made(request, BODY.to_vec())
}

fn is_as_posted(received: &Received) -> bool {
    let line = received.head.lines().next();
    // Dot segments may be resolved, nothing else.
    let same_line = ["/a%2Fb/../c", "/c", "/a%2Fb/c"]
        .iter()
        .any(|path| line.is_some_and(|line| line == format!("POST {path}?x=%20&x=+&y HTTP/1.1")));
    same_line
        && received.body == BODY
        && received.header("authorization") == ["DPoP a-token"]
        && received.header("dpop") == ["a.b.c"]
        && received.header("accept") == ["application/jwt"]
        && received.header("content-type") == ["application/x-www-form-urlencoded"]
        && received.header("cookie").is_empty()
        && received.header("proxy-authorization").is_empty()
}
