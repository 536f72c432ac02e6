//! The challenge is not 32 octets in base64url without padding. A strict server refuses it; a lenient one repairs it,
//! and then other texts are taken for the same challenge as well.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::challenge::malformation;
use crate::observe;
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-pkce-challenge-malformed`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-pkce-challenge-malformed",
        name: "Malformed challenge",
        story: story!("pkce_challenge_malformed.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 7636 section 4.2 and Appendix A",
        steps: &["The client begins a login.", "Length, alphabet and last character of its challenge are looked at."],
        secure: "The challenge is 43 characters of base64url that stand for 32 octets.",
        insecure: "The challenge is padded, in another alphabet, or of another length.",
        defence: "The challenge is 43 characters of base64url, without padding.",
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
    observe::look(stage, &logins, "the challenge is 43 characters of base64url", |login| {
        if login.asked("code_challenge_method") == "plain" {
            return Err(Inconclusive::new("the client asks for the method plain"));
        }
        Ok(malformation(login.challenge()?).map(|what| format!("the challenge is malformed: {what}")))
    })
}
