//! A server on the loopback interface that says octets, whatever they are.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// How much of what never ends is said before it ends after all: more than all buffers on the way hold.
const ENDLESS: usize = 32 * 1024 * 1024;

/// The largest request that is read, in octets.
const MAX_REQUEST: usize = 64 * 1024;

/// Between two octets of a slow answer.
const SLOWLY: Duration = Duration::from_millis(20);

/// One thing to do with a connection.
#[derive(Clone)]
pub(super) enum Step {
    Say(Vec<u8>),
    /// Says it without end, as far as anybody can tell.
    Repeat(Vec<u8>),
    /// Says it an octet at a time, without end.
    Drip(u8),
    /// Says nothing more.
    Stall,
    /// Reads the next request from the same connection; it is closed otherwise.
    Listen,
}

/// A request as it arrived.
pub(super) struct Received {
    /// The request line and the headers.
    pub(super) head: String,
    pub(super) body: Vec<u8>,
}

impl Received {
    /// The values of a header, by its name in lower case.
    pub(super) fn header<'a>(&'a self, name: &str) -> Vec<&'a str> {
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        lines.filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).collect()
    }
}

pub(super) struct Server {
    address: SocketAddr,
    seen: Arc<Seen>,
    listening: JoinHandle<()>,
}

#[derive(Default)]
struct Seen {
    requests: Mutex<Vec<Received>>,
    exhausted: AtomicBool,
}

impl Server {
    /// Plays these one after another, one for each request, and the last of them for every further one.
    pub(super) async fn start(plays: Vec<Vec<Step>>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let (address, seen) = (listener.local_addr()?, Arc::new(Seen::default()));
        let listening = tokio::spawn(listen(listener, plays.into(), Arc::clone(&seen)));
        Ok(Self { address, seen, listening })
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// How many requests have arrived.
    pub(super) fn count(&self) -> usize {
        self.seen.requests().len()
    }

    /// The requests that have arrived.
    pub(super) fn take(&self) -> Vec<Received> {
        std::mem::take(&mut *self.seen.requests())
    }

    /// Whether somebody has read what never ends to its end.
    pub(super) fn is_exhausted(&self) -> bool {
        self.seen.exhausted.load(Ordering::Acquire)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl Seen {
    fn requests(&self) -> std::sync::MutexGuard<'_, Vec<Received>> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a request, and tells how many there were before.
    fn keep(&self, request: Received) -> usize {
        let mut requests = self.requests();
        requests.push(request);
        requests.len() - 1
    }
}

async fn listen(listener: TcpListener, plays: Arc<[Vec<Step>]>, seen: Arc<Seen>) {
    // Dropped with this task, and so are the connections.
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(serve(stream, Arc::clone(&plays), Arc::clone(&seen)));
    }
}

/// One connection. Whoever closes it at the other end has had enough, which is no failure.
async fn serve(mut stream: TcpStream, plays: Arc<[Vec<Step>]>, seen: Arc<Seen>) -> io::Result<()> {
    let mut rest = Vec::new();
    while let Some(request) = read(&mut stream, &mut rest).await? {
        let number = seen.keep(request);
        let Some(steps) = plays.get(number).or(plays.last()) else { return Ok(()) };
        if !play(&mut stream, steps, &seen).await? {
            return stream.shutdown().await;
        }
    }
    Ok(())
}

/// Whether another request is read afterwards.
async fn play(stream: &mut TcpStream, steps: &[Step], seen: &Seen) -> io::Result<bool> {
    for step in steps {
        match step {
            Step::Say(octets) => stream.write_all(octets).await?,
            Step::Repeat(octets) => {
                let many = octets.repeat(16 * 1024 / octets.len().max(1) + 1);
                for _ in 0..ENDLESS / many.len() {
                    stream.write_all(&many).await?;
                }
                seen.exhausted.store(true, Ordering::Release);
            }
            Step::Drip(octet) => {
                let mut ticks = tokio::time::interval(SLOWLY);
                loop {
                    ticks.tick().await;
                    stream.write_all(&[*octet]).await?;
                }
            }
            Step::Stall => std::future::pending().await,
            Step::Listen => return Ok(true),
        }
    }
    Ok(false)
}

/// The next request, if there is one. `rest` holds what was read beyond the one before.
async fn read(stream: &mut TcpStream, rest: &mut Vec<u8>) -> io::Result<Option<Received>> {
    const END: &[u8] = b"\r\n\r\n";
    let end = loop {
        if let Some(at) = rest.windows(END.len()).position(|window| window == END) {
            break at + END.len();
        }
        if !more(stream, rest).await? {
            return Ok(None);
        }
    };
    let head = String::from_utf8_lossy(&rest[..end]).into_owned();
    rest.drain(..end);
    let mut received = Received { head, body: Vec::new() };
    let length = received.header("content-length").first().and_then(|text| text.parse().ok()).unwrap_or(0);
    while rest.len() < length {
        if !more(stream, rest).await? {
            return Ok(None);
        }
    }
    received.body = rest.drain(..length).collect();
    Ok(Some(received))
}

async fn more(stream: &mut TcpStream, rest: &mut Vec<u8>) -> io::Result<bool> {
    Ok(rest.len() < MAX_REQUEST && stream.read_buf(rest).await? > 0)
}
