//! The client proves possession of the same key at every server. A server of the attacker's can then give out a token
//! that was stolen at another one, and the client proves that it is its own.

use mock_idp::Entry;
use serde_json::Value;

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::Visitor;
use crate::idp::Idp;
use crate::observe;
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-dpop-key-shared`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-dpop-key-shared",
        name: "One key for all servers",
        story: story!("dpop_key_shared.rs"),
        capabilities: &[Capability::A1, Capability::A5],
        citation: "FAPI 2.0 Security Profile section 6",
        steps: &["The client logs in at two servers.", "The keys in its proofs are compared."],
        secure: "Each server sees another key.",
        insecure: "Both servers see the same key.",
        defence: "A key is used with one server only.",
        level: Level::Info,
        levels: &[],
    },
    only_looks: true,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let (first, second) = (stage.idp().await?, stage.another_idp().await?);
    for idp in [&first, &second] {
        observe::login(stage, idp, &Visitor::new()).await?.succeeded()?;
    }
    let (one, other) = (keys(&first), keys(&second));
    if one.is_empty() || other.is_empty() {
        return Err(Inconclusive::new("the client does not prove possession of a key"));
    }
    match one.iter().any(|key| other.contains(key)) {
        true => stage.violated("two servers see the same key"),
        false => stage.withstood("each server sees another key"),
    };
    Ok(())
}

/// The keys of the proofs that a server saw.
fn keys(idp: &Idp) -> Vec<Value> {
    let key = |entry: &Entry| {
        let proof = entry.headers.get("dpop")?.to_str().ok()?;
        observe::header(proof)?.remove("jwk")
    };
    idp.journal().iter().filter_map(key).collect()
}
