//! What a browser's cookie tells scripts of who is logged in: nothing but whether it is still the same
//! (OpenID Connect Session Management 1.0 §3.2, the "OP browser state").

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use super::cookie::Cookie;
use crate::ports::Ports;
use crate::request::Arrival;
use crate::world::{Policy, Switch};

/// It is read by the script of the page that clients put into a frame.
pub(crate) const COOKIE: Cookie = Cookie { name: "mock-idp-state", scripts: true };

/// Whether clients may ask whether it is still the same.
pub(crate) static CHECK_SESSION: Switch = Switch {
    name: "check-session",
    says: "Clients can find out in a frame whether the login has changed (OpenID Connect Session Management 1.0)",
    relaxes: false,
};

/// The state of a browser, and a salt for telling it to a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BrowserState {
    /// The state.
    pub value: String,
    /// The salt.
    pub salt: String,
}

impl BrowserState {
    /// The state that the browser of a request has from now on: another one if who is logged in has `changed`.
    ///
    /// `None` if nobody may ask for it.
    pub(crate) fn of(arrival: &Arrival<'_>, ports: &Ports, policy: &Policy, changed: bool) -> Option<Self> {
        if !policy.is_on(&CHECK_SESSION) {
            return None;
        }
        let legal = |octet: u8| octet.is_ascii_alphanumeric() || b"-_".contains(&octet);
        let mut values = COOKIE.values(arrival).into_iter();
        let known = values.find(|value| value.len() == 22 && value.bytes().all(legal)).filter(|_| !changed);
        let value = known.map_or_else(|| draw(ports), str::to_owned);
        if known.is_none() {
            COOKIE.set(arrival, Some(&value));
        }
        Some(Self { value, salt: draw(ports) })
    }
}

fn draw(ports: &Ports) -> String {
    let mut octets = [0; 16];
    ports.dice.fill(&mut octets);
    BASE64_URL_SAFE_NO_PAD.encode(octets)
}
