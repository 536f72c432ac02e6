//! The servers of an attack on a client: honest ones, and the attacker's.

use mock_idp::{Builder, MockIdp};

use super::Stage;
use crate::attack::Inconclusive;
use crate::idp::Idp;
use crate::registration::Registration;
use crate::trace::Party;

/// How often an address is tried that another server is leaving; in between, that one goes on.
const TRIES: usize = 20_000;

impl Stage {
    /// A strict, honest server where the client is registered.
    ///
    /// # Errors
    /// [`Inconclusive`] when it does not start.
    pub async fn idp(&self) -> Result<Idp, Inconclusive> {
        self.idp_of(MockIdp::builder()).await
    }

    /// Another strict, honest server where the client is registered, besides that one.
    ///
    /// # Errors
    /// [`Inconclusive`] when it does not start, or the client knows one server alone.
    pub async fn another_idp(&self) -> Result<Idp, Inconclusive> {
        Idp::start(self.placed(MockIdp::builder(), 1).await?, self.client.registration(), Party::Server).await
    }

    /// A server of this description where the client is registered.
    ///
    /// # Errors
    /// [`Inconclusive`] when it does not start.
    pub async fn idp_of(&self, builder: Builder) -> Result<Idp, Inconclusive> {
        Idp::start(self.placed(builder, 0).await?, self.client.registration(), Party::Server).await
    }

    /// A server of this description where the client is registered otherwise.
    ///
    /// # Errors
    /// [`Inconclusive`] when it does not start.
    pub async fn idp_as(
        &self,
        builder: Builder,
        change: impl FnOnce(&mut Registration),
    ) -> Result<Idp, Inconclusive> {
        let mut registration = self.client.registration();
        change(&mut registration);
        self.idp_knowing(builder, registration).await
    }

    /// A server of this description where the client is registered like this.
    ///
    /// # Errors
    /// [`Inconclusive`] when it does not start.
    pub async fn idp_knowing(&self, builder: Builder, client: Registration) -> Result<Idp, Inconclusive> {
        if let Some(secret) = client.secret() {
            self.agent.keep_secret(secret.expose());
        }
        Idp::start(self.placed(builder, 0).await?, client, Party::Server).await
    }

    /// How the client is registered.
    pub fn registration(&self) -> Registration {
        self.client.registration()
    }

    /// An honest server that the attacker runs and where the client is registered under another name.
    ///
    /// # Errors
    /// [`Inconclusive`] when it does not start.
    pub async fn idp_of_attacker(&self) -> Result<Idp, Inconclusive> {
        let mut registration = self.client.registration();
        registration.client_id.push_str("-elsewhere");
        Idp::start(self.placed(MockIdp::builder(), 1).await?, registration, Party::AttackerServer).await
    }

    /// A server of this description that the attacker runs and where the client is registered under its own name.
    ///
    /// # Errors
    /// [`Inconclusive`] when it does not start.
    pub async fn idp_of_attacker_like(&self, builder: Builder) -> Result<Idp, Inconclusive> {
        Idp::start(self.placed(builder, 1).await?, self.client.registration(), Party::AttackerServer).await
    }

    /// The same at any address: where a lie leads the client, which is not asked to log in there.
    ///
    /// # Errors
    /// [`Inconclusive`] when it does not start.
    pub async fn canary(&self) -> Result<Idp, Inconclusive> {
        self.anywhere(self.trusted(MockIdp::builder())).await
    }

    /// The same as [`Stage::canary`], but over plain http whatever the client takes.
    ///
    /// # Errors
    /// [`Inconclusive`] when it does not start.
    pub async fn listener_of_attacker(&self) -> Result<Idp, Inconclusive> {
        self.anywhere(MockIdp::builder()).await
    }

    async fn anywhere(&self, builder: Builder) -> Result<Idp, Inconclusive> {
        let mut registration = self.client.registration();
        registration.client_id.push_str("-elsewhere");
        Idp::start(builder, registration, Party::AttackerServer).await
    }

    /// The server where the client expects its issuers, and as it takes them.
    async fn placed(&self, builder: Builder, number: usize) -> Result<Builder, Inconclusive> {
        self.at_its_place(self.trusted(builder), number).await
    }

    /// The server with https, if the client takes nothing else.
    fn trusted(&self, builder: Builder) -> Builder {
        match self.client.https() {
            Some(tls) => builder.tls_by_default(tls),
            None => builder,
        }
    }

    /// The server where the client expects its issuers, if it does not go where it is told.
    async fn at_its_place(&self, builder: Builder, number: usize) -> Result<Builder, Inconclusive> {
        let places = self.client.issuers_at();
        if places.is_empty() {
            return Ok(builder);
        }
        let place = places.get(number);
        let place = *place.ok_or_else(|| Inconclusive::new("the client does not know a second server"))?;
        // The server before may still be on its way out.
        for _ in 0..TRIES {
            if std::net::TcpListener::bind(place).is_ok() {
                break;
            }
            tokio::task::yield_now().await;
        }
        Ok(builder.listen(place))
    }
}
