//! Where a stranger's word may lead: not into a network that the stranger is not in (RFC 9728 §7.7).

use std::net::{Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

use crate::error::AddressError;

/// Names that are about one machine or one network alone (RFC 6761, RFC 6762, RFC 8375, and what is used like them).
const OWN_NAMES: [&str; 8] =
    ["localhost", "local", "internal", "intranet", "lan", "home.arpa", "localdomain", "corp"];

/// Whether something at `from` may name an address `to`. What a name is resolved to is not looked at.
pub(crate) fn may_lead(from: &Url, to: &Url) -> Result<(), AddressError> {
    if is_inside(to) && !is_inside(from) { Err(AddressError::Inside) } else { Ok(()) }
}

fn is_inside(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => is_own_v4(address),
        Some(Host::Ipv6(address)) => is_own_v6(address),
        Some(Host::Domain(name)) => is_own_name(name),
        None => true,
    }
}

fn is_own_name(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let under = |own: &&str| name.strip_suffix(*own).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    !name.contains('.') || OWN_NAMES.iter().any(under)
}

/// What is not globally reachable (RFC 6890).
fn is_own_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || matches!((a, b, c), (0 | 240..=255, _, _) | (100, 64..=127, _) | (192, 0, 0) | (198, 18..=19, _))
}

fn is_own_v6(address: Ipv6Addr) -> bool {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let v4 = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match (a, b, c, d, e, f) {
        // Addresses of the other kind, in the ways they are written here.
        (0, 0, 0, 0, 0, 0 | 0xffff) | (0x64, 0xff9b, 0, 0, 0, 0) => is_own_v4(v4(g, h)),
        (0x2002, high, low, _, _, _) => is_own_v4(v4(high, low)),
        _ => address.is_multicast() || a & 0xfe00 == 0xfc00 || a & 0xffc0 == 0xfe80 || (a, b) == (0x64, 0xff9b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leads(from: &str, to: &str) -> Result<(), AddressError> {
        may_lead(&Url::parse(from).expect("a URL"), &Url::parse(to).expect("a URL"))
    }

    #[test]
    fn nobody_outside_leads_inside() {
        for to in [
            "https://10.0.0.1",
            "https://172.16.0.1",
            "https://192.168.1.1",
            "https://127.0.0.1",
            "https://127.1",
            "https://0x7f000001",
            "https://2130706433",
            "https://169.254.169.254",
            "https://100.64.0.1",
            "https://0.0.0.0",
            "https://198.18.0.1",
            "https://255.255.255.255",
            "https://[::1]",
            "https://[::]",
            "https://[::ffff:10.0.0.1]",
            "https://[64:ff9b::a00:1]",
            "https://[2002:a00:1::]",
            "https://[fd00::1]",
            "https://[fe80::1]",
            "https://[ff02::1]",
            "https://localhost",
            "https://LOCALHOST.",
            "https://idp.localhost",
            "https://printer.local",
            "https://metadata.google.internal",
            "https://intranet",
            "https://router.home.arpa",
        ] {
            assert_eq!(leads("https://a.example", to), Err(AddressError::Inside), "{to}");
            assert_eq!(leads("https://mcp.corp", to), Ok(()), "{to}");
        }
    }

    #[test]
    fn whoever_leads_outside_may() {
        for to in ["https://b.example", "https://8.8.8.8", "https://[2606:4700::1]", "https://notlocal.example"] {
            assert_eq!(leads("https://a.example", to), Ok(()), "{to}");
            assert_eq!(leads("https://127.0.0.1", to), Ok(()), "{to}");
        }
    }
}
