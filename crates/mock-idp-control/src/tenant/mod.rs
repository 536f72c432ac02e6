//! One tenant of a server elsewhere.

use std::time::Duration;

use oauth_types::Secret;
use oauth_types::clock::{Reading, Turn};
use oauth_types::fault::{Barrier, Fault};
use oauth_types::mint::Mint;
use oauth_types::scenario::{ClientSetup, NextLogin, Scenario, UserSetup};
use serde::{Deserialize, Serialize};

use crate::connection::{Answer, Connection};
use crate::{Call, Error, Keys, MountedFault, RemoteBarrier, RemoteFault, StandingBarrier, TenantState, call};

mod journal;

/// What the tenant at the root is called in paths.
pub(crate) const ROOT: &str = "_root";

/// One issuer of a server, with documents, clients, people, keys, a clock, faults and a journal of its own.
///
/// Nothing is asked before a method is called. A method whose tenant is not there gives a [`Problem`](crate::Problem) that
/// is `no-such-tenant`.
#[derive(Debug, Clone)]
pub struct ControlTenant {
    connection: Connection,
    name: String,
}

/// A fault by the name it has in the catalogue of the server.
#[derive(Serialize)]
struct Named<'a> {
    named: &'a str,
}

/// A token that was made.
#[derive(Deserialize)]
struct Minted {
    token: Secret,
}

impl ControlTenant {
    pub(crate) fn new(connection: Connection, name: String) -> Self {
        Self { connection, name }
    }

    /// What it is called in paths of the control API: the first segment of its own paths, or `_root`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Makes it as a scenario says, in the place of the one of this name. The one at the root is what the server was started
    /// as: [play](Self::play) a scenario on it.
    ///
    /// # Errors
    /// [`Error`] if there can be no such tenant.
    pub async fn create(&self, scenario: &Scenario) -> Result<TenantState, Error> {
        self.tell(call::CREATE_TENANT, scenario).await?.json()
    }

    /// Does what a scenario says, on top of what the tenant is: describes it further, moves its clock, mounts faults, puts up
    /// barriers, and says who logs in next. If something of it cannot be, nothing of it is done.
    ///
    /// # Errors
    /// [`Error`] if something of it cannot be.
    pub async fn play(&self, scenario: &Scenario) -> Result<TenantState, Error> {
        self.tell(call::PLAY_SCENARIO, scenario).await?.json()
    }

    /// How it is described and how it stands.
    ///
    /// # Errors
    /// [`Error`] if there is no such tenant.
    pub async fn describe(&self) -> Result<TenantState, Error> {
        self.ask(call::DESCRIBE_TENANT).await?.json()
    }

    /// Makes it again what it was at first. What happened since, what was granted and what was mounted is forgotten.
    ///
    /// # Errors
    /// [`Error`] if there is no such tenant.
    pub async fn reset(&self) -> Result<TenantState, Error> {
        self.ask(call::RESET_TENANT).await?.json()
    }

    /// Stops it, so that it can be looked at: requests are answered with 503, and its clock stands.
    ///
    /// # Errors
    /// [`Error`] if there is no such tenant.
    pub async fn freeze(&self) -> Result<TenantState, Error> {
        self.ask(call::FREEZE_TENANT).await?.json()
    }

    /// Lets it go on, if it is frozen.
    ///
    /// # Errors
    /// [`Error`] if there is no such tenant.
    pub async fn thaw(&self) -> Result<TenantState, Error> {
        self.ask(call::THAW_TENANT).await?.json()
    }

    /// Takes it away. A later request makes a new one of this name. The one at the root stays.
    ///
    /// # Errors
    /// [`Error`] if there is no such tenant, or if it is the one at the root.
    pub async fn destroy(&self) -> Result<(), Error> {
        self.ask(call::DESTROY_TENANT).await.map(drop)
    }

    /// What time it is there.
    ///
    /// # Errors
    /// [`Error`] if there is no such tenant.
    pub async fn clock(&self) -> Result<Reading, Error> {
        self.ask(call::READ_CLOCK).await?.json()
    }

    /// Sets, stops or moves its clock, and with it the time of every code and token.
    ///
    /// # Errors
    /// [`Error`] if the clock would pass the end of the year 9999.
    pub async fn turn(&self, turn: Turn) -> Result<Reading, Error> {
        self.tell(call::TURN_CLOCK, &turn).await?.json()
    }

    /// Moves its clock forward, in whole seconds: a test of expiry waits for nothing.
    ///
    /// # Errors
    /// [`Error`] if the clock would pass the end of the year 9999.
    pub async fn advance(&self, time: Duration) -> Result<Reading, Error> {
        self.turn(Turn::Advance { seconds: time.as_secs() }).await
    }

    /// Says what the person in front of the browser does at the next login: `login("bob")` logs that user in. What is said
    /// more than once happens in order. The answer is all that will happen.
    /// ```
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), mock_idp_control::Error> {
    /// # let running = mock_idp::MockIdp::start().await;
    /// # let address = format!("http://{}", running.address().expect("it listens"));
    /// # let idp = mock_idp_control::ControlClient::new(&address)?.root();
    /// use oauth_types::scenario::NextLogin;
    ///
    /// idp.login("bob").await?;
    /// idp.login(NextLogin::deny().for_client("public")).await?;
    /// assert_eq!(idp.logins().await?.len(), 2);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error`] if it cannot be.
    pub async fn login(&self, next: impl Into<NextLogin>) -> Result<Vec<NextLogin>, Error> {
        self.tell(call::SAY_LOGIN, &next.into()).await?.json()
    }

    /// What was said of the next logins and has not happened.
    ///
    /// # Errors
    /// [`Error`] if there is no such tenant.
    pub async fn logins(&self) -> Result<Vec<NextLogin>, Error> {
        self.ask(call::LIST_LOGINS).await?.json()
    }

    /// Forgets what was said of the next logins.
    ///
    /// # Errors
    /// [`Error`] if there is no such tenant.
    pub async fn forget_logins(&self) -> Result<(), Error> {
        self.ask(call::FORGET_LOGINS).await.map(drop)
    }

    /// Its users and what is known of them, without their passwords.
    ///
    /// # Errors
    /// [`Error`] if there is no such tenant.
    pub async fn users(&self) -> Result<Vec<UserSetup>, Error> {
        self.ask(call::LIST_USERS).await?.json()
    }

    /// Adds a user, in the place of the one of this `sub`. The others stay. The answer is all of them.
    ///
    /// # Errors
    /// [`Error`] if there can be no such user.
    pub async fn add_user(&self, user: impl Into<UserSetup>) -> Result<Vec<UserSetup>, Error> {
        self.tell(call::ADD_USER, &user.into()).await?.json()
    }

    /// Takes a user away, by `sub`.
    ///
    /// # Errors
    /// [`Error`] if there is no such user, or no other.
    pub async fn remove_user(&self, sub: &str) -> Result<(), Error> {
        self.connection.ask(call::REMOVE_USER, &[&self.name, sub]).await.map(drop)
    }

    /// The clients it was told of, without their secrets.
    ///
    /// # Errors
    /// [`Error`] if there is no such tenant.
    pub async fn clients(&self) -> Result<Vec<ClientSetup>, Error> {
        self.ask(call::LIST_CLIENTS).await?.json()
    }

    /// Adds a client, in the place of the one of this `client_id`. The others stay. The answer is all of them.
    ///
    /// # Errors
    /// [`Error`] if there can be no such client.
    pub async fn add_client(&self, client: &ClientSetup) -> Result<Vec<ClientSetup>, Error> {
        self.tell(call::ADD_CLIENT, client).await?.json()
    }

    /// Takes a client away, by `client_id`.
    ///
    /// # Errors
    /// [`Error`] if there is no such client, or no other.
    pub async fn remove_client(&self, client_id: &str) -> Result<(), Error> {
        self.connection.ask(call::REMOVE_CLIENT, &[&self.name, client_id]).await.map(drop)
    }

    /// The keys that are published, and those that sign.
    ///
    /// # Errors
    /// [`Error`] if there is no such tenant.
    pub async fn keys(&self) -> Result<Keys, Error> {
        self.ask(call::LIST_KEYS).await?.json()
    }

    /// Publishes the next keys beside the present ones. They do not sign yet.
    ///
    /// # Errors
    /// [`Error`] if some are announced already, or these never change.
    pub async fn announce_keys(&self) -> Result<Keys, Error> {
        self.ask(call::ANNOUNCE_KEYS).await?.json()
    }

    /// Signs with the announced keys from now on. The former stay published.
    ///
    /// # Errors
    /// [`Error`] if none are announced, or these never change.
    pub async fn rotate_keys(&self) -> Result<Keys, Error> {
        self.ask(call::ROTATE_KEYS).await?.json()
    }

    /// Publishes the former keys no longer: tokens that they signed do not verify any more.
    ///
    /// # Errors
    /// [`Error`] if there are no former ones, or these never change.
    pub async fn retire_keys(&self) -> Result<Keys, Error> {
        self.ask(call::RETIRE_KEYS).await?.json()
    }

    /// Makes it misbehave until the fault is taken off.
    ///
    /// # Errors
    /// [`Error`] if the fault cannot do what it says.
    pub async fn fault(&self, fault: impl Into<Fault>) -> Result<RemoteFault, Error> {
        self.mount(&fault.into()).await
    }

    /// Makes it misbehave in a way that has a name in the catalogue of the server, which may be one of another version:
    /// `invalid-iss`.
    ///
    /// # Errors
    /// [`Error`] if there is no fault of this name; it names those that are like it.
    pub async fn fault_named(&self, name: &str) -> Result<RemoteFault, Error> {
        self.mount(&Named { named: name }).await
    }

    /// The faults that are mounted, and how often each has acted.
    ///
    /// # Errors
    /// [`Error`] if there is no such tenant.
    pub async fn faults(&self) -> Result<Vec<MountedFault>, Error> {
        self.ask(call::LIST_FAULTS).await?.json()
    }

    /// Takes every fault off.
    ///
    /// # Errors
    /// [`Error`] if there is no such tenant.
    pub async fn clear_faults(&self) -> Result<(), Error> {
        self.ask(call::CLEAR_FAULTS).await.map(drop)
    }

    /// Holds requests from now on, until they are released.
    ///
    /// # Errors
    /// [`Error`] if the barrier cannot hold anything.
    pub async fn hold(&self, barrier: Barrier) -> Result<RemoteBarrier, Error> {
        let standing: StandingBarrier = self.tell(call::PUT_UP_BARRIER, &barrier).await?.json()?;
        Ok(RemoteBarrier::new(self.clone(), standing.id))
    }

    /// The barriers that stand, and how many requests wait at each.
    ///
    /// # Errors
    /// [`Error`] if there is no such tenant.
    pub async fn barriers(&self) -> Result<Vec<StandingBarrier>, Error> {
        self.ask(call::LIST_BARRIERS).await?.json()
    }

    /// Takes every barrier away and lets everything go on.
    ///
    /// # Errors
    /// [`Error`] if there is no such tenant.
    pub async fn clear_barriers(&self) -> Result<(), Error> {
        self.ask(call::CLEAR_BARRIERS).await.map(drop)
    }

    /// Makes a token without a flow, right or wrong: for tests of whoever takes tokens.
    /// ```
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), mock_idp_control::Error> {
    /// # let running = mock_idp::MockIdp::start().await;
    /// # let address = format!("http://{}", running.address().expect("it listens"));
    /// # let idp = mock_idp_control::ControlClient::new(&address)?.root();
    /// use oauth_types::mint::Mint;
    ///
    /// let token = idp.mint(&Mint::access_token("alice").audience("https://api.example").expired()).await?;
    /// assert_eq!(token.expose().split('.').count(), 3);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error`] if there can be no such token.
    pub async fn mint(&self, mint: &Mint) -> Result<Secret, Error> {
        let minted: Minted = self.tell(call::MINT_TOKEN, mint).await?.json()?;
        Ok(minted.token)
    }

    async fn mount(&self, fault: &impl Serialize) -> Result<RemoteFault, Error> {
        let answer = self.tell(call::MOUNT_FAULT, fault).await?;
        match answer.json::<Vec<MountedFault>>()?.as_slice() {
            [mounted] => Ok(RemoteFault::new(self.clone(), mounted.id)),
            _ => Err(answer.unexpected("not one fault was mounted".to_owned())),
        }
    }

    async fn ask(&self, call: Call) -> Result<Answer, Error> {
        self.connection.ask(call, &[&self.name]).await
    }

    async fn tell(&self, call: Call, body: &impl Serialize) -> Result<Answer, Error> {
        self.connection.tell(call, &[&self.name], body).await
    }

    /// A call about the fault or barrier of this number.
    pub(crate) async fn one_of(&self, call: Call, id: u64) -> Result<Answer, Error> {
        self.connection.ask(call, &[&self.name, &id.to_string()]).await
    }

    /// The same with a query, which the server may answer so much later.
    pub(crate) async fn waiting_for(
        &self,
        call: Call,
        id: u64,
        waiting: (&[(&str, String)], Duration),
    ) -> Result<Answer, Error> {
        self.connection.wait(call, &[&self.name, &id.to_string()], waiting).await
    }
}
