//! The exception for loopback addresses is wider in some servers than the port it is about. The attacker uses it for
//! another path of a local server, for a name that resolves elsewhere, for other spellings of the loopback address,
//! or for a host that only begins like it.

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::target::{Registration, Role};
use crate::verdict::Level;

use super::address::{Address, loopback};
use super::astray::{FOREIGN, try_each};

/// `as-redirect-loopback-abuse`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-redirect-loopback-abuse",
        name: "Loopback exception stretched",
        story: story!("redirect_loopback_abuse.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 8252 sections 7.3 and 8.3, RFC 9700 section 4.1.3",
        steps: &[
            "The victim opens requests of a native client whose redirect URI has another port, and besides another path or one more query.",
            "The same with `localhost`, with other addresses of the loopback network, with its address as one number and inside IPv6, and with `https`.",
            "The same with a host of the attacker's that begins with the loopback address, or has it as a user name.",
        ],
        secure: "Each request is answered with an error page of the server's own (4xx), and the browser is sent nowhere.",
        insecure: "A redirect URI that differs in more than its port is taken.",
        defence: "Of a loopback address, nothing but the port may differ.",
        level: Level::Must,
        levels: &[],
    },
    on: On::Client(Role::Native),
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    for own in loopback(client)? {
        let mut tries = stretched(&own);
        tries.retain(|(_, address)| !client.redirect_uris.contains(address));
        try_each(bench, client, tries).await?;
    }
    Ok(())
}

/// The address with another port and one more difference.
fn stretched(own: &Address) -> Vec<(&'static str, String)> {
    let own = Address { port: ":49152".to_owned(), ..own.clone() };
    let more = if own.query.is_empty() { "?" } else { "&" };
    let host = own.host.as_str();
    let ways = vec![
        ("another path at another port", own.at_path("/not-registered")),
        ("another query at another port", Address { query: format!("{}{more}bar=foo", own.query), ..own.clone() }),
        ("localhost", own.at_host("localhost")),
        ("another address of the loopback network", own.at_host("127.0.0.2")),
        ("a host that begins like loopback", own.at_host(format!("{host}.{FOREIGN}"))),
        ("loopback as a user name", own.at_host(format!("{host}@{FOREIGN}"))),
        ("loopback as a number", own.at_host("2130706433")),
        ("loopback inside IPv6", own.at_host("[::ffff:127.0.0.1]")),
        ("loopback by https", own.by_scheme("https")),
    ];
    ways.into_iter().map(|(what, address)| (what, address.to_string())).collect()
}
