//! Native applications, devices and logout. Listeners on the loopback interface, device codes, and the end of a session.

mod backchannel_logout;
mod custom_scheme_hijack;
mod device_backoff;
mod device_hostile_code;
mod device_slow_down;
mod device_terminal;
mod embedded_browser;
mod frontchannel_logout;
mod init_login_csrf;
mod listener;
mod logout_state;
mod loopback_bind;
mod loopback_noise;
mod loopback_port_squat;
mod polls;
mod session;
mod thief;

use crate::attack::{ClientAttack, Family};

/// Listeners on the loopback interface, device codes, and the end of a session.
pub const FAMILY: Family<ClientAttack> = Family {
    name: "native",
    title: "Native applications, devices and logout",
    about: "Listeners on the loopback interface, device codes, and the end of a session.",
    attacks: &[
        loopback_bind::ATTACK,
        loopback_port_squat::ATTACK,
        loopback_noise::ATTACK,
        custom_scheme_hijack::ATTACK,
        embedded_browser::ATTACK,
        device_slow_down::ATTACK,
        device_terminal::ATTACK,
        device_hostile_code::ATTACK,
        device_backoff::ATTACK,
        backchannel_logout::ATTACK,
        frontchannel_logout::ATTACK,
        logout_state::ATTACK,
        init_login_csrf::ATTACK,
    ],
};
