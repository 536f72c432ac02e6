//! The times of the ID token are not numbers: a word, a truth value, a list, nothing. A client whose parser takes
//! what it cannot read for absent checks no time at all.

use oauth_types::fault::{Edit, Point};
use serde_json::{Value, json};

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::{Said, Visitor};
use crate::idp::Idp;
use crate::on_clients::lying_token;
use crate::stage::{Heard, Stage};
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
    // "Claims used that are not understood MUST be ignored" (OpenID Connect Core section 2), whatever their type.
    let understood = if heeds_beginnings(stage, &idp).await? { &["exp", "nbf", "iat"][..] } else { &["exp", "iat"] };
    for name in understood {
        for value in [json!("never"), json!(true), json!([]), json!({}), Value::Null] {
            let what = format!("an ID token whose {name} is {value}");
            lying_token::must_be_rejected(stage, &idp, vec![Edit::set(*name, value)], &what).await?;
        }
    }
    Ok(())
}

/// Whether the client looks at `nbf` at all: one that is far in the future keeps it from logging anybody in.
async fn heeds_beginnings(stage: &Stage, idp: &Idp) -> Result<bool, Inconclusive> {
    let _lie = idp.lie_at(Point::IdToken, Edit::set("nbf", idp.now() + DAY));
    Ok(!matches!(stage.aside().login(&Visitor::new(), idp).await?, Heard::Said(Said::Accepted { .. })))
}

/// Seconds of a day, which is more than any clock is off.
const DAY: u64 = 86_400;
