//! The token request is sent as a GET with everything in its URL. Codes, verifiers and secrets that travel in URLs
//! stay behind in logs, histories and proxies, so a server that answers such requests teaches its clients to give them
//! away.

use http::Method;

use super::not_served;
use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::target::Registration;
use crate::verdict::Level;

/// `as-token-get`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-token-get",
        name: "GET at the token endpoint",
        story: story!("token_get.rs"),
        capabilities: &[Capability::A3],
        citation: "RFC 6749 section 3.2",
        steps: &["The client gets a code.", "It is redeemed by a GET with the parameters in the query."],
        secure: "The request is refused with 405 or 400.",
        insecure: "The server hands out tokens.",
        defence: "The token endpoint answers to POST alone.",
        level: Level::Must,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let grant = bench.grant(client).await?;
    let answer = bench.redemption(client, &grant).method(Method::GET).send().await?;
    bench.found(not_served(&answer, &[405, 400], "a token request by GET"), Some(&answer));
    Ok(())
}
