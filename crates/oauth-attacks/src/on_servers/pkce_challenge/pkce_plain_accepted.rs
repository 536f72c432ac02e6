//! The client, or somebody who changes its requests, asks for the method plain. The challenge is then the verifier
//! itself, and whoever reads the authorization request can redeem the code. It counts as a warning only where the
//! server's metadata offers plain, and FAPI does not forbid it.

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::VERIFIER;
use crate::profile::Profile;
use crate::target::Registration;
use crate::verdict::Level;

/// `as-pkce-plain-accepted`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-pkce-plain-accepted",
        name: "The method plain",
        story: story!("pkce_plain_accepted.rs"),
        capabilities: &[Capability::A4],
        citation: "RFC 7636 sections 4.2 and 7.2, RFC 9700 section 2.1.1, FAPI 2.0 Security Profile section 5.3.2.2",
        steps: &[
            "Ask for a code with the method plain and a verifier as the challenge.",
            "If a code comes, redeem it with that verifier.",
        ],
        secure: "The request is refused with `invalid_request`.",
        insecure: "The code is redeemed by whoever has read the request.",
        defence: "The method plain is refused at the authorization endpoint.",
        level: Level::Must,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let offered = !bench.target().claims_s256_only() && bench.profile() != Profile::Fapi2;
    let level = if offered { Level::Should } else { Level::Must };
    let request = bench.authorization(client);
    let verifier = request.current_verifier().expose().to_owned();
    let request = request.set("code_challenge", verifier).set("code_challenge_method", "plain");
    if let Some(grant) = request.must_be_refused("a request with the method plain").await? {
        let answer = bench.redemption(client, &grant).send().await?;
        bench.judge_late(level, &answer, VERIFIER, "a code bound by the method plain");
    }
    Ok(())
}
