//! The attacker appends to the path of the registered redirect URI, in plain or with dots and slashes that one part
//! of the server resolves and another does not. Where prefixes or normalised paths are compared, the code lands on
//! another page of the client's site, from where an open redirector, a user's upload or a Referer header carries it
//! on.

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::target::Registration;
use crate::verdict::Level;

use super::address::Address;
use super::astray::try_each;

/// `as-redirect-path`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-redirect-path",
        name: "Path of the redirect URI changed",
        story: story!("redirect_path.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 9700 sections 2.1 and 4.1.3",
        steps: &[
            "The victim opens requests whose redirect URI is the registered one with more path, with a directory up, with encoded dots, slashes and backslashes, and with doubled slashes.",
            "The same with one slash more or less at its end.",
        ],
        secure: "Each request is answered with an error page of the server's own (4xx), and the browser is sent nowhere.",
        insecure: "A code arrives at a path that is not registered.",
        defence: "The path of a redirect URI is compared character for character.",
        level: Level::Must,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

/// What is appended, and what it is called.
const APPENDED: [(&str, &str); 9] = [
    ("/x", "a longer path"),
    ("/../x", "a path with a step up"),
    ("/%2e%2e/x", "a path with encoded dots"),
    ("%2f..%2fx", "a path with encoded slashes"),
    ("/..%252fx", "a path with a slash encoded twice"),
    ("/;/../x", "a path with a parameter and a step up"),
    ("/%5c..%5cx", "a path with encoded backslashes"),
    ("//x", "a path with an empty segment"),
    ("/", "a path with one more slash"),
];

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let own = Address::of(client)?;
    let mut tries: Vec<_> = Vec::new();
    for (more, what) in APPENDED {
        tries.push((what, own.at_path(format!("{}{more}", own.path)).to_string()));
    }
    // Without a path, the slash is what every reader adds.
    if let Some(shorter) = own.path.strip_suffix('/').filter(|path| !path.is_empty()) {
        tries.push(("a path without its last slash", own.at_path(shorter).to_string()));
    }
    try_each(bench, client, tries).await
}
