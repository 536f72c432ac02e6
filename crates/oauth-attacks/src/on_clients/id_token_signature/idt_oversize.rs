//! The ID token is as large as a film, or its claims are nested a hundred thousand deep. A client that takes it in
//! before it asks how large it is can be brought down by anybody who may log in.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::on_clients::forged_token::{self, Right};
use crate::stage::Stage;
use crate::verdict::Level;
use serde_json::Value;

/// `rp-idt-oversize`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-idt-oversize",
        name: "ID token without measure",
        story: story!("idt_oversize.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 7519 section 11, RFC 8725 section 3.11, RFC 8259 section 9",
        steps: &[
            "Let somebody log in at a server that lies in the token response.",
            "Sign an ID token with four megabytes of claims besides the right ones.",
            "Sign another with four megabytes in its header, and one that is nested a hundred thousand deep.",
            "Watch whether the client rejects them, and whether it does so in time.",
        ],
        secure: "The client has a limit, and rejects what is beyond it.",
        insecure: "The client reads all of it, or breaks down.",
        defence: "Tokens have a greatest size and a greatest depth.",
        level: Level::Should,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

/// How much there is too much, in octets.
const FILLER: usize = 4 << 20;

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    forged_token::control(stage, &idp).await?;
    let large = |right: &Right<'_>| {
        right.signed(&with(&right.header, ""), &with(&right.claims, &format!("\"{}\"", "x".repeat(FILLER))))
    };
    forged_token::must_be_rejected(stage, &idp, large, "an ID token of more than four megabytes").await?;
    let large = |right: &Right<'_>| {
        right.signed(&with(&right.header, &format!("\"{}\"", "x".repeat(FILLER))), &with(&right.claims, ""))
    };
    forged_token::must_be_rejected(stage, &idp, large, "an ID token with a header of four megabytes").await?;
    let deep = |right: &Right<'_>| {
        let nested = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        right.signed(&with(&right.header, ""), &with(&right.claims, &nested))
    };
    forged_token::must_be_rejected(stage, &idp, deep, "an ID token that is nested a hundred thousand deep").await
}

/// These members, and this piece of JSON besides if there is any.
fn with(members: &serde_json::Map<String, Value>, more: &str) -> String {
    let text = Value::from(members.clone()).to_string();
    match more {
        "" => text,
        more => format!("{},\"more\":{more}}}", text.trim_end_matches('}')),
    }
}
