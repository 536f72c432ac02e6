//! The attacker asks for a code together with a token, in a response type of the hybrid flow, and leaves the challenge
//! out. A server that asks for one in the code flow alone issues a code that is bound to nothing, in a fragment that
//! scripts and histories keep.

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::VERIFIER;
use crate::target::{Registration, Role};
use crate::verdict::Level;

/// `as-pkce-hybrid-bypass`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-pkce-hybrid-bypass",
        name: "Hybrid flow without PKCE",
        story: story!("pkce_hybrid_bypass.rs"),
        capabilities: &[Capability::A1, Capability::A3],
        citation: "RFC 7636 section 4.4.1, RFC 9700 section 2.1.1",
        steps: &[
            "Ask for `code id_token`, `code token` and `code id_token token` without a challenge, as a client that has the hybrid flow and must use PKCE, or else as any other.",
            "If a code comes, redeem it without a verifier.",
        ],
        secure: "The client is sent `invalid_request`, or is told that it cannot have such a response.",
        insecure: "A code comes, and is redeemed without a verifier.",
        defence: "The requirement of a challenge holds for every response type that brings a code.",
        level: Level::Must,
        levels: &[],
    },
    on: On::OneClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let client = match bench.role(Role::Hybrid) {
        Err(_) => client,
        Ok(hybrid) => {
            // Its honest flow has to work, or what it is refused does not count.
            bench.tokens(hybrid).await?;
            hybrid
        }
    };
    for response_type in ["code id_token", "code token", "code id_token token"] {
        let request = bench.authorization(client).set("response_type", response_type).without_pkce();
        let request = request.refused_with(&["invalid_request", "unsupported_response_type", "unauthorized_client"]);
        let what = format!("a request for {response_type} without a challenge");
        let Some(grant) = request.must_be_refused(&what).await? else { continue };
        request.was_granted(&what, None);
        let answer = bench.redemption(client, &grant).without_verifier().send().await?;
        bench.judge_late(None, &answer, VERIFIER, &format!("a code of {what}"));
    }
    Ok(())
}
