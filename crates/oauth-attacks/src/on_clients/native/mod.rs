//! Native applications, devices and logout. Listeners on the loopback interface, device codes, and the end of a session.

use crate::attack::{ClientAttack, Family};

/// Listeners on the loopback interface, device codes, and the end of a session.
pub const FAMILY: Family<ClientAttack> = Family {
    name: "native",
    title: "Native applications, devices and logout",
    about: "Listeners on the loopback interface, device codes, and the end of a session.",
    attacks: &[],
};
