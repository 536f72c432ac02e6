//! The clock of a mock server that runs elsewhere, moved by its control API.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use mock_idp_control::ControlTenant;
use oauth_attacks::attack::Inconclusive;
use oauth_attacks::time::{Passing, SystemTime, Time};

use crate::there::{control, why};

/// A clock that is read once, and then moved.
pub(super) struct RemoteClock {
    tenant: ControlTenant,
    /// How far it is ahead of this machine's, in seconds.
    ahead: AtomicU64,
}

impl RemoteClock {
    /// The clock of the tenant at the root of a server.
    ///
    /// # Errors
    /// When the control API does not answer.
    pub(super) async fn at(address: &str, ca: Option<&Path>) -> Result<Self, String> {
        let tenant = control(address, ca)?.root();
        let reading = tenant.clock().await.map_err(|error| format!("{address}: {}", why(&error)))?;
        let ahead = AtomicU64::new(reading.now.saturating_sub(SystemTime.now()));
        Ok(Self { tenant, ahead })
    }
}

impl Time for RemoteClock {
    fn now(&self) -> u64 {
        SystemTime.now() + self.ahead.load(Ordering::Relaxed)
    }

    fn can_be_moved(&self) -> bool {
        true
    }

    fn pass<'a>(&'a self, by: Duration) -> Passing<'a> {
        Box::pin(async move {
            self.tenant.advance(by).await.map_err(|error| Inconclusive::new(error.to_string()))?;
            self.ahead.fetch_add(by.as_secs(), Ordering::Relaxed);
            Ok(())
        })
    }
}
