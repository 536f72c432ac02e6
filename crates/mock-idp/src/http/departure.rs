//! How an answer leaves: at once and whole, unless a fault slows it down or breaks the connection.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{HeaderName, HeaderValue, Response};
use hyper::body::{Body, Frame, SizeHint};
use hyper::rt::{Sleep, Timer};
use hyper_util::rt::TokioTimer;

use super::lever::Lever;

/// What a padded and an endless body are filled with.
static SPACES: [u8; 16 * 1024] = [b' '; 16 * 1024];

/// How many headers of a bomb have a name of their own: a map of headers takes no more than 24,576.
const NAMES: u32 = 16_384;

/// How an answer leaves.
#[derive(Debug, Clone, Default)]
pub(crate) struct Departure {
    /// How long it is kept back.
    pub(crate) delay: Duration,
    /// How many octets its body has at least.
    pub(crate) pad: usize,
    pub(crate) bomb: Option<Bomb>,
    pub(crate) drip: Option<Drip>,
    pub(crate) end: End,
}

/// Headers that nobody asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bomb {
    pub(crate) headers: u32,
    pub(crate) octets: usize,
}

/// A body in pieces.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Drip {
    pub(crate) octets: usize,
    pub(crate) pause: Duration,
}

/// How the connection fares.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) enum End {
    #[default]
    Whole,
    Reset,
    Truncate {
        after: usize,
    },
    Stall {
        after: Option<usize>,
    },
    Endless,
}

/// How an exchange ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ending {
    /// The whole answer left, or was on its way when the connection broke.
    #[default]
    Answered,
    /// A fault reset the connection.
    Reset,
    /// A fault closed the connection in the middle of the body.
    Truncated,
    /// A fault sent nothing further.
    Stalled,
    /// A fault sent a body without end.
    Endless,
    /// The client went away before there was an answer, or while it was held back.
    GaveUp,
}

/// How a fault broke a connection, as [`MockIdp::exchange`](crate::MockIdp::exchange) tells it.
///
/// `Debug` does not show the body.
#[derive(Clone)]
#[non_exhaustive]
pub enum Cut {
    /// The connection would have been reset; nothing left.
    Reset,
    /// The connection would have been closed after this much of the answer. `Content-Length` says how long it was
    /// announced to be.
    Truncated(Box<Response<Bytes>>),
    /// Nothing would have followed this much of the answer; nothing at all if it is absent.
    Stalled(Option<Box<Response<Bytes>>>),
    /// White space without end would have followed this answer.
    Endless(Box<Response<Bytes>>),
}

/// An answer that is about to leave.
pub(crate) struct Departing {
    pub(crate) response: Response<Bytes>,
    pub(crate) departure: Departure,
}

impl From<Response<Bytes>> for Departing {
    fn from(response: Response<Bytes>) -> Self {
        Self { response, departure: Departure::default() }
    }
}

impl Departure {
    /// What the journal says of it.
    pub(crate) fn ending(&self) -> Ending {
        match self.end {
            End::Whole => Ending::Answered,
            End::Reset => Ending::Reset,
            End::Truncate { .. } => Ending::Truncated,
            End::Stall { .. } => Ending::Stalled,
            End::Endless => Ending::Endless,
        }
    }
}

impl Departing {
    /// What a client gets to see of it, without waiting for anything.
    pub(crate) fn at_once(self) -> Result<Response<Bytes>, Cut> {
        let Self { mut response, departure: Departure { pad, bomb, end, .. } } = self;
        throw(bomb, &mut response);
        if pad > response.body().len() {
            let mut padded = response.body().to_vec();
            padded.resize(pad, b' ');
            *response.body_mut() = padded.into();
        }
        match end {
            End::Whole => Ok(response),
            End::Reset => Err(Cut::Reset),
            End::Truncate { after } => Err(Cut::Truncated(shortened(response, after))),
            End::Stall { after } => Err(Cut::Stalled(after.map(|after| shortened(response, after)))),
            End::Endless => Err(Cut::Endless(Box::new(response))),
        }
    }

    /// Lets it leave over a connection.
    pub(crate) async fn over(self, lever: Lever) -> Response<axum::body::Body> {
        let Self { mut response, departure } = self;
        throw(departure.bomb, &mut response);
        match departure.end {
            End::Whole if departure.drip.is_none() && departure.pad == 0 => {
                return response.map(axum::body::Body::from);
            }
            End::Reset => {
                lever.reset();
                std::future::pending::<()>().await;
            }
            End::Stall { after: None } => {
                lever.rest().await;
                lever.close();
                std::future::pending::<()>().await;
            }
            _ => {}
        }
        response.map(|whole| axum::body::Body::new(Leaving::new(whole, &departure, lever)))
    }
}

/// Adds the headers of a bomb.
fn throw(bomb: Option<Bomb>, response: &mut Response<Bytes>) {
    let Some(Bomb { headers, octets }) = bomb else { return };
    let Ok(value) = HeaderValue::from_maybe_shared(Bytes::from(vec![b'x'; octets])) else { return };
    for number in 0..headers {
        if let Ok(name) = HeaderName::try_from(format!("x-bomb-{}", number % NAMES)) {
            // Those that find no room are left out.
            let _ = response.headers_mut().try_append(name, value.clone());
        }
    }
}

/// The beginning of an answer.
fn shortened(mut response: Response<Bytes>, after: usize) -> Box<Response<Bytes>> {
    let announced = response.body().len().max(after.saturating_add(1));
    response.body_mut().truncate(after);
    response.headers_mut().insert(CONTENT_LENGTH, announced.into());
    Box::new(response)
}

/// A body on its way.
struct Leaving {
    whole: Bytes,
    /// How many octets have left.
    sent: usize,
    /// How many will.
    until: usize,
    /// How many it is said to have, if it is said.
    announced: Option<usize>,
    drip: Option<Drip>,
    pause: Option<Pin<Box<dyn Sleep>>>,
    /// What happens once the last octet has left.
    then: Then,
    /// Ends when this has taken long enough.
    rest: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    lever: Lever,
}

#[derive(Clone, Copy)]
enum Then {
    End,
    Close,
    Wait,
}

impl Leaving {
    fn new(whole: Bytes, departure: &Departure, lever: Lever) -> Self {
        let length = whole.len().max(departure.pad);
        let short = |after: usize, then| (after.min(length), Some(length.max(after.saturating_add(1))), then);
        let (until, announced, then) = match departure.end {
            End::Truncate { after } => short(after, Then::Close),
            End::Stall { after } => short(after.unwrap_or_default(), Then::Wait),
            End::Endless => (usize::MAX, None, Then::End),
            End::Whole | End::Reset => (length, Some(length), Then::End),
        };
        let resting = lever.clone();
        let rest: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(async move { resting.rest().await });
        let (drip, rest) = (departure.drip, Some(rest));
        Self { whole, sent: 0, until, announced, drip, pause: None, then, rest, lever }
    }

    /// The next octets, if there are any.
    fn piece(&mut self) -> Option<Bytes> {
        let most = self.drip.map_or(usize::MAX, |drip| drip.octets).min(self.until - self.sent);
        let piece = match self.whole.len().checked_sub(self.sent) {
            Some(left) if left > 0 => self.whole.slice(self.sent..self.sent + left.min(most)),
            _ => Bytes::from_static(&SPACES[..SPACES.len().min(most)]),
        };
        self.sent = self.sent.saturating_add(piece.len());
        (!piece.is_empty()).then_some(piece)
    }
}

impl Body for Leaving {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let over = self.rest.as_mut().is_some_and(|rest| rest.as_mut().poll(cx).is_ready());
        if over {
            self.rest = None;
            self.pause = None;
            self.until = self.sent;
            self.then = Then::Close;
        }
        if let Some(pause) = &mut self.pause {
            ready!(pause.as_mut().poll(cx));
            self.pause = None;
        }
        if let Some(piece) = self.piece() {
            self.pause = self.drip.map(|drip| TokioTimer::new().sleep(drip.pause));
            return Poll::Ready(Some(Ok(Frame::data(piece))));
        }
        match self.then {
            Then::End => Poll::Ready(None),
            Then::Wait => Poll::Pending,
            Then::Close => {
                // What was written before is flushed before the connection is closed.
                self.lever.close();
                Poll::Pending
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        self.announced.map_or_else(SizeHint::default, |announced| SizeHint::with_exact(announced as u64))
    }
}

impl fmt::Display for Ending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Answered => "answered",
            Self::Reset => "the connection was reset",
            Self::Truncated => "the body was cut short",
            Self::Stalled => "nothing further was sent",
            Self::Endless => "the body had no end",
            Self::GaveUp => "the client gave up",
        })
    }
}

impl fmt::Debug for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut after = |what: &str, response: &Response<Bytes>| {
            write!(f, "{what} {} octets of the body of a {}", response.body().len(), response.status().as_u16())
        };
        match self {
            Self::Reset => f.write_str("the connection was reset"),
            Self::Truncated(response) => after("the connection was closed after", response),
            Self::Stalled(None) => f.write_str("nothing came"),
            Self::Stalled(Some(response)) => after("nothing came after", response),
            Self::Endless(response) => after("white space without end came after", response),
        }
    }
}

impl std::error::Error for Cut {}
