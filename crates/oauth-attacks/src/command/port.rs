//! The port that a program listens at for what comes back.

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

use crate::dice::fresh;

/// What redirect URIs that get a port begin with.
const LOOPBACK: &str = "http://127.0.0.1:";
/// The ports that are given out. No system takes one of these for a connection by itself, which might be between finding
/// it free and listening there.
const FIRST: u16 = 10_000;
const HOW_MANY: u16 = 22_000;

/// The redirect URI with a free port, if it is on 127.0.0.1 and names none.
pub(super) fn given_to(redirect_uri: &str) -> io::Result<String> {
    let Some(rest) = redirect_uri.strip_prefix("http://127.0.0.1/") else { return Ok(redirect_uri.to_owned()) };
    let free = (0..HOW_MANY).map(|_| next()).find(|port| can_be_bound(*port));
    let port = free.ok_or_else(|| io::Error::other("no port is free"))?;
    Ok(format!("{LOOPBACK}{port}/{rest}"))
}

/// Whether nobody listens at this redirect URI. Of one without a port nothing is known.
pub(super) fn is_free(redirect_uri: &str) -> bool {
    on_loopback(redirect_uri).is_some_and(|(port, _)| can_be_bound(port))
}

/// The address as a browser on the computer of this program opens it. Every visitor has a computer of their own, and what
/// is meant for a port of another one arrives at the port here, as if it had been guessed.
pub(super) fn as_at(redirect_uri: &str, address: &str) -> String {
    match (on_loopback(redirect_uri), on_loopback(address)) {
        (Some((port, _)), Some((_, path))) => format!("{LOOPBACK}{port}/{path}"),
        _ => address.to_owned(),
    }
}

fn on_loopback(url: &str) -> Option<(u16, &str)> {
    let (port, path) = url.strip_prefix(LOOPBACK)?.split_once('/')?;
    Some((port.parse().ok()?, path))
}

fn can_be_bound(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// One port after the other, from anywhere on: other runs on this computer have theirs.
fn next() -> u16 {
    static GIVEN: AtomicU16 = AtomicU16::new(0);
    if GIVEN.load(Ordering::Relaxed) == 0 {
        let start = fresh().bytes().fold(1, |sum: u16, octet| sum.wrapping_mul(31).wrapping_add(octet.into()));
        // Whoever comes second goes on from there.
        let _ = GIVEN.compare_exchange(0, start % HOW_MANY + 1, Ordering::Relaxed, Ordering::Relaxed);
    }
    FIRST + GIVEN.fetch_add(1, Ordering::Relaxed) % HOW_MANY
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_loopback_address_without_a_port_gets_one() {
        let given = || given_to("http://127.0.0.1/cb").expect("a port");
        assert!(given().starts_with("http://127.0.0.1:"));
        assert_ne!(given(), given());
        for other in ["http://127.0.0.1:8400/cb", "https://app.example/cb"] {
            assert_eq!(given_to(other).expect("an address"), other);
        }
    }

    #[test]
    fn where_somebody_listens_is_not_free() {
        let redirect_uri = given_to("http://127.0.0.1/cb").expect("a port");
        let port = on_loopback(&redirect_uri).expect("a port").0;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect("a listener");
        assert!(!is_free(&redirect_uri));
        drop(listener);
        assert!(is_free(&redirect_uri));
        assert!(!is_free("app:/cb"));
    }

    #[test]
    fn a_response_for_another_computer_arrives_at_the_port_of_this_one() {
        let here = "http://127.0.0.1:8400/cb";
        assert_eq!(as_at(here, "http://127.0.0.1:8401/cb?code=a"), "http://127.0.0.1:8400/cb?code=a");
        for unchanged in ["http://127.0.0.1:8400/cb?code=a", "https://app.example/cb?code=a", "app:/cb?code=a"] {
            assert_eq!(as_at(here, unchanged), unchanged);
        }
    }
}
