//! The access token is null, a number, a list, empty, or has a line break with another header in it; the time to live
//! is text, negative, or larger than any number. A client that takes what comes sends requests that nobody meant,
//! computes with what is no time, or keeps a token for ever.

use serde_json::{Value, json};

use super::written::{self, Answer};

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::idp::Idp;
use crate::stage::{Heard, Stage};
use crate::verdict::Level;

/// `rp-token-types`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-token-types",
        name: "Tokens and times of the wrong type",
        story: story!("token_types.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 6749 section 5.1 and appendix A.12, RFC 6750 section 2.1",
        steps: &[
            "A login is begun and answered honestly.",
            "The access token of the token response is null.",
            "The same with a number, a list, nothing, letters beyond ASCII, and a line break with another header.",
            "The same with a time to live that is text, negative, null, or too large.",
        ],
        secure: "Such tokens are not used, and such times do no harm.",
        insecure: "A request carries such a token, or the client breaks down.",
        defence: "A token is text that fits into a header, and a time to live a number within reason.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    let used = written::uses_tokens(stage, &idp).await;
    if used.is_ok() {
        access_tokens(stage, &idp).await?;
    }
    times(stage, &idp).await?;
    used
}

async fn access_tokens(stage: &Stage, idp: &Idp) -> Result<(), Inconclusive> {
    for (what, token) in [
        ("an access token that is null", Value::Null),
        ("an access token that is a number", json!(8_021_177_019_u64)),
        ("an access token that is a list", json!(["canary-8021177019"])),
        ("an access token that is empty", json!("")),
        ("an access token with letters beyond ASCII", json!("canary-\u{e9}\u{65e5}")),
        ("an access token with a line break", json!("canary\r\nx-canary: 8021177019")),
    ] {
        let before = idp.requests("/userinfo").len();
        let write = |mut answer: Answer| {
            answer.members.insert("access_token".to_owned(), token);
            answer
        };
        let tried = written::tried(stage, idp, write).await?;
        let asked = idp.requests("/userinfo").split_off(before);
        if asked.iter().any(|entry| entry.headers.contains_key("x-canary")) {
            stage.violated(format!("{what} writes a header of its own"));
        } else if !asked.is_empty() {
            stage.violated(format!("the client uses {what}"));
        }
        stage.must_reject(&tried.heard, what);
    }
    Ok(())
}

async fn times(stage: &Stage, idp: &Idp) -> Result<(), Inconclusive> {
    for (what, time) in [
        ("a time to live that is text", json!("3600")),
        ("a negative time to live", json!(-1)),
        ("a time to live that is null", Value::Null),
        ("a time to live that is a fraction", json!(1e308)),
        ("a time to live that overflows", json!(i64::MAX)),
    ] {
        let write = |mut answer: Answer| {
            answer.members.insert("expires_in".to_owned(), time);
            answer
        };
        match written::tried(stage, idp, write).await?.heard {
            Heard::BrokeDown => stage.violated(format!("the client broke down at {what}")),
            _ => stage.withstood(format!("{what} does no harm")),
        };
    }
    Ok(())
}
