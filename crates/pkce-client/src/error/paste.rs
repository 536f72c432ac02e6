//! What users paste in place of the response to a login.

use crate::callback::CallbackError;
use crate::pending::RejectReason;

/// What is wrong with a text that was pasted. Says nothing of what stood there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PasteError {
    /// There is nothing in it.
    #[error("nothing was pasted")]
    Empty,
    /// It is longer than 64 KiB.
    #[error("it is longer than 64 KiB")]
    TooLong,
    /// It is the address that the login begins at, not the one that the browser ends at.
    #[error("this is the address that the login begins at; paste the one that the browser ends at")]
    Beginning,
    /// It is an address, but not of this login.
    #[error("this address is not the one that this login ends at")]
    OtherAddress,
    /// It is neither an address nor the part of one behind the question mark. A code alone is not enough.
    #[error("this is neither an address nor its part behind the question mark")]
    NotAResponse,
    /// Its parameters cannot be read.
    #[error(transparent)]
    Malformed(#[from] CallbackError),
    /// It is not the response to this login.
    #[error("this is not the response to this login: {0}")]
    Rejected(RejectReason),
}
