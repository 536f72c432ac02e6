//! A stream that waits only so long for its other end to read, and that ends when its lever is pulled.
//!
//! Reading is bounded where requests are read. Without a bound for writing, a client that never reads would keep its
//! connection, and the room it takes, for ever.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::rt::{Sleep, Timer};
use hyper_util::rt::TokioTimer;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::lever::Lever;

/// Within this time whatever is to be written at once has to be taken, counted from the first time that it was not.
pub(crate) const WRITE_WITHIN: Duration = Duration::from_secs(15);

/// A stream whose writing fails after [`WRITE_WITHIN`], and whose flushing fails once its lever is pulled.
pub(crate) struct Patience<S> {
    pub(crate) stream: S,
    lever: Lever,
    /// Since when it waits.
    left: Option<Pin<Box<dyn Sleep>>>,
}

impl<S> Patience<S> {
    pub(crate) fn new(stream: S, lever: Lever) -> Self {
        Self { stream, lever, left: None }
    }

    /// Hands on the outcome of an attempt to write; `all` says whether it took everything.
    fn judge<T>(
        &mut self,
        cx: &mut Context<'_>,
        outcome: Poll<io::Result<T>>,
        all: impl FnOnce(&T) -> bool,
    ) -> Poll<io::Result<T>> {
        match outcome {
            Poll::Ready(Ok(taken)) => {
                if all(&taken) {
                    self.left = None;
                }
                Poll::Ready(Ok(taken))
            }
            Poll::Ready(error) => Poll::Ready(error),
            Poll::Pending => {
                let left = self.left.get_or_insert_with(|| TokioTimer::new().sleep(WRITE_WITHIN));
                ready!(left.as_mut().poll(cx));
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patience<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patience<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.judge(cx, outcome, |taken| *taken == buf.len())
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.judge(cx, outcome, |taken| *taken == bufs.iter().map(|buf| buf.len()).sum::<usize>())
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.stream).poll_flush(cx);
        ready!(self.judge(cx, outcome, |()| false))?;
        // Whoever pulled it has written everything before.
        match self.lever.is_pulled() {
            true => Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into())),
            false => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.judge(cx, outcome, |()| false)
    }
}
