//! A server as a whole.

use std::time::Duration;

use oauth_types::Secret;
use oauth_types::scenario::Scenario;
use serde_json::Value;

use crate::connection::Connection;
use crate::tenant::ROOT;
use crate::{Choices, ControlTenant, Error, ListedTenant, NamedFault, Ready, TenantState, call};

/// The control API of a server. Clones share its connections.
#[derive(Debug, Clone)]
pub struct ControlClient {
    connection: Connection,
}

impl ControlClient {
    /// The control API of the server at this address: `http://127.0.0.1:8080`, or `https://` for a server with TLS whose
    /// certificate is [trusted](Self::trusting). Nothing is asked yet.
    ///
    /// # Errors
    /// [`Error::Address`] if it is no such address.
    pub fn new(address: impl AsRef<str>) -> Result<Self, Error> {
        Ok(Self { connection: Connection::to(address.as_ref())? })
    }

    /// Shows this token, which the server was started with as its control token. A server without one answers to its own
    /// machine only.
    /// ```
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let running = mock_idp::MockIdp::builder().control_token("s3cret").start().await?;
    /// # let address = format!("http://{}", running.address().expect("it listens"));
    /// use mock_idp_control::ControlClient;
    ///
    /// let server = ControlClient::new(&address)?.token("s3cret");
    /// assert!(!format!("{server:?}").contains("s3cret"));
    /// server.reset().await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn token(mut self, token: impl Into<Secret>) -> Self {
        self.connection.token = Some(token.into());
        self
    }

    /// Trusts these certificates, in PEM, and no others: the server's own, or those of its authority.
    ///
    /// # Errors
    /// [`Error::Certificate`] if there is none in it, or one that cannot be trusted.
    pub fn trusting(self, pem: &str) -> Result<Self, Error> {
        Ok(Self { connection: self.connection.trusting(pem)? })
    }

    /// How long a call may take, its answer included, in real time: 30 seconds unless it is said here. Calls that wait for
    /// something are given the time to wait besides.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.connection.patience = patience;
        self
    }

    /// The tenant at the root.
    pub fn root(&self) -> ControlTenant {
        ControlTenant::new(self.connection.clone(), ROOT.to_owned())
    }

    /// The tenant of this name, whether it is there or not. [`ControlTenant::create`] makes it, and so does the first
    /// request below its name.
    pub fn tenant(&self, name: impl Into<String>) -> ControlTenant {
        ControlTenant::new(self.connection.clone(), name.into())
    }

    /// Makes a tenant that nobody else uses: one for a test.
    ///
    /// It is gone after `lives_seconds` of the scenario, or after ten minutes, by the clock of the tenant at the root.
    /// Dropping what this gives does not take it away, since that would be a request; [`ControlTenant::destroy`] does,
    /// and a test that fails before leaves the rest to time.
    ///
    /// # Errors
    /// [`Error`] if there can be no such tenant.
    pub async fn disposable(&self, scenario: &Scenario) -> Result<ControlTenant, Error> {
        let made: TenantState = self.connection.tell(call::CREATE_DISPOSABLE_TENANT, &[], scenario).await?.json()?;
        Ok(self.tenant(made.name))
    }

    /// Every tenant, that at the root first.
    ///
    /// # Errors
    /// [`Error`] if there is no such answer.
    pub async fn tenants(&self) -> Result<Vec<ListedTenant>, Error> {
        self.connection.ask(call::LIST_TENANTS, &[]).await?.json()
    }

    /// Makes the server new, between two tests: every tenant but the one at the root is gone, and that one is what it was
    /// when the server started.
    ///
    /// # Errors
    /// [`Error`] if the server did not do it.
    pub async fn reset(&self) -> Result<(), Error> {
        self.connection.ask(call::RESET_SERVER, &[]).await.map(drop)
    }

    /// Whether the server is alive.
    ///
    /// # Errors
    /// [`Error`] if it is not; [`Error::Unexpected`] if it is another server that answers.
    pub async fn health(&self) -> Result<(), Error> {
        let answer = self.connection.ask(call::HEALTH, &[]).await?;
        let said: Value = answer.json()?;
        match said["status"] == "ok" {
            true => Ok(()),
            false => Err(answer.unexpected("it says nothing of health".to_owned())),
        }
    }

    /// Whether the server can answer requests, and which one it is.
    ///
    /// # Errors
    /// [`Error`] if it cannot; [`Error::Unexpected`] with status 503 if it is its store that does not answer.
    pub async fn ready(&self) -> Result<Ready, Error> {
        self.connection.ask(call::READY, &[]).await?.json()
    }

    /// What a scenario can choose by name.
    ///
    /// # Errors
    /// [`Error`] if there is no such answer.
    pub async fn choices(&self) -> Result<Choices, Error> {
        self.connection.ask(call::LIST_CHOICES, &[]).await?.json()
    }

    /// The faults that have names: [`ControlTenant::fault_named`] mounts them.
    ///
    /// # Errors
    /// [`Error`] if there is no such answer.
    pub async fn catalogue(&self) -> Result<Vec<NamedFault>, Error> {
        self.connection.ask(call::LIST_NAMED_FAULTS, &[]).await?.json()
    }

    /// Every call, in lines of text.
    ///
    /// # Errors
    /// [`Error`] if there is no such answer.
    pub async fn calls(&self) -> Result<String, Error> {
        self.connection.ask(call::LIST_CALLS, &[]).await?.text()
    }

    /// Every call, as an OpenAPI 3.1 document.
    ///
    /// # Errors
    /// [`Error`] if there is no such answer.
    pub async fn openapi(&self) -> Result<Value, Error> {
        self.connection.ask(call::DESCRIBE_CALLS, &[]).await?.json()
    }

    /// The names of the JSON schemas of what calls are given and answer.
    ///
    /// # Errors
    /// [`Error`] if there is no such answer.
    pub async fn schemas(&self) -> Result<Vec<String>, Error> {
        self.connection.ask(call::LIST_SCHEMAS, &[]).await?.json()
    }

    /// The JSON schema of this name, such as `scenario`.
    ///
    /// # Errors
    /// [`Error`] if there is none.
    pub async fn schema(&self, name: &str) -> Result<Value, Error> {
        self.connection.ask(call::DESCRIBE_SCHEMA, &[name]).await?.json()
    }

    /// What a kind of [problem](crate::Problem) is, by its name.
    ///
    /// # Errors
    /// [`Error`] if there is none of this name.
    pub async fn describe_problem(&self, name: &str) -> Result<String, Error> {
        self.connection.ask(call::DESCRIBE_PROBLEM, &[name]).await?.text()
    }
}
