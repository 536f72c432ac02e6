//! How long one answer is waited for.

use std::time::Duration;

/// What a job comes to: `Some(None)` if it broke down, `None` if there was not time enough.
pub(crate) async fn within<T>(patience: Duration, job: tokio::task::JoinHandle<T>) -> Option<Option<T>> {
    let _ends = Ends(job.abort_handle());
    tokio::time::timeout(patience, job).await.ok().map(Result::ok)
}

/// Ends a job when nobody waits for it any more.
struct Ends(tokio::task::AbortHandle);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.abort();
    }
}
