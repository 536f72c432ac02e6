//! Who may control a server over HTTP.

use std::net::SocketAddr;

use oauth_types::Secret;

use super::Builder;
use crate::http::control::{Access, Token};
use crate::ports::dice::Dice;

/// What was asked for.
#[derive(Debug, Default)]
pub(super) struct Control {
    off: bool,
    token: Option<Secret>,
}

impl Control {
    /// Who may call a server of this issuer that listens at this address.
    pub(super) fn access(self, place: (&str, Option<SocketAddr>), dice: &dyn Dice) -> Access {
        Access::new(!self.off, self.token.map(|token| Token::new(token, dice)), place)
    }
}

impl Builder {
    /// Answers the control API (`/_control`) to whoever has this token, from anywhere, and to nobody else. Without this
    /// it is answered to this machine only. An empty token lets nobody in.
    pub fn control_token(mut self, token: impl Into<Secret>) -> Self {
        self.control.token = Some(token.into());
        self
    }

    /// Has no control API: `/_control` is not found.
    pub fn without_control(mut self) -> Self {
        self.control.off = true;
        self
    }
}
