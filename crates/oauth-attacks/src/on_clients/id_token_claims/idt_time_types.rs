//! The times of the ID token are not numbers: a word, a truth value, a list, nothing, or a number that no computer can
//! hold. A client whose parser takes what it cannot read for absent checks no time at all.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::{Said, Visitor};
use crate::idp::Idp;
use crate::on_clients::forged_token::Right;
use crate::on_clients::{forged_token, lying_token};
use crate::stage::{Heard, Stage};
use crate::verdict::Level;
use oauth_types::fault::{Edit, Point};
use serde_json::{Value, json};

/// `rp-idt-time-types`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-idt-time-types",
        name: "Times of the wrong type",
        story: story!("idt_time_types.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 7519 sections 4.1.4 to 4.1.6, OpenID Connect Core section 3.1.3.7",
        steps: &[
            "Let somebody log in at a server that lies in the ID token.",
            "Put a word, true, a list, an object and null in the place of exp, of nbf and of iat.",
            "Sign tokens whose exp and nbf are ten to the four hundredth.",
            "Watch whether the client logs somebody in or uses the access token that came along.",
        ],
        secure: "The client rejects the token as malformed.",
        insecure: "The client takes a time that it cannot read for one that is not there.",
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
    forged_token::control(stage, &idp).await?;
    for name in understood.iter().copied().filter(|name| *name != "iat") {
        let beyond = |right: &Right<'_>| {
            let mut claims = right.claims.clone();
            claims.insert(name.to_owned(), "BEYOND".into());
            let claims = Value::from(claims).to_string().replace("\"BEYOND\"", "1e400");
            right.signed(&Value::from(right.header.clone()).to_string(), &claims)
        };
        let what = format!("an ID token whose {name} is a number too large for any computer");
        forged_token::must_be_rejected(stage, &idp, beyond, &what).await?;
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
