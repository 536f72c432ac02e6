//! Some servers let clients register patterns. The attacker tries the pattern itself, a subdomain and a longer last
//! segment: whoever controls one forgotten subdomain of the client's receives its codes.

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::target::Registration;
use crate::verdict::Level;

use super::address::Address;
use super::astray::try_each;

/// `as-redirect-wildcard`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-redirect-wildcard",
        name: "Wildcards and subdomains",
        story: story!("redirect_wildcard.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 9700 sections 4.1.1 and 4.1.3",
        steps: &[
            "The victim opens requests whose redirect URI has a star before the client's host, or a subdomain of it.",
            "The same with a star at the end of the path, alone or as a segment.",
        ],
        secure: "Each request is answered with an error page of the server's own (4xx), and the browser is sent nowhere.",
        insecure: "A redirect URI with a star, or one at a subdomain, is taken.",
        defence: "Redirect URIs are no patterns.",
        level: Level::Must,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let own = Address::of(client)?;
    let addresses = [
        ("a star before the host", own.at_host(format!("*.{}", own.host))),
        ("a subdomain", own.at_host(format!("x.{}", own.host))),
        ("a star at the end of the path", own.at_path(format!("{}*", own.path))),
        ("a star as a segment of the path", own.at_path(format!("{}/*", own.path))),
    ];
    try_each(bench, client, addresses.map(|(what, address)| (what, address.to_string()))).await
}
