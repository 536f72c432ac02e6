//! A fault that is mounted on a server elsewhere.

use crate::{ControlTenant, Error, MountedFault, call};

/// A fault that is mounted until it is taken off.
///
/// Dropping this leaves it mounted: taking it off is a request, and its answer says how often the fault acted. A test whose
/// fault never did has tested nothing.
#[derive(Debug, Clone)]
pub struct RemoteFault {
    tenant: ControlTenant,
    id: u64,
}

impl RemoteFault {
    pub(crate) fn new(tenant: ControlTenant, id: u64) -> Self {
        Self { tenant, id }
    }

    /// Its number, never used again by the same tenant.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// How it stands.
    ///
    /// # Errors
    /// [`Error`] if it is not mounted any more.
    pub async fn standing(&self) -> Result<MountedFault, Error> {
        self.tenant.one_of(call::READ_FAULT, self.id).await?.json()
    }

    /// How often it has acted.
    ///
    /// # Errors
    /// [`Error`] if it is not mounted any more.
    pub async fn fired(&self) -> Result<u32, Error> {
        Ok(self.standing().await?.fired)
    }

    /// Takes it off, and says how it stood.
    ///
    /// # Errors
    /// [`Error`] if it is not mounted any more.
    pub async fn take_off(self) -> Result<MountedFault, Error> {
        self.tenant.one_of(call::TAKE_OFF_FAULT, self.id).await?.json()
    }
}
