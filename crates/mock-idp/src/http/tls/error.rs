//! Why there is no TLS.

use crate::ports::authority::CredentialError;

/// Why there is no TLS.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// There is no certificate, or one that cannot be read.
    #[error("{0} is no certificate in PEM")]
    Certificate(Role),
    /// There is no private key.
    #[error("the server's key is no private key in PEM")]
    Key,
    /// The certificate is about another key.
    #[error("the server's key is not that of its certificate")]
    OtherKey,
    /// The certificate cannot be used.
    #[error("the server's certificate cannot be used: {0}")]
    Unusable(String),
    /// A name that the server is to be called by is none.
    #[error("{0:?} is no name of a server: it is a host, without a port")]
    Name(String),
    /// A certificate that was brought along has the names that it has.
    #[error("a certificate that was brought along gets no further names")]
    NoFurtherNames,
    /// A certificate could not be made.
    #[error(transparent)]
    Credential(#[from] CredentialError),
}

/// What a certificate is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Role {
    /// It says who the server is.
    #[error("the server's certificate")]
    Server,
    /// It is of an authority that says who clients are.
    #[error("the certification authority of clients")]
    ClientCa,
    /// It is of an authority that says who other servers are.
    #[error("the certification authority that is to be trusted")]
    Trusted,
}

/// What rustls cannot use, in our words.
pub(super) fn unusable(error: rustls::Error) -> TlsError {
    match error {
        rustls::Error::InconsistentKeys(_) => TlsError::OtherKey,
        rustls::Error::InvalidCertificate(_) => TlsError::Certificate(Role::Server),
        other => TlsError::Unusable(other.to_string()),
    }
}
