//! A public client does not authenticate, so its client_id is all that says who redeems a code. Without it the server
//! cannot compare the code's owner with whoever sends it, and a server that takes the owner from the code itself has
//! compared nothing.

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::CLIENT_REQUEST;
use crate::target::{Registration, Role};
use crate::verdict::Level;

/// `as-code-client-id-missing`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-code-client-id-missing",
        name: "Redemption by nobody in particular",
        story: story!("code_client_id_missing.rs"),
        capabilities: &[Capability::A3],
        citation: "RFC 6749 sections 3.2.1 and 4.1.3",
        steps: &[
            "A code is issued to a public client.",
            "It is redeemed with everything right, but without a client_id.",
        ],
        secure: "The request is refused with `invalid_request` or `invalid_client`.",
        insecure: "The server takes the client from the code.",
        defence: "A client that does not authenticate names itself.",
        level: Level::Must,
        levels: &[],
    },
    on: On::Client(Role::Public),
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let grant = bench.grant(client).await?;
    let answer = bench.redemption(client, &grant).anonymous().send().await?;
    bench.judge(&answer, CLIENT_REQUEST, "a code without a client_id");
    Ok(())
}
