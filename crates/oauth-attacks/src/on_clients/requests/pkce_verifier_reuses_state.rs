//! The client draws one random text and uses it as state, or nonce, and as verifier. These travel through the browser
//! in both directions, and whoever reads them has the verifier.

use sha2::{Digest as _, Sha256};

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::challenge::s256;
use crate::observe;
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-pkce-verifier-reuses-state`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-pkce-verifier-reuses-state",
        name: "The verifier is the state",
        story: story!("pkce_verifier_reuses_state.rs"),
        capabilities: &[Capability::A3, Capability::A4],
        citation: "RFC 7636 section 7.1",
        steps: &[
            "The client logs somebody in.",
            "Its verifier is compared with state and nonce, and with their hashes.",
        ],
        secure: "The verifier cannot be made of the others.",
        insecure: "The verifier is the state or the nonce, a part of it, or its hash.",
        defence: "The verifier is drawn apart from state and nonce.",
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
    observe::look(stage, &logins, "the verifier has nothing to do with state and nonce", |login| {
        let verifier = login.verifier()?;
        for name in ["state", "nonce"] {
            let value = login.asked(name);
            let contained = value.len() >= SHORTEST && (verifier.contains(value) || value.contains(verifier));
            let hashed = verifier == s256(value) || verifier == hex(&Sha256::digest(value));
            if contained || (hashed && !value.is_empty()) {
                return Ok(Some(format!("the verifier can be read off the {name}")));
            }
        }
        Ok(None)
    })
}

/// Shorter values occur in a verifier by chance.
const SHORTEST: usize = 8;

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}
