//! A host and its port, as a request names them (RFC 9110 §7.2, RFC 3986 §3.2).

use std::net::Ipv6Addr;

/// The most octets of a DNS name (RFC 1035 §2.3.4).
const LONGEST: usize = 253;

/// A host that can stand in a URL as it is: nothing in it ends the host, or says more than a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Host {
    /// A name in small letters, or an address; one of IPv6 in brackets.
    name: String,
    port: Option<u16>,
}

impl Host {
    /// Reads a `Host`. Underscores are no part of a DNS host's name, but of the names that containers are given.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (name, port) = match text.rsplit_once(':') {
            // The last colon may be one of an address.
            Some((name, port)) if !port.ends_with(']') => (name, Some(port)),
            _ => (text, None),
        };
        let port = match port {
            // RFC 3986 §3.2.3: "URI producers and normalizers should omit the port component and its ":" delimiter if
            // port is empty".
            None | Some("") => None,
            Some(port) if port.bytes().all(|octet| octet.is_ascii_digit()) => {
                Some(port.parse().ok().filter(|port| *port != 0)?)
            }
            Some(_) => return None,
        };
        let name = match name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            Some(address) => format!("[{}]", address.parse::<Ipv6Addr>().ok()?),
            None if is_name(name) => name.to_ascii_lowercase(),
            None => return None,
        };
        Some(Self { name, port })
    }

    /// The origin of this host: the port that the scheme has anyway is left out, as clients leave it out.
    pub(crate) fn origin(&self, scheme: &str) -> String {
        let default = if scheme == "https" { 443 } else { 80 };
        match self.port.filter(|port| *port != default) {
            Some(port) => format!("{scheme}://{}:{port}", self.name),
            None => format!("{scheme}://{}", self.name),
        }
    }
}

fn is_name(name: &str) -> bool {
    let legal = |octet: u8| octet.is_ascii_alphanumeric() || octet == b'-' || octet == b'_';
    let label = |label: &str| (1..=63).contains(&label.len()) && label.bytes().all(legal);
    name.len() <= LONGEST && name.strip_suffix('.').unwrap_or(name).split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_written_down_as_clients_write_it() {
        for (text, scheme, origin) in [
            ("localhost", "http", "http://localhost"),
            ("LocalHost:8080", "http", "http://localhost:8080"),
            ("mock_idp:80", "http", "http://mock_idp"),
            ("idp.example:443", "https", "https://idp.example"),
            ("idp.example:443", "http", "http://idp.example:443"),
            ("idp.example.:", "http", "http://idp.example."),
            ("127.0.0.1:65535", "http", "http://127.0.0.1:65535"),
            ("[0:0:0:0:0:0:0:1]:8080", "http", "http://[::1]:8080"),
            ("[::1]", "http", "http://[::1]"),
        ] {
            assert_eq!(Host::parse(text).map(|host| host.origin(scheme)).as_deref(), Some(origin), "{text}");
        }
    }

    #[test]
    fn what_is_more_or_less_than_a_host_is_none() {
        let long = format!("{}a", "a.".repeat(127));
        let label = "a".repeat(64);
        for text in [
            "",
            ".",
            "a..b",
            "a b",
            "a/b",
            "a?b",
            "a#b",
            "u@a",
            "a\\b",
            "a\"b",
            "a<b",
            "a%2fb",
            "a,b",
            "a:b",
            "a:0",
            "a:65536",
            "a:+1",
            "::1",
            "[::1",
            "[::1]x",
            "[a]",
            "[::1%25lo]",
            "[::1]:x",
            "h\u{e4}",
            &long,
            &label,
        ] {
            assert_eq!(Host::parse(text), None, "{text}");
        }
    }
}
