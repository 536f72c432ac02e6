//! The attacker has a code, a refresh token or an access token of a confidential client, and says that client's name
//! without proving it. Whoever asks nothing more of a confidential client treats it as a public one, at the token
//! endpoint or at one of the others where clients authenticate.

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::CLIENT;
use crate::target::{Registration, Role};
use crate::verdict::Level;

/// `as-clientauth-missing`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-clientauth-missing",
        name: "Confidential client without credentials",
        story: story!("clientauth_missing.rs"),
        capabilities: &[Capability::A3],
        citation: "RFC 6749 sections 3.2.1 and 6, RFC 9126 section 2.1, RFC 7009 section 2.1, RFC 7662 section 2.1",
        steps: &[
            "Redeem a code of the confidential client with its client_id and nothing else.",
            "Use its refresh token in the same way.",
            "Push a request, introspect a token and revoke one in the same way, where the server can.",
        ],
        secure: "Every endpoint refuses with invalid_client, and the tokens are what they were.",
        insecure: "One of the endpoints does what it was asked for.",
        defence: "A client that has credentials must show them at every endpoint.",
        level: Level::Must,
        levels: &[],
    },
    on: On::Client(Role::Confidential),
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let grant = bench.grant(client).await?;
    let answer = bench.redemption(client, &grant).unauthenticated().send().await?;
    bench.judge(&answer, CLIENT, "a code without the credentials of its client");

    let (tokens, _) = bench.tokens(client).await?;
    if let Some(refresh) = &tokens.refresh {
        let answer = bench.refresh(client, refresh).unauthenticated().send().await?;
        bench.judge(&answer, CLIENT, "a refresh token without the credentials of its client");
    }
    let has = |member| bench.target().endpoint(member).is_some();
    if has("pushed_authorization_request_endpoint") {
        let answer = bench.authorization(client).push().unauthenticated().send().await?;
        bench.judge_closed(&answer, CLIENT, "a pushed request without credentials");
    }
    if has("introspection_endpoint") {
        let answer = bench.introspection(client, &tokens.access).unauthenticated().send().await?;
        bench.judge_closed(&answer, CLIENT, "introspection without credentials");
    }
    if has("revocation_endpoint") {
        let answer = bench.revocation(client, &tokens.access).unauthenticated().send().await?;
        bench.judge_closed(&answer, CLIENT, "a revocation without credentials");
    }
    Ok(())
}
