//! The attacker appends a fragment to the registered redirect URI. A server that drops it for the comparison and
//! keeps it for the redirect puts the response where the client does not look for it, or takes text of the attacker's
//! into it, and browsers keep a fragment across redirects.

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::target::Registration;
use crate::verdict::Level;

use super::astray::try_each;

/// `as-redirect-fragment`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-redirect-fragment",
        name: "Fragment in the redirect URI",
        story: story!("redirect_fragment.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 6749 section 3.1.2",
        steps: &[
            "The victim opens requests whose redirect URI is the registered one with a fragment, with an empty one, and with one whose mark is encoded.",
        ],
        secure: "Each request is answered with an error page of the server's own (4xx), and the browser is sent nowhere.",
        insecure: "The redirect URI with the fragment is taken.",
        defence: "A redirect URI with a fragment is refused.",
        level: Level::Must,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let own = client.redirect_uri();
    let addresses = [
        ("a redirect URI with a fragment", format!("{own}#x")),
        ("a redirect URI with an empty fragment", format!("{own}#")),
        ("a redirect URI with an encoded fragment", format!("{own}%23x")),
    ];
    try_each(bench, client, addresses).await
}
