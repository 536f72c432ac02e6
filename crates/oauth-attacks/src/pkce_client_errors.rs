//! What `pkce_client` calls its errors, for those who hear what a client under test says.

use pkce_client::{CallbackError, Error, FinishError, FrontChannelError, RejectReason};

use crate::client::Rejected;

impl From<Error> for Rejected {
    fn from(error: Error) -> Self {
        Self::new(error.code().to_string()).because(error.to_string())
    }
}

impl From<FinishError> for Rejected {
    fn from(error: FinishError) -> Self {
        Self::new(error.code().to_string()).because(error.to_string())
    }
}

impl From<RejectReason> for Rejected {
    fn from(reason: RejectReason) -> Self {
        Self::new(reason.code().to_string()).because(reason.to_string())
    }
}

impl From<FrontChannelError> for Rejected {
    fn from(error: FrontChannelError) -> Self {
        Self::new(error.code().to_string()).because(error.to_string())
    }
}

impl From<CallbackError> for Rejected {
    fn from(error: CallbackError) -> Self {
        Self::new(error.code().to_string()).because(error.to_string())
    }
}
