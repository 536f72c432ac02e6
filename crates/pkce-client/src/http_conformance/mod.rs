//! What every transport has to do, as a check that any implementation can be held against: a server on the loopback
//! interface misbehaves in every way that costs a client its codes, its time or its memory.
//!
//! ```
//! # #[cfg(feature = "reqwest")]
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use pkce_client::{ReqwestTransport, http_conformance};
//!
//! http_conformance::check(&ReqwestTransport::builder().build()?).await?;
//! # Ok(()) }
//! # #[cfg(not(feature = "reqwest"))] fn main() {}
//! ```

mod gzip;
mod lengths;
mod limits;
mod requests;
mod server;

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::task::Poll;
use std::time::Duration;

use self::server::{Server, Step};
use crate::transport::{BoxFuture, Endpoint, HttpClient, HttpRequest, TransportError};

/// The time that requests have whose server takes its time.
const SHORT: Duration = Duration::from_millis(150);

/// The time that other requests have.
const LONG: Duration = Duration::from_secs(10);

/// How much later than in time an answer may be, unless said otherwise.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a transport has to do (see [`HttpClient`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Rule {
    /// A request arrives as it was made, and its answer is handed out as it is, whatever its status.
    Faithful,
    /// No redirect is followed, neither with the request nor without its body.
    NoRedirects,
    /// A request is sent once, whatever becomes of it.
    SentOnce,
    /// A body is read up to the limit, and not further.
    BodyLimit,
    /// The limit of a body that is unpacked is that of what comes out of it.
    UnpackedLimit,
    /// Headers are read up to some limit.
    HeadLimit,
    /// The time is that of the whole exchange, until the last octet of the body.
    TimeLimit,
    /// An answer that broke off, or whose end nobody can tell, is none.
    Complete,
    /// Nothing of an answer is sent with the next request.
    NoCookies,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Faithful => "a request arrives as it was made, and its answer is handed out as it is",
            Self::NoRedirects => "no redirect is followed",
            Self::SentOnce => "a request is sent once, whatever becomes of it",
            Self::BodyLimit => "a body is read up to its limit, and not further",
            Self::UnpackedLimit => "the limit of a body that is unpacked is that of what comes out of it",
            Self::HeadLimit => "headers are read up to some limit",
            Self::TimeLimit => "the time is that of the whole exchange",
            Self::Complete => "an answer that broke off, or whose end nobody can tell, is none",
            Self::NoCookies => "nothing of an answer is sent with the next request",
        })
    }
}

/// A rule that is broken, and what showed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Breach {
    /// The rule.
    pub rule: Rule,
    /// What the server, or whoever asked, has seen.
    pub seen: &'static str,
}

/// What a transport does wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Nonconformity {
    /// It breaks these rules, each of which is named once.
    #[error("{}", sentences(.0))]
    Broken(Vec<Breach>),
    /// No server could be started on the loopback interface.
    #[error("no server could be started on the loopback interface")]
    Loopback(#[from] io::Error),
}

fn sentences(breaches: &[Breach]) -> String {
    let sentence = |breach: &Breach| format!("this does not hold: {} ({})", breach.rule, breach.seen);
    breaches.iter().map(sentence).collect::<Vec<_>>().join("; ")
}

/// Holds `transport` against the contract of [`HttpClient`]. It takes about a second, and needs a loopback interface and
/// the tokio runtime with its timer.
///
/// That no proxy is taken from the environment, and what TLS it speaks, is not seen from here.
///
/// # Errors
/// [`Nonconformity::Broken`] with every rule that is broken.
pub async fn check(transport: &dyn HttpClient) -> Result<(), Nonconformity> {
    check_with_patience(transport, PATIENCE).await
}

/// The same, where a request may end this much later than in its time; for [`check`], that is five seconds. A slow machine
/// needs more, and who expects a breach need not wait for it.
///
/// # Errors
/// As [`check`].
pub async fn check_with_patience(transport: &dyn HttpClient, patience: Duration) -> Result<(), Nonconformity> {
    let at = |rule| Trial { rule, transport, patience };
    let trials: [BoxFuture<'_, Verdict>; 9] = [
        Box::pin(requests::faithful(at(Rule::Faithful))),
        Box::pin(requests::redirects(at(Rule::NoRedirects))),
        Box::pin(requests::once(at(Rule::SentOnce))),
        Box::pin(limits::body(at(Rule::BodyLimit))),
        Box::pin(limits::unpacked(at(Rule::UnpackedLimit))),
        Box::pin(limits::head(at(Rule::HeadLimit))),
        Box::pin(limits::time(at(Rule::TimeLimit))),
        Box::pin(lengths::complete(at(Rule::Complete))),
        Box::pin(requests::cookies(at(Rule::NoCookies))),
    ];
    let mut breaches = Vec::new();
    for outcome in together(trials).await {
        match outcome {
            Ok(()) => {}
            Err(Stop::Breach(breach)) => breaches.push(breach),
            Err(Stop::Server(error)) => return Err(error.into()),
        }
    }
    if breaches.is_empty() { Ok(()) } else { Err(Nonconformity::Broken(breaches)) }
}

/// What all of these come to, side by side.
async fn together<'a, T>(jobs: impl IntoIterator<Item = BoxFuture<'a, T>>) -> Vec<T> {
    let mut jobs: Vec<_> = jobs.into_iter().map(|job| (job, None)).collect();
    poll_fn(|context| {
        for (job, outcome) in jobs.iter_mut().filter(|(_, outcome)| outcome.is_none()) {
            if let Poll::Ready(ended) = job.as_mut().poll(context) {
                *outcome = Some(ended);
            }
        }
        if jobs.iter().all(|(_, outcome)| outcome.is_some()) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    jobs.into_iter().filter_map(|(_, outcome)| outcome).collect()
}

/// Why the check of a rule goes no further.
enum Stop {
    Breach(Breach),
    Server(io::Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Server(error)
    }
}

type Verdict = Result<(), Stop>;

type Answer = Result<http::Response<Vec<u8>>, TransportError>;

/// One rule, and who shall keep it.
#[derive(Clone, Copy)]
struct Trial<'a> {
    rule: Rule,
    transport: &'a dyn HttpClient,
    patience: Duration,
}

impl Trial<'_> {
    fn holds(&self, is_so: bool, seen: &'static str) -> Verdict {
        if is_so { Ok(()) } else { Err(Stop::Breach(Breach { rule: self.rule, seen })) }
    }

    /// Sends a request under these limits. That it takes much longer is a breach of any rule.
    async fn send(
        &self,
        request: http::Request<Vec<u8>>,
        timeout: Duration,
        max_body: usize,
    ) -> Result<Answer, Stop> {
        let request = HttpRequest { endpoint: Endpoint::Resource, request, timeout, max_body };
        let answer = tokio::time::timeout(timeout + self.patience, self.transport.send(request)).await;
        answer.map_err(|_| Stop::Breach(Breach { rule: self.rule, seen: "a request did not end in its time" }))
    }

    /// GETs `/` of a server, with time and room enough.
    async fn ask(&self, server: &Server) -> Result<Answer, Stop> {
        self.send(get(server)?, LONG, ROOM).await
    }

    /// What comes of a server that plays this.
    async fn told(&self, steps: Vec<Step>) -> Result<Answer, Stop> {
        self.ask(&Server::start(vec![steps]).await?).await
    }
}

/// Room enough for the bodies of honest answers, in octets.
const ROOM: usize = 64 * 1024;

fn get(server: &Server) -> Result<http::Request<Vec<u8>>, Stop> {
    made(http::Request::get(server.url("/")), Vec::new())
}

fn made(request: http::request::Builder, body: Vec<u8>) -> Result<http::Request<Vec<u8>>, Stop> {
    request.body(body).map_err(|error| Stop::Server(io::Error::other(error)))
}

fn say(text: impl Into<Vec<u8>>) -> Step {
    Step::Say(text.into())
}

/// An honest answer with these further header lines.
fn answer(status: u16, headers: &str, body: &str) -> Step {
    let length = body.len();
    say(format!("HTTP/1.1 {status} Some Reason\r\n{headers}Content-Length: {length}\r\n\r\n{body}"))
}
