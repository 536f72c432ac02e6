//! The name of the key is a path, a piece of SQL, a million letters or no text at all. A client that looks a key up by
//! it in a file system or a database fetches a key that the attacker knows, or falls over.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::on_clients::forged_token::{self, Right};
use crate::stage::Stage;
use crate::verdict::Level;
use serde_json::{Value, json};

/// `rp-idt-kid-injection`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-idt-kid-injection",
        name: "ID token whose key name does more than name",
        story: story!("idt_kid_injection.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 8725 section 3.10, RFC 7515 section 4.1.4, OpenID Connect Core section 3.1.3.7",
        steps: &[
            "Let somebody log in at a server that lies in the token response.",
            "Key ID tokens by HS256 with what a careless lookup of their kid would find: nothing for the path of the null device, a known text for a piece of SQL.",
            "Give it ID tokens whose kid has a NUL in it, is a megabyte long, a list, or an object.",
            "Watch whether the client logs somebody in or uses the access token that came along.",
        ],
        secure: "The client compares the name with those in the key set, and rejects the token.",
        insecure: "The client looks somewhere else for the key, and finds one that the attacker chose.",
        defence: "A kid is compared with those of the key set, and is used for nothing else.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

/// The key that the piece of SQL selects.
const SELECTED: &str = "a-key-that-was-selected-by-the-attacker";

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    forged_token::control(stage, &idp).await?;
    let keyed = [
        // A key of zeros is the same to HMAC as an empty one (RFC 2104 section 2).
        ("../../../../../../dev/null".to_owned(), "\0".repeat(32), "an ID token whose kid is a path"),
        (format!("x' UNION SELECT '{SELECTED}"), SELECTED.to_owned(), "an ID token whose kid is a piece of SQL"),
    ];
    for (kid, secret, what) in keyed {
        let written = |right: &Right<'_>| right.jwt().header("kid", kid.as_str()).keyed_with(&secret);
        forged_token::signature_must_be_rejected(stage, &idp, written, what).await?;
    }
    let odd: [(Value, &str); 4] = [
        (json!("a\0b"), "an ID token with a NUL in its kid"),
        (json!("k".repeat(1 << 20)), "an ID token with a kid of a megabyte"),
        (json!(["a", "b"]), "an ID token whose kid is a list"),
        (json!({"$ne": null}), "an ID token whose kid is an object"),
    ];
    for (kid, what) in odd {
        let written = |right: &Right<'_>| {
            let mut header = right.header.clone();
            header.insert("kid".to_owned(), kid.clone());
            right.signed(&Value::from(header).to_string(), &Value::from(right.claims.clone()).to_string())
        };
        forged_token::signature_must_be_rejected(stage, &idp, written, what).await?;
    }
    Ok(())
}
