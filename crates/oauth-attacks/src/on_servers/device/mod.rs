//! The device grant. Codes that are typed in, and devices that ask for their tokens again and again.

use crate::attack::{Family, ServerAttack};

/// Codes that are typed in, and devices that ask for their tokens again and again.
pub const FAMILY: Family<ServerAttack> = Family {
    name: "device",
    title: "The device grant",
    about: "Codes that are typed in, and devices that ask for their tokens again and again.",
    attacks: &[],
};
