//! Listening on the loopback interface for what comes back (RFC 8252 section 7.3).
//!
//! It does so where the redirect URI it is registered with names no port.

use std::net::Ipv4Addr;

use oauth_attacks::{Provider, Rejected};
use oauth_types::Params;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};

use super::{Defence, Victim};

/// How the redirect URI begins of an application that listens itself.
const LISTENS: &str = "http://127.0.0.1/";

/// The longest head of a request, in octets.
const LONGEST: usize = 16 * 1024;

/// A listener that does not wait yet.
pub(super) struct Listener {
    bound: Option<TcpListener>,
    host: String,
    path: String,
}

/// What a listener waits for.
#[derive(Clone)]
struct Awaited {
    host: String,
    path: String,
    state: String,
    /// Whether the first request is taken for the response, whatever it is.
    anything: bool,
    /// Whether the listener is closed after it.
    once: bool,
}

impl Victim {
    /// The provider with the redirect URI of a listener, if the application is to listen.
    pub(super) async fn listener(&self, provider: &Provider) -> Result<(Provider, Option<Listener>), Rejected> {
        let Some(path) = provider.client.redirect_uris[0].strip_prefix(LISTENS) else {
            return Ok((provider.clone(), None));
        };
        let address =
            if self.on(Defence::ListensOnLoopbackAlone) { Ipv4Addr::LOCALHOST } else { Ipv4Addr::UNSPECIFIED };
        let assumed = self.port().filter(|_| !self.on(Defence::PortIsOwn));
        let bound = TcpListener::bind((address, assumed.unwrap_or(0))).await;
        let port = match (&bound, assumed) {
            (Ok(bound), _) => bound.local_addr().map_err(|_| Rejected::new("no port"))?.port(),
            // It was its own the last time.
            (Err(_), Some(port)) => port,
            (Err(_), None) => return Err(Rejected::new("no port")),
        };
        *self.port.lock().expect("nobody panics with the port in hand") = Some(port);
        let mut own = provider.clone();
        own.client.redirect_uris = vec![format!("http://127.0.0.1:{port}/{path}")];
        let (host, path) = (format!("127.0.0.1:{port}"), format!("/{path}"));
        Ok((own, Some(Listener { bound: bound.ok(), host, path })))
    }

    fn port(&self) -> Option<u16> {
        *self.port.lock().expect("nobody panics with the port in hand")
    }

    /// Waits for the response with this state.
    pub(super) fn wait_at(&self, listener: Listener, state: &str) {
        let Some(bound) = listener.bound else { return };
        let awaited = Awaited {
            host: listener.host,
            path: listener.path,
            state: state.to_owned(),
            anything: !self.on(Defence::NoiseIgnored),
            once: self.on(Defence::ListenerCloses),
        };
        let (sender, receiver) = oneshot::channel();
        let place = format!("http://{}{}", awaited.host, awaited.path);
        self.waiting
            .lock()
            .expect("nobody panics with the listeners in hand")
            .insert(state.to_owned(), (place, receiver));
        tokio::spawn(serve(bound, awaited, sender));
    }

    /// Where the browser really came back to, if this is an address of a listener: it is opened there first. Whoever leads
    /// it there knows the port.
    pub(super) async fn heard(&self, address: &str) -> Result<String, Rejected> {
        let (base, query) = address.split_once('?').unwrap_or((address, ""));
        let state = Params::parse(query).ok().and_then(|params| params.get("state").map(str::to_owned));
        let waiting =
            |state: &str| self.waiting.lock().expect("nobody panics with the listeners in hand").remove(state);
        let Some((place, receiver)) = state.as_deref().and_then(waiting) else { return Ok(address.to_owned()) };
        // Nobody may listen there any more.
        let _ = self.http.get(format!("{place}?{query}")).send().await;
        let query = receiver.await.map_err(|_| Rejected::new("nobody listens"))?;
        Ok(format!("{base}?{query}"))
    }
}

/// Answers whoever comes until the response is there.
async fn serve(listener: TcpListener, awaited: Awaited, response: oneshot::Sender<String>) {
    let (found, mut right) = mpsc::channel(1);
    let mut response = Some(response);
    loop {
        tokio::select! {
            Some(query) = right.recv() => {
                response.take().map(|response| response.send(query));
                if awaited.once {
                    return;
                }
            }
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { return };
                tokio::spawn(answer(stream, awaited.clone(), found.clone()));
            }
        }
    }
}

async fn answer(mut stream: TcpStream, awaited: Awaited, found: mpsc::Sender<String>) {
    let mut head = Vec::new();
    while !head.windows(4).any(|octets| octets == b"\r\n\r\n") {
        if head.len() > LONGEST || !matches!(stream.read_buf(&mut head).await, Ok(1..)) {
            return;
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let target = head.split(' ').nth(1).unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let params = Params::parse(query).unwrap_or_default();
    let host = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("host: ").map(str::to_owned));
    let right = head.starts_with("GET ")
        && path == awaited.path
        && host.as_deref() == Some(&awaited.host)
        && params.get("state") == Some(&awaited.state);
    let status = if right { "200 OK" } else { "404 Not Found" };
    let text = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    let _ = stream.write_all(text.as_bytes()).await;
    if right || awaited.anything {
        let _ = found.send(query.to_owned()).await;
    }
}
