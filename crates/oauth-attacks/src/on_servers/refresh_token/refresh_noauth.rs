//! A refresh token of a confidential client is stolen without the client's secret. It is worth nothing as long as
//! every refresh asks for the secret; a server that authenticates clients only where codes are redeemed makes the
//! token enough.

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::CLIENT_REQUEST;
use crate::target::{Registration, Role};
use crate::verdict::Level;

/// `as-refresh-noauth`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-refresh-noauth",
        name: "Refreshing for a confidential client without its credentials",
        story: story!("refresh_noauth.rs"),
        capabilities: &[Capability::A5],
        citation: "RFC 6749 section 6",
        steps: &[
            "A refresh token is issued to a confidential client.",
            "It is used with the client_id and without credentials, and with neither.",
        ],
        secure: "The requests are refused with `invalid_client`.",
        insecure: "The server hands out tokens.",
        defence: "A client that has credentials authenticates at every request.",
        level: Level::Must,
        levels: &[],
    },
    on: On::Client(Role::Confidential),
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    for names_client in [true, false] {
        let (tokens, _) = bench.tokens(client).await?;
        let refresh = tokens.refresh.ok_or_else(|| Inconclusive::new("the server issues no refresh token"))?;
        let request = bench.refresh(client, &refresh);
        let (request, what) = match names_client {
            true => (request.unauthenticated(), "a refresh without credentials"),
            false => (request.anonymous(), "a refresh by nobody in particular"),
        };
        let answer = request.send().await?;
        bench.judge(&answer, CLIENT_REQUEST, what);
    }
    Ok(())
}
