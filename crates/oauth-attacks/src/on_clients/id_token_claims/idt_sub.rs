//! The ID token says nothing about whom it is, or says it in a way that two programs read differently: as a number,
//! with an end in the middle, longer than any name. A client that makes something of it logs somebody in as nobody, or
//! as somebody else.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::Said;
use crate::idp::Idp;
use crate::on_clients::lying_token;
use crate::stage::{Heard, Stage};
use crate::verdict::Level;
use oauth_types::fault::{Edit, Point};
use serde_json::{Value, json};

/// `rp-idt-sub`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-idt-sub",
        name: "ID token about nobody",
        story: story!("idt_sub.rs"),
        capabilities: &[Capability::A1],
        citation: "OpenID Connect Core section 2, RFC 7519 section 4.1.2",
        steps: &[
            "Let somebody log in at a server that lies in the ID token.",
            "Let UserInfo say the same.",
            "Leave sub out, leave it empty, make it a number, longer than 255 letters, and put a NUL into it.",
            "Put a space before it, or a letter that only looks the same, and see what name the client makes of it.",
            "Watch whether the client logs somebody in or uses the access token that came along.",
        ],
        secure: "The client rejects what is no subject, and takes every other one exactly as it is.",
        insecure: "The client accepts a login of nobody, or makes two subjects one.",
        defence: "A subject is a text of 1 to 255 characters, and is compared as it is.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    let wrong = [
        (Value::Null, "an ID token with the subject null"),
        (json!(""), "an ID token with an empty subject"),
        (json!(4711), "an ID token whose subject is a number"),
        (json!({ "id": "alice" }), "an ID token whose subject is an object"),
    ];
    for (subject, what) in wrong {
        stage.must_reject(&heard(stage, &idp, Edit::set("sub", subject)).await?, what);
    }
    // No server may give these out, but a client that takes them as they are does not mistake anybody.
    let odd = [
        (json!("a".repeat(256)), "an ID token whose subject is too long"),
        (json!("alice\u{0}@example"), "an ID token with a NUL in its subject"),
    ];
    for (subject, what) in odd {
        stage.must_reject_at(Level::Should, &heard(stage, &idp, Edit::set("sub", subject)).await?, what);
    }
    stage.must_reject(&heard(stage, &idp, Edit::remove("sub")).await?, "an ID token without a subject");
    for subject in [" alice", "alice ", "Alice", "\u{430}lice", "alice\u{200b}"] {
        match heard(stage, &idp, Edit::set("sub", subject)).await? {
            Heard::Said(Said::Accepted { subject: own, .. }) if own != subject => {
                stage.violated("the client made another subject of one that only looks like it")
            }
            Heard::BrokeDown => stage.violated("the client broke down at a subject that looks like another"),
            _ => stage.withstood("subjects that look alike stay apart"),
        };
    }
    Ok(())
}

/// What a client makes of an ID token that is changed like this, where UserInfo says the same.
async fn heard(stage: &Stage, idp: &Idp, edit: Edit) -> Result<Heard, Inconclusive> {
    let _agrees = idp.lie_at(Point::Userinfo, edit.clone());
    lying_token::hear(stage, idp, vec![edit]).await
}
