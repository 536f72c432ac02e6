//! The client sends no challenge, so nothing binds the code to the login it was asked for. Whoever reads the
//! authorization response redeems the code, and an attacker's code can be slipped into a user's login.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::observe;
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-pkce-missing`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-pkce-missing",
        name: "No challenge",
        story: story!("pkce_missing.rs"),
        capabilities: &[Capability::A3],
        citation: "RFC 9700 section 2.1.1, RFC 7636 section 4.3",
        steps: &[
            "The client begins a login at a server that insists on nothing.",
            "Its authorization request is searched for a challenge.",
        ],
        secure: "The authorization request carries a challenge.",
        insecure: "The authorization request carries none.",
        defence: "Every authorization request carries a challenge.",
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
    observe::look(stage, &logins, "every authorization request carries a challenge", |login| {
        let missing = login.asked.get("code_challenge").is_none();
        Ok(missing.then(|| "an authorization request carries no challenge".to_owned()))
    })
}
