//! Pushed and signed requests. PAR, JAR, and the references by which requests are found.

use crate::attack::{Family, ServerAttack};

/// PAR, JAR, and the references by which requests are found.
pub const FAMILY: Family<ServerAttack> = Family {
    name: "pushed",
    title: "Pushed and signed requests",
    about: "PAR, JAR, and the references by which requests are found.",
    attacks: &[],
};
