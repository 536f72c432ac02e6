//! A malicious client authenticates as itself and names another client in the body, whose code it has got hold of. A
//! server that checks the credentials of the one and hands out the tokens of the other lets every client be any.

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::target::{ClientAuth, Registration, Role};
use crate::verdict::Level;

use super::asserted::{honest, key_of, with_assertion};
use super::secrets::stranger;
use oauth_types::ErrorCode;

/// `as-clientauth-id-mismatch`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-clientauth-id-mismatch",
        name: "One client authenticates, another is named",
        story: story!("clientauth_id_mismatch.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 6749 section 3.2.1, RFC 7521 section 4.2",
        steps: &[
            "Obtain a code of the confidential client, with its verifier.",
            "Redeem it with the credentials of another client, and the client_id of the first one in the body.",
        ],
        secure: "The request is refused.",
        insecure: "The tokens of the first client come out.",
        defence: "The client_id in the body has to be that of the credentials.",
        level: Level::Must,
        levels: &[],
    },
    on: On::Client(Role::Confidential),
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let stranger = stranger(bench, client)?;
    let grant = bench.grant(client).await?;
    let request = bench.redemption(client, &grant);
    let request = match &stranger.auth {
        ClientAuth::Basic(secret) | ClientAuth::Post(secret) => {
            // The header names the stranger, so it is put together by hand.
            let header = crate::redemption::basic(&stranger.client_id, secret);
            request.unauthenticated().header("authorization", header)
        }
        _ => {
            let assertion = honest(bench, stranger).signed_by(key_of(stranger)?)?;
            with_assertion(request, &client.client_id, &assertion)
        }
    };
    let allowed = &[ErrorCode::InvalidRequest, ErrorCode::InvalidClient, ErrorCode::InvalidGrant];
    bench.judge(&request.send().await?, allowed, "a code with the credentials of another client");
    Ok(())
}
