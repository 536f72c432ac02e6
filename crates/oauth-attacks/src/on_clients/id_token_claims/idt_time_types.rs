//! The times of the ID token are not numbers: a word, a truth value, a list, nothing. A client whose parser takes
//! what it cannot read for absent checks no time at all.

use oauth_types::fault::Edit;
use serde_json::{Value, json};

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::on_clients::lying_token;
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-idt-time-types`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-idt-time-types",
        name: "Times of the wrong type",
        story: story!("idt_time_types.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 7519 sections 4.1.4 to 4.1.6, OpenID Connect Core section 3.1.3.7",
        steps: &[],
        secure: "",
        insecure: "",
        defence: "A time that is no number makes the ID token malformed.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    for name in ["exp", "nbf", "iat"] {
        for value in [json!("never"), json!(true), json!([]), json!({}), Value::Null] {
            let what = format!("an ID token whose {name} is {value}");
            lying_token::must_be_rejected(stage, &idp, vec![Edit::set(name, value)], &what).await?;
        }
    }
    Ok(())
}
