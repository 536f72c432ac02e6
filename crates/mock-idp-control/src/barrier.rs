//! A barrier at a server elsewhere.

use std::time::Duration;

use serde::Deserialize;

use crate::{ControlTenant, Error, StandingBarrier, call};

/// The longest that the server waits at one call, in seconds.
const AT_ONCE: u64 = 30;

/// A barrier that holds requests until it is released or taken off.
///
/// Dropping this leaves it standing: what waits there waits on, at most ten minutes.
#[derive(Debug, Clone)]
pub struct RemoteBarrier {
    tenant: ControlTenant,
    id: u64,
}

/// What is said of one that was let go on.
#[derive(Deserialize)]
struct ReleasedOne {
    released_one: bool,
}

impl RemoteBarrier {
    pub(crate) fn new(tenant: ControlTenant, id: u64) -> Self {
        Self { tenant, id }
    }

    /// Its number, never used again by the same tenant.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// How it stands now.
    ///
    /// # Errors
    /// [`Error`] if it is not there any more.
    pub async fn standing(&self) -> Result<StandingBarrier, Error> {
        self.tenant.one_of(call::AWAIT_BARRIER, self.id).await?.json()
    }

    /// How many requests wait now.
    ///
    /// # Errors
    /// [`Error`] if it is not there any more.
    pub async fn waiting(&self) -> Result<usize, Error> {
        Ok(self.standing().await?.waiting)
    }

    /// Waits until `count` requests wait at once, until the barrier is released, or until `within` is over, in real time
    /// and whole seconds, rounded up. The answer is how many wait: fewer than `count` if they did not come.
    ///
    /// # Errors
    /// [`Error`] if it was not there when this was asked.
    pub async fn arrived(&self, count: usize, within: Duration) -> Result<usize, Error> {
        let mut left = within.as_secs().saturating_add(u64::from(within.subsec_nanos() > 0));
        loop {
            let seconds = left.min(AT_ONCE);
            let standing = self.wait(count, seconds).await?;
            left -= seconds;
            if left == 0 || standing.released || standing.waiting >= count {
                return Ok(standing.waiting);
            }
        }
    }

    /// Lets everything go on, and holds nothing further.
    ///
    /// # Errors
    /// [`Error`] if it is not there any more.
    pub async fn release(&self) -> Result<(), Error> {
        self.tenant.one_of(call::RELEASE_BARRIER, self.id).await.map(drop)
    }

    /// Lets the request go on that has waited longest. `false` if none waited.
    ///
    /// # Errors
    /// [`Error`] if it is not there any more.
    pub async fn release_one(&self) -> Result<bool, Error> {
        let said: ReleasedOne = self.tenant.one_of(call::RELEASE_ONE, self.id).await?.json()?;
        Ok(said.released_one)
    }

    /// Takes it away, lets everything go on, and says how it stood. A test whose barrier held nothing has tested nothing.
    ///
    /// # Errors
    /// [`Error`] if it is not there any more.
    pub async fn take_off(self) -> Result<StandingBarrier, Error> {
        self.tenant.one_of(call::TAKE_OFF_BARRIER, self.id).await?.json()
    }

    async fn wait(&self, count: usize, seconds: u64) -> Result<StandingBarrier, Error> {
        let query = [("wait", seconds.to_string()), ("count", count.to_string())];
        let longer = Duration::from_secs(seconds);
        self.tenant.waiting_for(call::AWAIT_BARRIER, self.id, (&query, longer)).await?.json()
    }
}
