//! The token response breaks off, goes on behind its end, has two access tokens, a number that is none, or a hundred
//! thousand brackets. Readers of JSON do not agree on what that means. A client that makes the best of it uses another
//! token than the one that was looked at, or breaks down.

use super::written::{self, Answer};

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::dice::fresh;
use crate::stage::{Heard, Stage};
use crate::verdict::Level;

/// `rp-token-malformed`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-token-malformed",
        name: "Token response that is almost JSON",
        story: story!("token_malformed.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 8259 section 4, RFC 6749 section 5.1, RFC 8725 section 2.6",
        steps: &[
            "A login is begun and answered honestly.",
            "The token response has two members called `access_token`.",
            "The same with a response that breaks off, with one that goes on behind its end, with a second one behind it, with `NaN` for a number, and with a member a hundred thousand arrays deep.",
        ],
        secure: "The answer is refused, and none of its tokens is used.",
        insecure: "A request carries one of the tokens, or the client breaks down.",
        defence: "What is not one JSON object with distinct members is refused.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    written::control(stage, &idp).await?;
    let second = format!("canary-{}", fresh());
    stage.agent().keep_secret(&second);
    let attempts: [(&str, &(dyn Fn(String) -> String + Sync)); 5] = [
        ("two access tokens in one object", &|text| with(&text, &format!("\"access_token\":\"{second}\""))),
        ("a token response that breaks off", &|text| text[..text.len() - 1].to_owned()),
        ("a token response that goes on behind its end", &|text| text + "garbage"),
        ("a token response with a second one behind it", &|text| text + "{\"token_type\":\"Bearer\"}"),
        ("a token response with a number that is none", &|text| with(&text, "\"x\":NaN")),
    ];
    let mut known = false;
    for (what, change) in attempts {
        let write = |answer: Answer| {
            let text = change(answer.text());
            Answer { text: Some(text), ..answer }
        };
        written::must_be_rejected(stage, &idp, what, write).await?;
        if !known && idp.was_told(&second) {
            known = true;
            stage.violated(format!("the client uses the second one of {what}"));
        }
    }
    let deep = |answer: Answer| {
        let arrays = format!("\"x\":{}{}", "[".repeat(100_000), "]".repeat(100_000));
        let text = with(&answer.text(), &arrays);
        Answer { text: Some(text), ..answer }
    };
    // Whoever skips what they do not know never reads it, which is as good.
    match written::tried(stage, &idp, deep).await?.heard {
        Heard::BrokeDown => stage.violated("the client broke down at a token response with deep arrays"),
        _ => stage.withstood("a token response with deep arrays does no harm"),
    };
    Ok(())
}

/// An object with one more member at its end.
fn with(text: &str, member: &str) -> String {
    format!("{},{member}}}", text.strip_suffix('}').unwrap_or(text))
}
