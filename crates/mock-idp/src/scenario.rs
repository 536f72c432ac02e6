//! Describes a tenant by data: a scenario in place of calls of a builder.

use std::sync::Arc;

use oauth_types::scenario::{ClientSetup, Scenario, UserSetup};

use crate::clients::Client;
use crate::people::User;
use crate::profiles::Profile;
use crate::server::{Builder, StartError};

impl Builder {
    /// Describes it as a scenario says, on top of what was described so far. What a scenario says of moments, such as
    /// logins, faults and the clock, is for [`Tenant::play`](crate::Tenant::play).
    ///
    /// # Errors
    /// [`StartError::Profile`] if there is no such profile, [`StartError::Keys`] if keys were asked for and cannot be made.
    /// Other names are judged when a server or tenant is made.
    pub fn scenario(mut self, scenario: &Scenario) -> Result<Self, StartError> {
        if let Some(name) = &scenario.profile {
            let unknown = || StartError::Profile { name: name.clone(), known: Profile::names() };
            self = self.profile(Profile::named(name).ok_or_else(unknown)?);
        }
        if scenario.own_keys {
            self = self.own_keys()?;
        }
        let description = &mut self.description;
        description.legacy = scenario.legacy.unwrap_or(description.legacy);
        description.any_client = scenario.any_client.unwrap_or(description.any_client);
        let policy = &mut description.policy;
        policy.algorithm = scenario.alg.unwrap_or(policy.algorithm);
        policy.code_lifetime = scenario.code_seconds.unwrap_or(policy.code_lifetime);
        policy.token_lifetime = scenario.token_seconds.unwrap_or(policy.token_lifetime);
        for name in &scenario.without {
            // Said twice, it would be missing the second time.
            if !description.without.contains(name) {
                description.without.push(name.clone());
            }
        }
        for client in &scenario.clients {
            description.clients.retain(|own| own.client_id != client.client_id);
        }
        for user in &scenario.users {
            description.users.retain(|own| own.subject() != user.sub);
        }
        description.clients.extend(scenario.clients.iter().cloned().map(|setup: ClientSetup| made(setup)));
        description.users.extend(scenario.users.iter().cloned().map(|setup: UserSetup| Arc::new(User::from(setup))));
        self = scenario.on.iter().fold(self, Self::on);
        self = scenario.off.iter().fold(self, Self::off);
        Ok(scenario.amount.iter().fold(self, |builder, (name, value)| builder.amount(name, *value)))
    }
}

fn made(setup: ClientSetup) -> Arc<Client> {
    Arc::new(Client::from(setup))
}
