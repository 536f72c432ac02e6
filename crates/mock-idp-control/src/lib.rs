//! A typed client of the control API of `mock-idp`: what a test says to a mock authorization server in its own process,
//! said in the same words to one that runs as a program or in a container.
//!
//! ```
//! use std::time::Duration;
//!
//! use mock_idp_control::ControlClient;
//! use oauth_types::fault::{Edit, Fault, Point};
//! use oauth_types::journal::Expect;
//! # #[tokio::main]
//! # async fn main() -> Result<(), mock_idp_control::Error> {
//! # let running = mock_idp::MockIdp::start().await;
//! # let address = format!("http://{}", running.address().expect("it listens"));
//!
//! let server = ControlClient::new(&address)?; // http://127.0.0.1:8080
//! server.reset().await?;
//!
//! let idp = server.root();
//! idp.login("bob").await?;
//! idp.advance(Duration::from_secs(3600)).await?;
//! let fault = idp.fault(Fault::always(Point::TokenResponse, Edit::Status { code: 503 }).once()).await?;
//! // … the application logs somebody in …
//! # assert_eq!(fault.fired().await?, 0);
//! idp.expect(Expect::token().refused(true).never()).await?;
//! fault.take_off().await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Tenants
//!
//! [`ControlClient::root`] is the issuer at the root, [`ControlClient::tenant`] the one below a name, and
//! [`ControlClient::disposable`] one that nobody else uses. Tests that run at the same time take one each:
//! ```
//! # #[tokio::main]
//! # async fn main() -> Result<(), mock_idp_control::Error> {
//! # let running = mock_idp::MockIdp::start().await;
//! # let address = format!("http://{}", running.address().expect("it listens"));
//! use mock_idp_control::ControlClient;
//! use oauth_types::scenario::{Scenario, UserSetup};
//!
//! let scenario = Scenario { users: vec![UserSetup::new("carol")], ..Scenario::default() };
//! let idp = ControlClient::new(&address)?.disposable(&scenario).await?;
//! let issuer = idp.describe().await?.issuer;
//! // … the application is told this issuer …
//! # assert!(issuer.ends_with(idp.name()));
//! idp.destroy().await?;
//! # Ok(())
//! # }
//! ```
//!
//! # What goes wrong
//!
//! Every method gives an [`Error`], which says which call failed and why. What the server refused is a [`Problem`]: its
//! kind, and where in what was sent the mistake is. Each call has its time; see [`ControlClient::patience`].
//!
//! Nothing is undone when a value of this crate is dropped: that would be a request, and dropping cannot wait. Reset the
//! server before a test rather than after it, or let a disposable tenant run out.

mod barrier;
mod call;
mod client;
mod connection;
mod error;
mod fault;
mod said;
mod tenant;

pub use barrier::RemoteBarrier;
pub use call::Call;
pub use client::ControlClient;
pub use error::{Error, Problem};
pub use fault::RemoteFault;
pub use said::{
    Amount, Choice, Choices, Description, Keys, ListedTenant, MountedFault, NamedFault, Ready, StandingBarrier,
    Switch, TenantState,
};
pub use tenant::ControlTenant;
