//! A failure that is told to everybody who waited for the same refresh: nobody tries it again in their turn.

use crate::error::Error;
use crate::store::StoreError;
use crate::transport::TransportError;

/// The same failure, for the next who waited. Nothing if it cannot be told twice.
pub(super) fn likeness(error: &Error) -> Option<Error> {
    Some(match error {
        Error::Transport { endpoint, source } => Error::Transport { endpoint: *endpoint, source: transport(source) },
        Error::OAuth { endpoint, error } => Error::OAuth { endpoint: *endpoint, error: error.clone() },
        Error::Protocol { endpoint, defect } => Error::Protocol { endpoint: *endpoint, defect: *defect },
        Error::ReauthRequired => Error::ReauthRequired,
        Error::Store(StoreError::Busy) => StoreError::Busy.into(),
        Error::Store(StoreError::Unavailable(source)) => StoreError::unavailable(source.to_string()).into(),
        _ => return None,
    })
}

fn transport(error: &TransportError) -> TransportError {
    match error {
        TransportError::Timeout => TransportError::Timeout,
        TransportError::TooLarge { limit } => TransportError::TooLarge { limit: *limit },
        TransportError::Connection(source) => TransportError::connection(source.to_string()),
    }
}
