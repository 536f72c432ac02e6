//! The verifier is not the one whose hash was sent: it was hashed in another form, or it belongs to another login.
//! Only a server that does not compare the two lets such a client in.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::challenge::{mistake, s256};
use crate::observe;
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-pkce-verifier-mismatch`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-pkce-verifier-mismatch",
        name: "Verifier of another challenge",
        story: story!("pkce_verifier_mismatch.rs"),
        capabilities: &[Capability::A3],
        citation: "RFC 7636 sections 4.2 and 4.6",
        steps: &[
            "The client logs somebody in.",
            "The verifier of its token request is hashed and compared with the challenge.",
        ],
        secure: "Both are the same, character by character.",
        insecure: "The challenge is the hash of something else.",
        defence: "The challenge is the hash of exactly the verifier that is sent.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: true,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = observe::lenient(stage).await?;
    let logins = observe::logins(stage, &idp, 1).await?;
    observe::look(stage, &logins, "the challenge is the hash of the verifier", |login| {
        let (challenge, verifier) = (login.challenge()?, login.verifier()?);
        let plain = login.asked("code_challenge_method") != "S256" && challenge == verifier;
        let wrong = challenge != s256(verifier) && !plain;
        Ok(wrong.then(|| format!("the challenge is not the hash of the verifier: {}", mistake(verifier, challenge))))
    })
}
