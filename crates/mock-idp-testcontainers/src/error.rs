//! What can be wrong with a server in a container.

use testcontainers::TestcontainersError;

/// A server that did not start, or cannot be told anything. No secret is in it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The engine is not there, does not know the image, or the server in the container ended at once.
    #[error("the container of the server does not run: {0}. `cargo xtask container` makes its image")]
    Container(#[from] TestcontainersError),
    /// The server says https and did not show its certification authority.
    #[error("the container did not write its certification authority to its log")]
    Authority,
    /// The server runs, and did not do what it was told.
    #[error(transparent)]
    Control(#[from] mock_idp_control::Error),
    /// The operating system has no randomness for a token.
    #[error("there is no randomness for a control token: {0}")]
    Randomness(#[source] getrandom::Error),
}
