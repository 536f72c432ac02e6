//! Chance, drawn here and nowhere else: states, nonces and verifiers of the flows that attacks start.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::{Rng as _, RngExt as _};

/// A fresh text of 43 characters out of 256 random bits. It is a verifier as RFC 7636 section 4.1 wants it.
#[expect(clippy::disallowed_methods, reason = "this is the port that draws randomness")]
pub(crate) fn fresh() -> String {
    let mut octets = [0_u8; 32];
    rand::rng().fill_bytes(&mut octets);
    URL_SAFE_NO_PAD.encode(octets)
}

/// One of these ports.
#[expect(clippy::disallowed_methods, reason = "this is the port that draws randomness")]
pub(crate) fn port_in(ports: std::ops::Range<u16>) -> u16 {
    rand::rng().random_range(ports)
}
