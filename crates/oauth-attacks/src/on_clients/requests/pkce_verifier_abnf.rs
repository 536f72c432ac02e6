//! The verifier has other characters than a verifier may have, or is too short to withstand guessing, or too long for
//! a server to take.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::observe;
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-pkce-verifier-abnf`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-pkce-verifier-abnf",
        name: "Malformed verifier",
        story: story!("pkce_verifier_abnf.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 7636 section 4.1",
        steps: &["The client logs somebody in.", "The characters of its verifier are counted and looked at."],
        secure: "The verifier has 43 to 128 characters, all of them unreserved.",
        insecure: "The verifier is too short, too long, or has other characters.",
        defence: "The verifier has 43 to 128 unreserved characters.",
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
    observe::look(stage, &logins, "the verifier has 43 to 128 unreserved characters", |login| {
        let verifier = login.verifier()?;
        let unreserved = |octet: u8| octet.is_ascii_alphanumeric() || b"-._~".contains(&octet);
        Ok(if !(43..=128).contains(&verifier.len()) {
            Some(format!("the verifier has {} octets", verifier.len()))
        } else if !verifier.bytes().all(unreserved) {
            Some("the verifier has characters that are not unreserved".to_owned())
        } else {
            None
        })
    })
}
