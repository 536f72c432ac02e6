//! Work that takes long is done aside, so that others are answered meanwhile.

use tokio::sync::{AcquireError, Semaphore};
use tokio::task::{JoinError, spawn_blocking};

use super::problem::Problem;

/// How many such things are done at once. What waits for its turn takes neither time nor room, and is not done at all if
/// whoever asked for it goes away before.
static TURNS: Semaphore = Semaphore::const_new(2);

/// Does something aside, when it is its turn.
pub(super) async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Problem> {
    take_turn(&TURNS, work).await
}

async fn take_turn<T: Send + 'static>(
    turns: &'static Semaphore,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    let turn = turns.acquire().await?;
    let done = spawn_blocking(move || {
        let done = work();
        // It ends with the work, also if nobody waits for that any more.
        drop(turn);
        done
    });
    Ok(done.await?)
}

impl From<AcquireError> for Problem {
    fn from(_: AcquireError) -> Self {
        Self::conflict("The server stops")
    }
}

impl From<JoinError> for Problem {
    fn from(_: JoinError) -> Self {
        Self::conflict("The server could not finish this")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn what_was_asked_for_and_given_up_is_not_done() {
        static ONE: Semaphore = Semaphore::const_new(1);
        let (go, wait) = mpsc::channel::<()>();
        let done = Arc::new(AtomicUsize::new(0));
        let first = tokio::spawn(take_turn(&ONE, move || wait.recv().is_ok()));
        while ONE.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let others: Vec<_> = (0..100)
            .map(|_| {
                let done = done.clone();
                tokio::spawn(take_turn(&ONE, move || done.fetch_add(1, Ordering::Relaxed)))
            })
            .collect();
        tokio::task::yield_now().await;
        others.iter().for_each(tokio::task::JoinHandle::abort);
        first.abort();
        assert_eq!(ONE.available_permits(), 0, "what has begun keeps its turn, although nobody waits for it");
        go.send(()).expect("it still waits");
        let counted = done.clone();
        let last = take_turn(&ONE, move || counted.load(Ordering::Relaxed)).await;
        assert_eq!(last.map_err(drop), Ok(0));
    }
}
