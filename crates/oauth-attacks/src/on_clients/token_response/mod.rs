//! The token response. What a client makes of the answer to its token request.

use crate::attack::{ClientAttack, Family};

/// What a client makes of the answer to its token request.
pub const FAMILY: Family<ClientAttack> = Family {
    name: "token_response",
    title: "The token response",
    about: "What a client makes of the answer to its token request.",
    attacks: &[],
};
