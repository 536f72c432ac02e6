//! The attacker sends the victim a link to the honest server with the client's identifier and a redirect URI of their
//! own. A server that only looks whether the client exists delivers the code to the attacker.

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::target::Registration;
use crate::verdict::Level;

use super::address::Address;
use super::astray::{FOREIGN, try_each};

/// `as-redirect-unregistered`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-redirect-unregistered",
        name: "Foreign redirect URI",
        story: story!("redirect_unregistered.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 6749 sections 3.1.2.4 and 4.1.2.1, RFC 9700 section 4.1.3",
        steps: &[
            "The victim opens an authorization request of the client with a redirect URI at a host of the attacker's.",
            "The same with the path of the registered redirect URI at that host.",
        ],
        secure: "Each request is answered with an error page of the server's own (4xx), and the browser is sent nowhere.",
        insecure: "The browser is sent to the foreign address, with a code or with an error.",
        defence: "A redirect URI must be one that the client has registered.",
        level: Level::Must,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let foreign = ("a foreign redirect URI", format!("https://{FOREIGN}/cb"));
    try_each(bench, client, [foreign]).await?;
    match Address::parse(client.redirect_uri()) {
        None => Ok(()),
        Some(own) => {
            let same_path = Address { host: FOREIGN.to_owned(), port: String::new(), ..own };
            try_each(bench, client, [("the registered path at a foreign host", same_path.to_string())]).await
        }
    }
}
