//! A client has registered that it wants nothing but tokens that are bound to its key. The attacker redeems its code
//! without a proof, and hopes for a bearer token.

use oauth_types::ErrorCode;

use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::bench::Bench;
use crate::target::{Registration, Role};
use crate::verdict::Level;

use super::shown::key_of;

/// `as-dpop-required-bypass`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-dpop-required-bypass",
        name: "Bearer tokens for a client that must use DPoP",
        story: story!("dpop_required_bypass.rs"),
        capabilities: &[Capability::A5],
        citation: "RFC 9449 sections 5 and 5.2",
        steps: &[
            "Redeem a code of a client that must use DPoP without a proof.",
            "Use its refresh token without one.",
        ],
        secure: "Both are refused with invalid_dpop_proof or invalid_request.",
        insecure: "A bearer token is issued.",
        defence: "A client that is registered for bound tokens gets no others.",
        level: Level::Must,
        levels: &[],
    },
    on: On::Client(Role::SenderConstrained),
    needs: &[Need::Metadata("dpop_signing_alg_values_supported")],
    run: |bench, client| Box::pin(run(bench, client)),
};

/// How a request without a proof may be refused.
const PROOFLESS: &[ErrorCode] = &[ErrorCode::InvalidDpopProof, ErrorCode::InvalidRequest];

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    key_of(client)?;
    let grant = bench.grant(client).await?;
    let answer = bench.redemption(client, &grant).proving(None).send().await?;
    bench.judge(&answer, PROOFLESS, "a code without a proof");
    let (tokens, _) = bench.tokens(client).await?;
    if let Some(refresh) = &tokens.refresh {
        let answer = bench.refresh(client, refresh).proving(None).send().await?;
        bench.judge(&answer, PROOFLESS, "a refresh token without a proof");
    }
    Ok(())
}
