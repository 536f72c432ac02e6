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
    pub(crate) chosen: Vec<(String, Choice)>,
    /// None means the built-in ones.
    pub(crate) clients: Vec<Arc<Client>>,
    /// None means the built-in ones.
    pub(crate) users: Vec<Arc<User>>,
    /// Whether clients can show certificates: the server speaks TLS itself.
    pub(crate) client_certificates: bool,
}

/// What was chosen where a document leaves a choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Choice {
    /// A switch is on, or off.
    Switch(bool),
    /// An amount is so much.
    Amount(u64),
}

impl Description {
    /// A world that is as it was described. Nothing in it is shared with another but `ports`, clients and users.
    ///
    /// # Errors
    /// [`StartError`] if there can be no such world.
    pub(crate) fn world(&self, ports: Ports) -> Result<World, StartError> {
        let mut setup = self.setup()?;
        let (clients, users) = (self.clients(), self.users());
        check(&clients, &users)?;
        setup.policy.client_certificates = self.client_certificates;
        Ok(World {
            ports,
            policy: setup.policy,
            clients: Clients::new(clients, self.any_client),
            people: People::new(users),
            specs: setup.specs,
        })
    }

    /// The documents in force and the choices.
    ///
    /// # Errors
    /// [`StartError`] if one is named that there is not.
    pub(crate) fn setup(&self) -> Result<Setup, StartError> {
        let (setup, errors) = self.settle();
        errors.into_iter().next().map_or(Ok(setup), Err)
    }

    /// The documents in force and the choices, and beside them each that there is not.
    pub(crate) fn settle(&self) -> (Setup, Vec<StartError>) {
        let (mut errors, mut setup) = (Vec::new(), Setup { policy: self.policy.clone(), ..self.profile.setup() });
        if self.legacy {
            setup.legacy();
        }
        for name in &self.without {
            let without = |optional| StartError::Without { name: name.clone(), optional };
            errors.extend(setup.without(name).map_err(without).err());
        }
        for (name, value) in &self.chosen {
            let choice = |known| StartError::Choice { name: name.clone(), known };
            errors.extend(setup.choose(name, *value).map_err(choice).err());
        }
        (setup, errors)
    }

    /// The clients, which may be the built-in ones.
    pub(crate) fn clients(&self) -> Vec<Arc<Client>> {
        let built_in = || Client::built_in().map(Arc::new).into();
        if self.clients.is_empty() { built_in() } else { self.clients.clone() }
    }

    /// The users, who may be the built-in ones.
    pub(crate) fn users(&self) -> Vec<Arc<User>> {
        let built_in = || User::built_in().map(Arc::new).into();
        if self.users.is_empty() { built_in() } else { self.users.clone() }
    }
}

#[cfg(feature = "control")]
impl Description {
    /// The switches that were turned on, or off.
    pub(crate) fn switched(&self, on: bool) -> Vec<String> {
        let switched = self.chosen.iter().filter(|(_, choice)| *choice == Choice::Switch(on));
        switched.map(|(name, _)| name.clone()).collect()
    }

    /// The amounts that were set.
    pub(crate) fn amounts(&self) -> std::collections::BTreeMap<String, u64> {
        let amount = |(name, choice): &(String, Choice)| match choice {
            Choice::Amount(value) => Some((name.clone(), *value)),
            Choice::Switch(_) => None,
        };
        self.chosen.iter().filter_map(amount).collect()
    }
}

/// Whether everybody has a name of their own, and every redirect URI can be one.
pub(crate) fn check(clients: &[Arc<Client>], users: &[Arc<User>]) -> Result<(), StartError> {
    unsound(clients, users).into_iter().next().map_or(Ok(()), Err)
}

/// Each client and user without a name of their own, and each redirect URI that cannot be one.
pub(crate) fn unsound(clients: &[Arc<Client>], users: &[Arc<User>]) -> Vec<StartError> {
    let mut errors = Vec::new();
    for (at, client) in clients.iter().enumerate() {
        let id = &client.client_id;
        if id.is_empty() {
            errors.push(StartError::Nameless("a client"));
        } else if clients[..at].iter().any(|other| other.client_id == *id) {
            errors.push(StartError::ClientTwice(id.clone()));
        }
        let unusable = client.redirects.iter().filter_map(redirect::unusable);
        errors.extend(unusable.map(|uri| StartError::RedirectUri { client_id: id.clone(), uri: uri.to_owned() }));
    }
    for (at, user) in users.iter().enumerate() {
        if user.subject().is_empty() {
            errors.push(StartError::Nameless("a user"));
        } else if users[..at].iter().any(|other| other.subject() == user.subject()) {
            errors.push(StartError::UserTwice(user.subject().to_owned()));
        }
    }
    errors
}
