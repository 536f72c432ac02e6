//! UserInfo, refresh and resources. What a client does with its tokens.

use crate::attack::{ClientAttack, Family};

/// What a client does with its tokens.
pub const FAMILY: Family<ClientAttack> = Family {
    name: "resources",
    title: "UserInfo, refresh and resources",
    about: "What a client does with its tokens.",
    attacks: &[],
};
