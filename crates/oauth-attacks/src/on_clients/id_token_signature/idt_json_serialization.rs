//! The ID token is not three segments but the same thing in JSON, or it has segments to spare. A client whose library
//! reads every form may verify one signature and believe what stands beside another.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::on_clients::forged_token::{self, Right};
use crate::stage::Stage;
use crate::verdict::Level;
use serde_json::{Value, json};

/// `rp-idt-json-serialization`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-idt-json-serialization",
        name: "ID token in JSON",
        story: story!("idt_json_serialization.rs"),
        capabilities: &[Capability::A1],
        citation: "OpenID Connect Core section 2, RFC 7515 sections 3.1 and 7.2",
        steps: &[
            "Let somebody log in at a server that lies in the token response.",
            "Give it the right ID token in the flattened and in the general serialization, as text and as an object.",
            "Give it the right ID token with one, and with three segments more.",
            "Watch whether the client logs somebody in or uses the access token that came along.",
        ],
        secure: "The client rejects everything but three segments.",
        insecure: "The client reads the other form, or overlooks what is too much.",
        defence: "An ID token has exactly three segments.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

/// Another form of a token.
type Form = fn(&Right<'_>) -> Value;

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    forged_token::control(stage, &idp).await?;
    let forms: [(Form, &str); 5] = [
        (|right| flattened(right).to_string().into(), "an ID token in flattened JSON"),
        (flattened, "an ID token that is an object"),
        (|right| general(right).to_string().into(), "an ID token in general JSON"),
        (|right| format!("{}.e30", right.text).into(), "an ID token with a fourth segment"),
        (|right| format!("{}.{}", right.text, right.text).into(), "an ID token with six segments"),
    ];
    for (form, what) in forms {
        forged_token::must_be_rejected(stage, &idp, |right: &Right<'_>| Ok(form(right)), what).await?;
    }
    Ok(())
}

/// RFC 7515 section 7.2.2.
fn flattened(right: &Right<'_>) -> Value {
    let [header, payload, signature] = right.parts();
    json!({ "protected": header, "payload": payload, "signature": signature })
}

/// RFC 7515 section 7.2.1.
fn general(right: &Right<'_>) -> Value {
    let [header, payload, signature] = right.parts();
    json!({ "payload": payload, "signatures": [{ "protected": header, "signature": signature }] })
}
