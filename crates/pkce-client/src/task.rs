//! Work that goes on when nobody waits for it any more: in a task of the tokio runtime, or of the browser's event loop.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::sync::oneshot;

/// What a task may be made of: what can be sent to another thread.
#[cfg(not(target_family = "wasm"))]
pub(crate) trait Movable: Send + 'static {}
#[cfg(not(target_family = "wasm"))]
impl<T: Send + 'static> Movable for T {}

/// What a task may be made of: anything, because it stays on its thread.
#[cfg(target_family = "wasm")]
pub(crate) trait Movable: 'static {}
#[cfg(target_family = "wasm")]
impl<T: 'static> Movable for T {}

/// A task that has been started. Dropping it does not stop the task. It resolves to nothing if the task was stopped.
pub(crate) struct Task<T>(oneshot::Receiver<T>);

impl<T: Movable> Task<T> {
    pub(crate) fn start(work: impl Future<Output = T> + Movable) -> Self {
        let (done, outcome) = oneshot::channel();
        run(async move {
            // Nobody may be waiting any more.
            let _ = done.send(work.await);
        });
        Self(outcome)
    }
}

impl<T> Future for Task<T> {
    type Output = Option<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context).map(Result::ok)
    }
}

#[cfg(not(target_family = "wasm"))]
fn run(work: impl Future<Output = ()> + Movable) {
    drop(tokio::spawn(work));
}

#[cfg(target_family = "wasm")]
fn run(work: impl Future<Output = ()> + Movable) {
    wasm_bindgen_futures::spawn_local(work);
}
