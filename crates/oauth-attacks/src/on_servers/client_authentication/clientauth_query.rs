//! Credentials in a URL end up in logs, histories and headers that tell where somebody came from. A server that takes
//! them there teaches its clients to leak them.

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::CLIENT_REQUEST;
use crate::target::{Registration, Role};
use crate::verdict::Level;

use super::secrets::secret_of;

/// `as-clientauth-query`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-clientauth-query",
        name: "Client secret in the URL",
        story: story!("clientauth_query.rs"),
        capabilities: &[Capability::A3],
        citation: "RFC 6749 section 2.3.1",
        steps: &[
            "Redeem a code with client_id and client_secret in the query, and everything else in the body.",
            "Redeem one with client_id in the body and client_secret alone in the query.",
        ],
        secure: "Both are refused.",
        insecure: "The secret counts although it is in the URL.",
        defence: "Client credentials are read from the header and the body alone.",
        level: Level::Must,
        levels: &[],
    },
    on: On::Client(Role::Confidential),
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let secret = secret_of(client)?.expose();
    let grant = bench.grant(client).await?;
    let request = bench.redemption(client, &grant).anonymous();
    let request = request.in_query("client_id", &client.client_id).in_query("client_secret", secret);
    bench.judge(&request.send().await?, CLIENT_REQUEST, "credentials in the query");

    let grant = bench.grant(client).await?;
    let request = bench.redemption(client, &grant).unauthenticated().in_query("client_secret", secret);
    bench.judge(&request.send().await?, CLIENT_REQUEST, "a secret in the query");
    Ok(())
}
