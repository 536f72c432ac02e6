//! The state comes back in other letters, a character shorter or longer, or with a space behind it. A client that does
//! not compare it exactly takes guesses for the state it has sent.

use super::altered;

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-state-case-prefix`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-state-case-prefix",
        name: "Response with a similar state",
        story: story!("state_case_prefix.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 6749 sections 4.1.2 and 10.12",
        steps: &[
            "A login is begun and answered honestly.",
            "The response reaches the client with a state whose letters have changed case.",
            "The same in logins of their own with a character less, a character more, and a space behind.",
        ],
        secure: "Each response is rejected, and no token request is sent.",
        insecure: "The code of one of them is redeemed.",
        defence: "The state of the response is compared exactly.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    let attempts: [(&str, altered::Rewrite); 4] = [
        ("a response whose state has other letters", swapped),
        ("a response whose state is shorter", |state| {
            state.chars().take(state.chars().count().saturating_sub(1)).collect()
        }),
        ("a response whose state is longer", |state| format!("{state}A")),
        ("a response whose state has a space behind it", |state| format!("{state} ")),
    ];
    for (what, change) in attempts {
        let (visitor, address) = altered::answered(stage, &idp).await?;
        let state = change(address.get("state"));
        // A state without letters has no other case.
        if state != address.get("state") {
            altered::must_be_rejected(stage, &idp, &visitor, &address.set("state", state), what).await?;
        }
    }
    Ok(())
}

/// The same text, small letters for capitals and capitals for small letters.
fn swapped(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() })
        .collect()
}
