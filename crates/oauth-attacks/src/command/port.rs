//! The port that a program listens at for what comes back.

use std::io;
use std::net::{Ipv4Addr, TcpListener};

use crate::dice::port_in;

/// What redirect URIs that get a port begin with. The name is that of the same interface, for libraries that have only it.
const LOOPBACK: [&str; 2] = ["http://127.0.0.1", "http://localhost"];
/// Ports that no system chooses by itself, neither for listeners nor for connections (RFC 6335 section 6).
const OUTSIDE_OF_ANY: std::ops::Range<u16> = 20_000..32_000;
/// How many of them are tried.
const TRIES: usize = 1000;

/// The redirect URI with a free port, if it is on the loopback interface and names none.
pub(super) fn with_port(redirect_uri: &str) -> io::Result<String> {
    let Some((host, None, rest)) = on_loopback(redirect_uri) else { return Ok(redirect_uri.to_owned()) };
    Ok(format!("{host}:{}{rest}", free_port()?))
}

/// A port that nobody has, and that nobody is given who asks for any port: the program binds it a moment later.
fn free_port() -> io::Result<u16> {
    let free = |port: &u16| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok();
    let chosen = std::iter::repeat_with(|| port_in(OUTSIDE_OF_ANY)).take(TRIES).find(free);
    chosen.ok_or_else(|| io::Error::new(io::ErrorKind::AddrInUse, "no port is free"))
}

/// Whether somebody listens at this redirect URI. Of one without a port that is not known.
pub(super) fn listens(redirect_uri: &str) -> bool {
    let port = on_loopback(redirect_uri).and_then(|(_, port, _)| port);
    port.is_none_or(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_err())
}

/// The address as a browser on the computer of this program opens it. Every visitor has a computer of their own, and what
/// is meant for a port of another one arrives at the port here, as if it had been guessed.
pub(super) fn at_port_of(redirect_uri: &str, address: &str) -> String {
    match (on_loopback(redirect_uri), on_loopback(address)) {
        (Some((_, Some(port), _)), Some((host, Some(_), rest))) => format!("{host}:{port}{rest}"),
        _ => address.to_owned(),
    }
}

/// The scheme and the host of an address on the loopback interface, its port, and the rest.
fn on_loopback(address: &str) -> Option<(&str, Option<u16>, &str)> {
    let host = LOOPBACK.into_iter().find(|host| address.starts_with(host))?;
    let (host, behind) = address.split_at(host.len());
    let end = behind.find(['/', '?', '#']).unwrap_or(behind.len());
    match behind.split_at(end) {
        ("", rest) => Some((host, None, rest)),
        (port, rest) => Some((host, Some(port.strip_prefix(':')?.parse().ok()?), rest)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_loopback_address_without_a_port_gets_one() {
        assert!(with_port("http://127.0.0.1/cb").expect("a port").starts_with("http://127.0.0.1:"));
        let named = with_port("http://localhost").expect("a port");
        assert!(named.strip_prefix("http://localhost:").is_some_and(|port| port.parse::<u16>().is_ok()), "{named}");
        for other in ["http://127.0.0.1:8400/cb", "https://app.example/cb", "http://localhost.example/cb"] {
            assert_eq!(with_port(other).expect("an address"), other);
        }
    }

    #[test]
    fn a_program_that_listens_no_more_is_not_waiting() {
        let redirect_uri = with_port("http://127.0.0.1/cb").expect("a port");
        assert!(!listens(&redirect_uri));
        let port = redirect_uri.split([':', '/']).nth(4).and_then(|port| port.parse().ok()).expect("a port");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect("a listener");
        assert!(listens(&redirect_uri) && listens("app:/cb"));
        drop(listener);
        assert!(!listens(&redirect_uri));
    }

    #[test]
    fn a_response_for_another_computer_arrives_at_the_port_of_this_one() {
        let here = "http://127.0.0.1:8400/cb";
        assert_eq!(at_port_of(here, "http://127.0.0.1:8401/cb?code=a"), "http://127.0.0.1:8400/cb?code=a");
        assert_eq!(at_port_of("http://localhost:1", "http://localhost:2?code=a"), "http://localhost:1?code=a");
        for unchanged in ["http://127.0.0.1:8400/cb?code=a", "https://app.example/cb?code=a", "app:/cb?code=a"] {
            assert_eq!(at_port_of(here, unchanged), unchanged);
        }
    }
}
