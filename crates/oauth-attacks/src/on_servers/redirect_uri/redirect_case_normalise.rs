//! The attacker writes the registered redirect URI in another way that means the same by some rules of normalisation:
//! other case, the default port, a dot after the host, a letter as its percent-encoding. The paths of web servers
//! know case, so a server that compares too kindly sends the code to another page, and every kindness is one more
//! reader of URLs that may differ from the browser.

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::challenge::swap_case;
use crate::target::Registration;
use crate::verdict::Level;

use super::address::Address;
use super::astray::try_each;

/// `as-redirect-case-normalise`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-redirect-case-normalise",
        name: "Redirect URI in another spelling",
        story: story!("redirect_case_normalise.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 9700 section 4.1.3, RFC 3986 section 6.2.1",
        steps: &[
            "The victim opens requests with the registered redirect URI in other case: its scheme, its host, its path.",
            "The same with the default port written out, with a dot at the end of the host, with a letter of the path percent-encoded, and with a path segment that is a dot.",
        ],
        secure: "Each request is answered with an error page of the server's own (4xx), and the browser is sent nowhere.",
        insecure: "A redirect URI that is not registered as it is written is taken.",
        defence: "Redirect URIs are compared as they are written, without normalisation.",
        level: Level::Must,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let own = Address::of(client)?;
    try_each(bench, client, spellings(&own)).await
}

/// Other ways to write the address. The port of a loopback address may vary, so it stays as it is there.
fn spellings(own: &Address) -> Vec<(&'static str, String)> {
    let mut ways = vec![
        ("the scheme in upper case", own.by_scheme(own.scheme.to_ascii_uppercase())),
        ("a host with a dot at its end", own.at_host(format!("{}.", own.host))),
    ];
    if own.host.contains(|c: char| c.is_ascii_alphabetic()) {
        ways.push(("the host in upper case", own.at_host(own.host.to_ascii_uppercase())));
    }
    if let Some(at) = own.path.find(|c: char| c.is_ascii_alphabetic()) {
        ways.push(("the path in other case", own.at_path(swap_case(&own.path))));
        let (start, rest) = own.path.split_at(at);
        let letter = rest.as_bytes()[0];
        ways.push(("a path with an encoded letter", own.at_path(format!("{start}%{letter:02x}{}", &rest[1..]))));
    }
    if own.path.starts_with('/') {
        ways.push(("a path with a dot as a segment", own.at_path(format!("/.{}", own.path))));
    }
    let default = match own.scheme.as_str() {
        "https" => ":443",
        _ => ":80",
    };
    if own.port.is_empty() && !own.is_loopback() {
        ways.push(("the default port", Address { port: default.to_owned(), ..own.clone() }));
    }
    ways.into_iter().map(|(what, address)| (what, address.to_string())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_spelt_otherwise_is() {
        let spelt = |uri: &str| -> Vec<String> {
            let own = Address::parse(uri).expect("an address");
            spellings(&own).into_iter().map(|(_, uri)| uri).collect()
        };
        assert_eq!(
            spelt("http://127.0.0.1:9"),
            ["HTTP://127.0.0.1:9", "http://127.0.0.1.:9"],
            "the port of a loopback address is free"
        );
        assert_eq!(
            spelt("https://a.example/cb"),
            [
                "HTTPS://a.example/cb",
                "https://a.example./cb",
                "https://A.EXAMPLE/cb",
                "https://a.example/CB",
                "https://a.example/%63b",
                "https://a.example/./cb",
                "https://a.example:443/cb",
            ]
        );
    }
}
