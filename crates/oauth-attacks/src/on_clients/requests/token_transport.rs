//! The client puts a code, a verifier, a secret or a token into the query of a request. Addresses are kept in logs, in
//! histories and by proxies, and whoever reads these has what was in them.

use mock_idp::Entry;

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::observe;
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-token-transport`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-token-transport",
        name: "Secrets in addresses",
        story: story!("token_transport.rs"),
        capabilities: &[Capability::A2, Capability::A5],
        citation: "RFC 6749 sections 2.3.1 and 3.2, RFC 6750 section 5.3, RFC 9700 section 4.3.2",
        steps: &["The client logs somebody in.", "The query of every request it sent to the server is looked at."],
        secure: "Whatever is secret is in the body of a POST request or in the Authorization header.",
        insecure: "A secret parameter is in the query of a request.",
        defence: "Secrets are never sent in a query.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: true,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = observe::lenient(stage).await?;
    let logins = observe::logins(stage, &idp, 1).await?;
    observe::look(stage, &logins, "no secret is in the address of a request", |login| {
        let in_query = |entry: &Entry| {
            let mut query = entry.params.iter().take(entry.in_query);
            let found = query.find(|(name, _)| SECRET.contains(name));
            found.map(|(name, _)| format!("{name} is in the query of {} {}", entry.method, entry.path))
        };
        Ok(login.sent.iter().find_map(in_query))
    })
}

/// The parameters that do not belong into an address.
const SECRET: &[&str] = &[
    "access_token",
    "client_assertion",
    "client_secret",
    "code",
    "code_verifier",
    "id_token",
    "password",
    "refresh_token",
];
