//! The state is a counter, a time or a short number. An attacker who guesses the next one makes a response for it, and
//! lets the victim open that.

use super::guessable::{SAMPLE, guessable};
use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::observe;
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-state-weak`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-state-weak",
        name: "State that can be guessed",
        story: story!("state_weak.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 6749 sections 10.10 and 10.12, RFC 9700 section 4.7.1",
        steps: &["The client begins 32 logins.", "Their states are compared with each other."],
        secure: "Every login has a state of its own, and nothing about it can be foretold.",
        insecure: "States repeat, or hardly differ from each other.",
        defence: "States are drawn from a generator that nobody can predict, 128 bits each at least.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: true,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = observe::lenient(stage).await?;
    let logins = observe::logins(stage, &idp, SAMPLE).await?;
    let states: Vec<_> = logins.iter().map(|login| login.asked("state")).collect();
    if states.contains(&"") {
        return Err(Inconclusive::new("the client does not send a state"));
    }
    observe::look(stage, &logins, "nothing can be seen that would help to guess states", |_| {
        Ok(guessable("state", &states))
    })
}
