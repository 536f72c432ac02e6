//! The client asks for the method plain where the server offers S256 as well. The challenge is then the verifier
//! itself, and whoever reads the authorization request can redeem the code.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::observe;
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-pkce-plain`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-pkce-plain",
        name: "The method plain",
        story: story!("pkce_plain.rs"),
        capabilities: &[Capability::A4],
        citation: "RFC 7636 section 4.2, RFC 9700 section 2.1.1",
        steps: &["A server offers both methods.", "The client begins a login there."],
        secure: "The request names S256.",
        insecure: "The request names plain.",
        defence: "The client uses S256, whatever else the server offers.",
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
    observe::look(stage, &logins, "the client uses S256 although the server offers plain", |login| {
        login.challenge()?;
        let plain = login.asked("code_challenge_method") == "plain";
        Ok(plain.then(|| "the client asks for the method plain".to_owned()))
    })
}
