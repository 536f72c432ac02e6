//! A client is registered for machines alone, so nobody ever looked at its redirect URIs or its secret as those of a
//! client that users log in at. The attacker starts a login for it all the same, and takes a code of another client to
//! the token endpoint with its credentials.

use oauth_types::ErrorCode;

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::target::{Registration, Role};
use crate::verdict::Level;

/// `as-code-grant-not-allowed`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-code-grant-not-allowed",
        name: "Codes for a client that may not use them",
        story: story!("code_grant_not_allowed.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 6749 sections 4.1.2.1 and 5.2",
        steps: &[
            "An authorization request is made for a client without the authorization code grant.",
            "The same client redeems a code of another client.",
        ],
        secure: "Both are refused with `unauthorized_client`; the second may be an `invalid_grant`.",
        insecure: "The client gets a code or tokens.",
        defence: "The grant types of a client are looked at in both places.",
        level: Level::Must,
        levels: &[],
    },
    on: On::Client(Role::WithoutCode),
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let authorization = bench.authorization(client).refused_with(&["unauthorized_client"]);
    let what = "a request of a client that may not use codes";
    if authorization.must_be_refused(what).await?.is_some() {
        authorization.was_granted(what, None);
        return Ok(());
    }
    let owner = bench.target().role(Role::Public).or(bench.target().role(Role::Confidential));
    let Some(owner) = owner else { return Ok(()) };
    let grant = bench.grant(owner).await?;
    let answer = bench.redemption(client, &grant).send().await?;
    bench.judge(&answer, FORBIDDEN, "a code from a client that may not use codes");
    Ok(())
}

/// The client may not use the grant, and the code is not its own.
const FORBIDDEN: &[ErrorCode] = &[ErrorCode::UnauthorizedClient, ErrorCode::InvalidGrant];
