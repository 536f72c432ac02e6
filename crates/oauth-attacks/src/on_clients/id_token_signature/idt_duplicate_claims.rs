//! The ID token names two subjects or two audiences, one behind the other, under the same name. Where two parts of a
//! system read it, one may see the first and the other the last, and what the one has checked is not what the other
//! believes.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::Said;
use crate::idp::Idp;
use crate::judge::Finding;
use crate::on_clients::forged_token::{self, Right};
use crate::stage::{Heard, Stage};
use crate::verdict::{Level, Verdict};
use serde_json::{Map, Value};

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
            "Leave out what the client takes as well when it says nothing but what is wrong.",
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
    for (name, wrong) in [("aud", "another-client"), ("iss", "https://attacker.example")] {
        let plainly = |right: &Right<'_>| {
            let claims = with(&right.claims, name, wrong);
            right.signed(&Value::from(right.header.clone()).to_string(), &claims.to_string())
        };
        let twice = |right: &Right<'_>| {
            right.signed(&Value::from(right.header.clone()).to_string(), &behind(&right.claims, name, wrong))
        };
        let what = format!("an ID token with two {name}, of which the last is wrong");
        unless_taken(stage, &idp, (plainly, name), (twice, &what)).await?;
    }
    let plainly = |right: &Right<'_>| {
        let header = with(&right.header, "alg", "none");
        right.signed(&header.to_string(), &Value::from(right.claims.clone()).to_string())
    };
    let twice = |right: &Right<'_>| {
        right.signed(&behind(&right.header, "alg", "none"), &Value::from(right.claims.clone()).to_string())
    };
    let what = "an ID token with two alg, of which the last is none";
    unless_taken(stage, &idp, (plainly, "alg"), (twice, what)).await
}

/// An ID token that says something twice must be rejected. Where one that says only the wrong of the two is taken as well,
/// nobody has read the first in place of the last.
async fn unless_taken(
    stage: &Stage,
    idp: &Idp,
    (plainly, name): (impl FnOnce(&Right<'_>) -> Result<String, Inconclusive>, &str),
    (twice, what): (impl FnOnce(&Right<'_>) -> Result<String, Inconclusive>, &str),
) -> Result<(), Inconclusive> {
    match forged_token::hand_over(&stage.aside(), idp, plainly).await? {
        Some(Heard::Said(Said::Accepted { .. })) => {
            let because = format!("the client does not look at {name}, so that two of it show nothing");
            stage.found(Finding::new(Verdict::Inconclusive, because));
            Ok(())
        }
        _ => forged_token::must_be_rejected(stage, idp, twice, what).await,
    }
}

/// These members, of which one is changed.
fn with(members: &Map<String, Value>, name: &str, value: &str) -> Value {
    let mut members = members.clone();
    members.insert(name.to_owned(), value.into());
    members.into()
}

/// These members and one more behind them.
fn behind(members: &Map<String, Value>, name: &str, value: &str) -> String {
    let text = Value::from(members.clone()).to_string();
    format!("{},\"{name}\":\"{value}\"}}", text.trim_end_matches('}'))
}
