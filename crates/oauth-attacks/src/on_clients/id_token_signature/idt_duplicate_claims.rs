//! The ID token names two subjects or two audiences, one behind the other, under the same name. Where two parts of a
//! system read it, one may see the first and the other the last, and what the one has checked is not what the other
//! believes.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::Said;
use crate::on_clients::forged_token::{self, Right};
use crate::stage::{Heard, Stage};
use crate::verdict::Level;
use serde_json::Value;

/// `rp-idt-duplicate-claims`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-idt-duplicate-claims",
        name: "ID token that says something twice",
        story: story!("idt_duplicate_claims.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 7519 section 4, RFC 7515 section 4, RFC 8725 section 2.6",
        steps: &[
            "Let somebody log in at a server that lies in the token response.",
            "Sign ID tokens whose first sub, first aud or first iss is right and whose last one is not.",
            "Do the same with two alg in the header, of which the last is none.",
            "Watch whether the client logs somebody in or uses the access token that came along.",
        ],
        secure: "The client rejects the token, or reads the last of the two everywhere.",
        insecure: "The client believes the first of the two.",
        defence: "Tokens with repeated names are rejected, or read by a parser that keeps the last.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    forged_token::control(stage, &idp).await?;
    let two = |right: &Right<'_>| {
        right.signed(&Value::from(right.header.clone()).to_string(), &behind(&right.claims, "sub", "mallory"))
    };
    // A client that reads the last one may go on with it, and learns from UserInfo that it is wrong.
    match forged_token::hand_over(stage, &idp, two).await? {
        Some(Heard::Said(Said::Accepted { subject, .. })) if subject == "alice" => {
            stage.violated("the client accepted an ID token with two sub, of which the last is wrong")
        }
        Some(Heard::BrokeDown) | None => stage.violated("the client broke down at an ID token with two sub"),
        _ => stage.withstood("an ID token with two sub is not read by the first of them"),
    };
    for (name, last) in [("aud", "another-client"), ("iss", "https://attacker.example")] {
        let twice = |right: &Right<'_>| {
            right.signed(&Value::from(right.header.clone()).to_string(), &behind(&right.claims, name, last))
        };
        let what = format!("an ID token with two {name}, of which the last is wrong");
        forged_token::must_be_rejected(stage, &idp, twice, &what).await?;
    }
    let twice = |right: &Right<'_>| {
        right.signed(&behind(&right.header, "alg", "none"), &Value::from(right.claims.clone()).to_string())
    };
    forged_token::must_be_rejected(stage, &idp, twice, "an ID token with two alg, of which the last is none").await
}

/// These members and one more behind them.
fn behind(members: &serde_json::Map<String, Value>, name: &str, value: &str) -> String {
    let text = Value::from(members.clone()).to_string();
    format!("{},\"{name}\":\"{value}\"}}", text.trim_end_matches('}'))
}
