//! A confidential client, or somebody who strips its request, sends no challenge. Its secret keeps thieves from
//! redeeming the code, but a code that was slipped into another user's session is redeemed like any other, and every
//! downgrade of PKCE begins here.

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::VERIFIER;
use crate::profile::Profile;
use crate::target::{Registration, Role};
use crate::verdict::Level;

/// `as-pkce-challenge-missing-confidential`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-pkce-challenge-missing-confidential",
        name: "Confidential client without PKCE",
        story: story!("pkce_challenge_missing_confidential.rs"),
        capabilities: &[Capability::A1, Capability::A3],
        citation: "RFC 9700 section 2.1.1, OAuth 2.1 sections 4.1.1 and 7.5.1, FAPI 2.0 Security Profile section 5.3.2.2",
        steps: &[
            "Ask for a code as the confidential client, without a challenge, a method and a nonce.",
            "If a code comes, redeem it with the client's credentials and without a verifier.",
        ],
        secure: "The client is sent `invalid_request` and no code.",
        insecure: "A code comes that is bound to nothing but the client.",
        defence: "No client gets a code without a challenge.",
        level: Level::Info,
        levels: &[(Profile::Oauth21, Level::Must), (Profile::Fapi2, Level::Must), (Profile::Mcp, Level::Must)],
    },
    on: On::Client(Role::Confidential),
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    // OAuth 2.1 section 7.5.1 lets a nonce stand in for the challenge, so there is none either.
    let request = bench.authorization(client).without_pkce().without("nonce");
    let what = "a confidential client's request without a challenge";
    if let Some(grant) = request.must_be_refused(what).await? {
        request.was_granted(what, None);
        let answer = bench.redemption(client, &grant).without_verifier().send().await?;
        bench.judge_late(None, &answer, VERIFIER, "a confidential client's code that is bound to nothing");
    }
    Ok(())
}
