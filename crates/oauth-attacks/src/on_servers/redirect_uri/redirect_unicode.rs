//! The attacker writes the client's host with characters that look the same or that vanish when names are prepared
//! for look-up: letters of another alphabet, wide digits, an ideographic full stop, a joiner without width, a soft
//! hyphen. A server that normalises before it compares takes the address for the client's and redirects to the one
//! that was written.

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::target::Registration;
use crate::verdict::Level;

use super::address::Address;
use super::astray::{FOREIGN, try_each};

/// `as-redirect-unicode`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-redirect-unicode",
        name: "Redirect URI with look-alike characters",
        story: story!("redirect_unicode.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 9700 section 4.1.3",
        steps: &[
            "The victim opens requests whose redirect URI has a look-alike letter or a wide character in its host, or another full stop.",
            "The same with an invisible character in the host, and with the attacker's domain behind a slash that is none.",
        ],
        secure: "Each request is answered with an error page of the server's own (4xx), and the browser is sent nowhere.",
        insecure: "An address with such characters is taken.",
        defence: "Redirect URIs are compared octet by octet, and those with characters that no URI has are refused.",
        level: Level::Must,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

/// Letters, and letters of another alphabet that look like them.
const LOOK_ALIKES: [(char, char); 7] = [
    ('a', '\u{430}'),
    ('c', '\u{441}'),
    ('e', '\u{435}'),
    ('i', '\u{456}'),
    ('o', '\u{43e}'),
    ('p', '\u{440}'),
    ('x', '\u{445}'),
];

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let own = Address::of(client)?;
    try_each(bench, client, disguises(&own)).await
}

/// Addresses that look like this one.
fn disguises(own: &Address) -> Vec<(&'static str, String)> {
    let host = own.host.as_str();
    let first = host.find(|c: char| c.is_ascii_alphanumeric()).unwrap_or_default();
    let (start, rest) = (&host[..first], &host[first..]);
    let mut characters = rest.chars();
    let (letter, rest) = (characters.next().unwrap_or_default(), characters.as_str());
    let mut hosts = vec![("a wide character", format!("{start}{}{rest}", wide(letter)))];
    if host.contains('.') {
        hosts.push(("an ideographic full stop", host.replacen('.', "\u{3002}", 1)));
    }
    hosts.push(("a joiner without width", format!("{start}{letter}\u{200d}{rest}")));
    hosts.push(("a soft hyphen", format!("{start}{letter}\u{ad}{rest}")));
    hosts.push(("a slash that is none", format!("{host}\u{2044}.{FOREIGN}")));
    if let Some((latin, other)) = LOOK_ALIKES.iter().find(|(latin, _)| host.contains(*latin)) {
        hosts.push(("a letter of another alphabet", host.replacen(*latin, &other.to_string(), 1)));
    }
    hosts.into_iter().map(|(what, host)| (what, own.at_host(host).to_string())).collect()
}

/// The full-width form of a printable character of ASCII.
fn wide(character: char) -> char {
    char::from_u32(u32::from(character) + 0xfee0).unwrap_or(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_disguise_differs_in_its_host() {
        for uri in ["http://127.0.0.1:9/callback", "https://client.example/cb", "http://[::1]/cb"] {
            let own = Address::parse(uri).expect("an address");
            let ways = disguises(&own);
            assert!(ways.len() >= 4);
            for (what, disguised) in ways {
                assert!(disguised.ends_with(&own.path) && !disguised.is_ascii(), "{what}: {disguised}");
            }
        }
        assert_eq!(wide('c'), '\u{ff43}');
    }
}
