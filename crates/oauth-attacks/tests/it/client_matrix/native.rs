//! What the attacks of the family `native` need to be off.

use oauth_attacks::{Options, Verdict, run_on_client};

use super::{Row, must, should, succeed_on};
use crate::victims::client::{Defence, Registered, Victim};

pub(super) const ROWS: &[Row] = &[
    must("rp-loopback-bind", Defence::ListensOnLoopbackAlone, "on other addresses"),
    must("rp-loopback-bind", Defence::ListenerCloses, "goes on listening"),
    must("rp-loopback-port-squat", Defence::PortIsOwn, "where another program listens"),
    must("rp-loopback-noise", Defence::NoiseIgnored, "noise at the listener"),
    must("rp-custom-scheme-hijack", Defence::ChallengeSent, "a stolen code is redeemed without a verifier"),
    must("rp-embedded-browser", Defence::BrowserIsExternal, "opens the login page itself"),
    must("rp-device-slow-down", Defence::DeviceSlowsDown, "after slow_down"),
    must("rp-device-terminal", Defence::DeviceGivesUp, "went on polling after access_denied"),
    must("rp-device-hostile-code", Defence::TerminalKeptClean, "printed a code with control characters"),
    must("rp-device-hostile-code", Defence::OnlyWebAddresses, "opened an address that is a script"),
    must("rp-device-backoff", Defence::DeviceBacksOff, "after a broken connection"),
    must("rp-backchannel-logout", Defence::LogoutTokenVerified, "without a signature"),
    must("rp-backchannel-logout", Defence::LogoutTokenTellsOfIt, "without an event"),
    must("rp-backchannel-logout", Defence::LogoutTokenHasNoNonce, "with a nonce"),
    must("rp-backchannel-logout", Defence::LogoutTokenOnce, "used before"),
    must("rp-frontchannel-logout", Defence::FrontChannelCompared, "another issuer"),
    should("rp-logout-state", Defence::LogoutStateCompared, "without a state"),
    must("rp-init-login-csrf", Defence::IssuersConfigured, "a server that a third party named"),
    must("rp-init-login-csrf", Defence::TargetsAreOwnPages, "a page that a third party named"),
];

/// Where a request is pushed, the address in the browser does not say where the client listens (RFC 9126 section 4).
#[tokio::test]
async fn a_listener_is_found_at_the_redirect_uri_that_was_pushed() {
    let loopback = || ROWS.iter().filter(|row| row.id.starts_with("rp-loopback-"));
    succeed_on(loopback(), |_| Registered::Financial).await;
    let options = Options::new().only(loopback().map(|row| row.id));
    let report = run_on_client(Victim::registered(Registered::Financial, []), &options).await;
    for outcome in &report.outcomes {
        assert_eq!(outcome.verdict, Verdict::Stopped, "{}: {}", outcome.id, outcome.because);
    }
}
