//! What the attacks of the family `native` need to be off.

use oauth_attacks::Level;

use super::Row;
use crate::victims::client::Defence;

pub(super) const ROWS: &[Row] = &[
    Row {
        id: "rp-loopback-bind",
        off: Defence::ListensOnLoopbackAlone,
        level: Level::Must,
        because: "on other addresses",
    },
    Row { id: "rp-loopback-bind", off: Defence::ListenerCloses, level: Level::Must, because: "goes on listening" },
    Row {
        id: "rp-loopback-port-squat",
        off: Defence::PortIsOwn,
        level: Level::Must,
        because: "where another program listens",
    },
    Row { id: "rp-loopback-noise", off: Defence::NoiseIgnored, level: Level::Must, because: "noise at the listener" },
    Row {
        id: "rp-custom-scheme-hijack",
        off: Defence::ChallengeSent,
        level: Level::Must,
        because: "a stolen code is redeemed without a verifier",
    },
    Row {
        id: "rp-embedded-browser",
        off: Defence::BrowserIsExternal,
        level: Level::Must,
        because: "opens the login page itself",
    },
    Row { id: "rp-device-slow-down", off: Defence::DeviceSlowsDown, level: Level::Must, because: "after slow_down" },
    Row {
        id: "rp-device-terminal",
        off: Defence::DeviceGivesUp,
        level: Level::Must,
        because: "went on polling after access_denied",
    },
    Row {
        id: "rp-device-hostile-code",
        off: Defence::TerminalKeptClean,
        level: Level::Must,
        because: "printed a code with control characters",
    },
    Row {
        id: "rp-device-hostile-code",
        off: Defence::OnlyWebAddresses,
        level: Level::Must,
        because: "opened an address that is a script",
    },
    Row {
        id: "rp-device-backoff",
        off: Defence::DeviceBacksOff,
        level: Level::Must,
        because: "after a broken connection",
    },
    Row {
        id: "rp-backchannel-logout",
        off: Defence::LogoutTokenVerified,
        level: Level::Must,
        because: "without a signature",
    },
    Row {
        id: "rp-backchannel-logout",
        off: Defence::LogoutTokenTellsOfIt,
        level: Level::Must,
        because: "without an event",
    },
    Row {
        id: "rp-backchannel-logout",
        off: Defence::LogoutTokenHasNoNonce,
        level: Level::Must,
        because: "with a nonce",
    },
    Row { id: "rp-backchannel-logout", off: Defence::LogoutTokenOnce, level: Level::Must, because: "used before" },
    Row {
        id: "rp-frontchannel-logout",
        off: Defence::FrontChannelCompared,
        level: Level::Must,
        because: "another issuer",
    },
    Row {
        id: "rp-logout-state",
        off: Defence::LogoutStateCompared,
        level: Level::Should,
        because: "without a state",
    },
    Row {
        id: "rp-init-login-csrf",
        off: Defence::IssuersConfigured,
        level: Level::Must,
        because: "a server that a third party named",
    },
    Row {
        id: "rp-init-login-csrf",
        off: Defence::TargetsAreOwnPages,
        level: Level::Must,
        because: "a page that a third party named",
    },
];
