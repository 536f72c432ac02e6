//! Mix-up. Several servers, several users, and who is taken for whom.

mod mixup_classic;

use crate::attack::{ClientAttack, Family};

/// Several servers, several users, and who is taken for whom.
pub const FAMILY: Family<ClientAttack> = Family {
    name: "mixup",
    title: "Mix-up",
    about: "Several servers, several users, and who is taken for whom.",
    attacks: &[mixup_classic::ATTACK],
};
