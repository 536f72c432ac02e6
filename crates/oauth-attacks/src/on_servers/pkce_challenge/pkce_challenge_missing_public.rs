//! A public client, or somebody who strips its request, sends no challenge. Nothing binds the code to who asked for
//! it, and whoever reads the response redeems it.

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::VERIFIER;
use crate::target::{Registration, Role};
use crate::verdict::Level;

/// `as-pkce-challenge-missing-public`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-pkce-challenge-missing-public",
        name: "Public client without PKCE",
        story: story!("pkce_challenge_missing_public.rs"),
        capabilities: &[Capability::A1, Capability::A3],
        citation: "RFC 7636 section 4.4.1, RFC 9700 section 2.1.1",
        steps: &[
            "Ask for a code as the public client, without a challenge and a method.",
            "If a code comes, redeem it without a verifier.",
        ],
        secure: "The client is sent `invalid_request` and no code.",
        insecure: "A code comes that whoever reads the response can redeem.",
        defence: "A public client gets no code without a challenge.",
        level: Level::Must,
        levels: &[],
    },
    on: On::Client(Role::Public),
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let request = bench.authorization(client).without_pkce();
    let what = "a public client's request without a challenge";
    if let Some(grant) = request.must_be_refused(what).await? {
        request.was_granted(what, None);
        let answer = bench.redemption(client, &grant).without_verifier().send().await?;
        bench.judge_late(None, &answer, VERIFIER, "a public client's code that is bound to nothing");
    }
    Ok(())
}
