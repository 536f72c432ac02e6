//! The client uses the same challenge again and again, often a constant of its source code. Whoever redeems one code,
//! or reads one token request, knows the verifier of all logins.

use std::collections::BTreeSet;

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::observe::{self, Login};
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-pkce-challenge-constant`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-pkce-challenge-constant",
        name: "One challenge for all logins",
        story: story!("pkce_challenge_constant.rs"),
        capabilities: &[Capability::A3],
        citation: "RFC 9700 section 2.1.1, RFC 7636 section 7.1",
        steps: &["The client logs in three times.", "Its challenges are compared."],
        secure: "All challenges differ.",
        insecure: "Two logins have the same challenge.",
        defence: "Every login has a challenge of its own.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: true,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = observe::lenient(stage).await?;
    let logins = observe::logins(stage, &idp, 3).await?;
    let challenges = logins.iter().map(Login::challenge).collect::<Result<BTreeSet<_>, _>>()?;
    observe::look(stage, &logins, "every login has a challenge of its own", |_| {
        Ok((challenges.len() < logins.len()).then(|| "two logins have the same challenge".to_owned()))
    })
}
