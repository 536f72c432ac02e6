//! The client sends a challenge but redeems the code without its verifier. Against a careless server the login works,
//! and nobody notices that nothing is protected.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::observe;
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-pkce-verifier-missing`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-pkce-verifier-missing",
        name: "Challenge without verifier",
        story: story!("pkce_verifier_missing.rs"),
        capabilities: &[Capability::A3],
        citation: "RFC 7636 section 4.5",
        steps: &["The client begins a login with a challenge.", "Its token request is searched for the verifier."],
        secure: "The token request carries the verifier.",
        insecure: "The token request carries no verifier.",
        defence: "Every token request carries the verifier of its login.",
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
    observe::look(stage, &logins, "every token request carries a verifier", |login| {
        login.challenge()?;
        let missing = login.token()?.params.get("code_verifier").is_none();
        Ok(missing.then(|| "a token request carries no verifier".to_owned()))
    })
}
