//! A tenant that does what a scenario says.

use std::time::Duration;

use oauth_types::scenario::Scenario;
#[cfg(feature = "control")]
use {
    crate::http::{router::App, tenants},
    std::sync::Arc,
};

use super::Tenant;
use crate::server::{Builder, StartError};

impl Tenant {
    /// Does what a scenario says: describes the tenant further, moves its clock, mounts faults, puts up barriers, and says
    /// who logs in next. If something of it cannot be, nothing of it is done.
    ///
    /// # Errors
    /// [`StartError`] if there can be no such tenant.
    pub fn play(&self, scenario: &Scenario) -> Result<(), StartError> {
        if scenario.own_keys {
            return Err(StartError::KeysTooLate);
        }
        self.tenant.check(scenario)?;
        self.tenant
            .describe(|description| Builder::of(description).scenario(scenario).map(Builder::into_description))?;
        self.live_through(scenario);
        Ok(())
    }

    /// Does what a scenario says of moments, once it was checked: how long the tenant lives, the clock, faults, barriers,
    /// and who logs in next.
    pub(crate) fn live_through(&self, scenario: &Scenario) {
        if let Some(seconds) = scenario.lives_seconds {
            self.lives_for(Duration::from_secs(seconds));
        }
        for turn in &scenario.clock {
            self.clock().turn(*turn);
        }
        // What was checked can be; whoever adds as much meanwhile that there is no room has what they wanted.
        for fault in &scenario.faults {
            let _ = self.tenant.faults.add(fault.clone());
        }
        for barrier in &scenario.barriers {
            let _ = self.tenant.barriers.add(barrier.clone());
        }
        for next in &scenario.logins {
            self.tenant.script.add(next.clone());
        }
    }
}

#[cfg(feature = "control")]
impl Tenant {
    pub(crate) fn of(app: Arc<App>, tenant: Arc<tenants::Tenant>) -> Self {
        Self { app, tenant }
    }

    pub(crate) fn core(&self) -> &Arc<tenants::Tenant> {
        &self.tenant
    }
}
