//! The ID token has no nonce although the client sent one, or an empty one, or null. A client that compares the nonce
//! only if there is one accepts the ID token of another login.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::on_clients::lying_token;
use crate::stage::Stage;
use crate::verdict::Level;
use oauth_types::fault::Edit;
use serde_json::Value;

/// `rp-idt-nonce-missing`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-idt-nonce-missing",
        name: "ID token without a nonce",
        story: story!("idt_nonce_missing.rs"),
        capabilities: &[Capability::A3],
        citation: "OpenID Connect Core section 3.1.3.7",
        steps: &[
            "Let somebody log in at a server that lies in the ID token.",
            "Leave the nonce out, leave it empty, and let it be null.",
            "Watch whether the client logs somebody in or uses the access token that came along.",
        ],
        secure: "The client sent a nonce and rejects a token without it.",
        insecure: "The client compares the nonce only where there is one.",
        defence: "An ID token without the nonce that was sent is rejected.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    let cases = [
        (Edit::remove("nonce"), "an ID token without a nonce"),
        (Edit::set("nonce", ""), "an ID token with an empty nonce"),
        (Edit::set("nonce", Value::Null), "an ID token with the nonce null"),
    ];
    for (edit, what) in cases {
        lying_token::must_be_rejected(stage, &idp, vec![edit], what).await?;
    }
    Ok(())
}
