//! The client sends a challenge without its method, which means plain. A server that takes it so compares the
//! verifier with the hash and refuses the honest client, or accepts the challenge as the verifier.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::observe;
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-pkce-method-omitted`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-pkce-method-omitted",
        name: "No method",
        story: story!("pkce_method_omitted.rs"),
        capabilities: &[Capability::A4],
        citation: "RFC 7636 section 4.3",
        steps: &["The client begins a login.", "The method of its challenge is looked for."],
        secure: "The request names the method S256.",
        insecure: "The request carries a challenge and no method.",
        defence: "The method is named in every request.",
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
    observe::look(stage, &logins, "the method is named", |login| {
        login.challenge()?;
        let missing = login.asked.get("code_challenge_method").is_none();
        Ok(missing.then(|| "a challenge comes without its method, which means plain".to_owned()))
    })
}
