//! The device grant. Codes that are typed in, and devices that ask for their tokens again and again.

mod device_denied;
mod device_expired;
mod device_fast_poll;
mod device_other_client;
mod device_phish_auto;
mod device_replay;
mod device_user_code_bruteforce;

use crate::attack::{Family, ServerAttack};

/// Codes that are typed in, and devices that ask for their tokens again and again.
pub const FAMILY: Family<ServerAttack> = Family {
    name: "device",
    title: "The device grant",
    about: "Codes that are typed in, and devices that ask for their tokens again and again.",
    attacks: &[
        device_other_client::ATTACK,
        device_fast_poll::ATTACK,
        device_replay::ATTACK,
        device_expired::ATTACK,
        device_user_code_bruteforce::ATTACK,
        device_phish_auto::ATTACK,
        device_denied::ATTACK,
    ],
};
