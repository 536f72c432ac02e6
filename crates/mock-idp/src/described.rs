//! What a tenant is made of, but for its ports: documents and choices, clients and people.

use std::sync::Arc;

use crate::clients::{Client, Clients};
use crate::people::{People, User};
use crate::ports::Ports;
use crate::profiles::{Profile, Setup};
use crate::redirect;
use crate::server::StartError;
use crate::world::{Policy, World};

/// A tenant as it was described. It can be made from this any number of times.
#[derive(Debug, Clone, Default)]
pub(crate) struct Description {
    pub(crate) profile: Profile,
    pub(crate) policy: Policy,
    pub(crate) any_client: bool,
    pub(crate) legacy: bool,
    pub(crate) without: Vec<String>,
    pub(crate) chosen: Vec<(String, Option<u64>)>,
    pub(crate) clients: Vec<Arc<Client>>,
    pub(crate) users: Vec<Arc<User>>,
    /// Whether clients can show certificates: the server speaks TLS itself.
    pub(crate) client_certificates: bool,
}

impl Description {
    /// The same, with what a server has of whom nothing was said.
    pub(crate) fn or_built_in(mut self) -> Self {
        if self.clients.is_empty() {
            self.clients = Client::built_in().map(Arc::new).into();
        }
        if self.users.is_empty() {
            self.users = User::built_in().map(Arc::new).into();
        }
        self
    }

    /// A world that is as it was described. Nothing in it is shared with another but `ports`, clients and users.
    ///
    /// # Errors
    /// [`StartError`] if there can be no such world.
    pub(crate) fn world(&self, ports: Ports) -> Result<World, StartError> {
        let mut setup = Setup { policy: self.policy.clone(), ..self.profile.setup() };
        if self.legacy {
            setup.legacy();
        }
        for name in &self.without {
            let without = |optional| StartError::Without { name: name.clone(), optional };
            setup.without(name).map_err(without)?;
        }
        for (name, value) in &self.chosen {
            let choice = |known| StartError::Choice { name: name.clone(), known };
            setup.choose(name, *value).map_err(choice)?;
        }
        check(&self.clients, &self.users)?;
        setup.policy.client_certificates = self.client_certificates;
        Ok(World {
            ports,
            policy: setup.policy,
            clients: Clients::new(self.clients.clone(), self.any_client),
            people: People::new(self.users.clone()),
            specs: setup.specs,
        })
    }
}

fn check(clients: &[Arc<Client>], users: &[Arc<User>]) -> Result<(), StartError> {
    for (at, client) in clients.iter().enumerate() {
        if clients[..at].iter().any(|other| other.client_id == client.client_id) {
            return Err(StartError::ClientTwice(client.client_id.clone()));
        }
        if let Some(uri) = client.redirects.iter().find_map(redirect::unusable) {
            return Err(StartError::RedirectUri { client_id: client.client_id.clone(), uri: uri.to_owned() });
        }
    }
    for (at, user) in users.iter().enumerate() {
        if users[..at].iter().any(|other| other.subject() == user.subject()) {
            return Err(StartError::UserTwice(user.subject().to_owned()));
        }
    }
    Ok(())
}
