//! The attacker writes an address that looks like the client's to one reader of URLs and like their own to another:
//! with the client's host as a user name, behind a backslash, as the beginning or the end of a longer name, or with
//! slashes missing. A server that searches for the client's host in the text, or parses otherwise than browsers do,
//! delivers the code to the attacker.

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::target::Registration;
use crate::verdict::Level;

use super::address::Address;
use super::astray::{FOREIGN, try_each};

/// `as-redirect-authority`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-redirect-authority",
        name: "Confused host of the redirect URI",
        story: story!("redirect_authority.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 9700 sections 4.1.1 and 4.1.3",
        steps: &[
            "The victim opens requests whose redirect URI has the client's host as a user name before the attacker's, or behind the attacker's and a backslash.",
            "The same with the client's host as the beginning and as the end of the attacker's.",
            "The same without slashes, with too many, and without a scheme.",
        ],
        secure: "Each request is answered with an error page of the server's own (4xx), and the browser is sent nowhere.",
        insecure: "The browser is sent to a host that is not the client's, or to an address that readers of URLs do not agree about.",
        defence: "A redirect URI is compared as text with the registered ones before anybody takes it apart.",
        level: Level::Must,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let own = Address::of(client)?;
    let Address { scheme, host, port, path, .. } = &own;
    let rest = own.rest();
    let addresses = [
        ("the client's host as a user name", format!("{scheme}://{host}{port}@{FOREIGN}{path}")),
        ("the client's host as a user name with a password", format!("{scheme}://{host}:443@{FOREIGN}{path}")),
        ("the client's host behind a backslash", format!("{scheme}://{FOREIGN}\\@{rest}")),
        ("the client's host at the beginning of another", format!("{scheme}://{host}.{FOREIGN}{path}")),
        ("the client's host at the end of another", format!("{scheme}://evil{rest}")),
        ("a redirect URI without slashes", format!("{scheme}:{rest}")),
        ("a redirect URI with three slashes", format!("{scheme}:///{rest}")),
        ("a redirect URI without a scheme", format!("//{FOREIGN}{path}")),
    ];
    try_each(bench, client, addresses).await
}
