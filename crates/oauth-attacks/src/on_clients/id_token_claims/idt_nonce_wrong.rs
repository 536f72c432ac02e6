//! The ID token has a nonce, but not the one that the client sent. It belongs to another login, and a client that takes
//! it lets somebody in with a code that was stolen there.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::challenge::swap_case;
use crate::on_clients::forged_token::Right;
use crate::on_clients::{forged_token, lying_token};
use crate::stage::Stage;
use crate::verdict::Level;
use oauth_types::fault::Edit;
use serde_json::{Value, json};

/// `rp-idt-nonce-wrong`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-idt-nonce-wrong",
        name: "ID token of another nonce",
        story: story!("idt_nonce_wrong.rs"),
        capabilities: &[Capability::A3],
        citation: "OpenID Connect Core section 3.1.3.7, RFC 9700 section 4.5.3.2",
        steps: &[
            "Let somebody log in at a server that lies in the ID token.",
            "Put another nonce in, the right one in another case, a part of it, more than it, and a list with it.",
            "Watch whether the client logs somebody in or uses the access token that came along.",
        ],
        secure: "The client rejects every nonce but its own, and uses none of the tokens.",
        insecure: "The client does not compare the nonce, or not all of it.",
        defence: "The nonce is the one of this login, character by character.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

/// What is done to a nonce.
type Change = fn(&str) -> Value;

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    let other = vec![Edit::set("nonce", "the-nonce-of-somebody-else")];
    lying_token::must_be_rejected(stage, &idp, other, "an ID token of another nonce").await?;
    forged_token::control(stage, &idp).await?;
    let near: [(Change, &str); 4] = [
        (|nonce| swap_case(nonce).into(), "an ID token whose nonce is in another case"),
        (|nonce| nonce[..nonce.len() - 1].into(), "an ID token with the beginning of the nonce"),
        (|nonce| format!("{nonce}x").into(), "an ID token with more than the nonce"),
        (|nonce| json!([nonce]), "an ID token with a list of the nonce"),
    ];
    for (change, what) in near {
        let changed = |right: &Right<'_>| {
            let nonce = right.claims.get("nonce").and_then(Value::as_str).filter(|nonce| nonce.len() > 1);
            let nonce = change(nonce.ok_or_else(|| Inconclusive::new("the client does not send a nonce"))?);
            let mut claims = right.claims.clone();
            claims.insert("nonce".to_owned(), nonce);
            right.signed(&Value::from(right.header.clone()).to_string(), &Value::from(claims).to_string())
        };
        forged_token::must_be_rejected(stage, &idp, changed, what).await?;
    }
    Ok(())
}
