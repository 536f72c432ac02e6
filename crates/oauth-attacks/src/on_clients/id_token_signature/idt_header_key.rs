//! The header of the ID token carries the key that it is to be verified with, or a certificate. A client that uses it
//! has the attacker vouch for the attacker.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::on_clients::forged_token::Right;
use crate::on_clients::{forged_token, lying_token, stranger};
use crate::stage::Stage;
use crate::verdict::Level;
use oauth_types::fault::{Edit, Signature};
use serde_json::json;

/// `rp-idt-header-key`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-idt-header-key",
        name: "ID token that brings its own key",
        story: story!("idt_header_key.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 8725 section 3.10, RFC 7515 sections 4.1.3 and 4.1.6, OpenID Connect Core section 3.1.3.7",
        steps: &[
            "Let somebody log in at a server that lies in the token response.",
            "Sign the ID token with a key of the attacker's, and put that key into the header as jwk.",
            "Do the same with a certificate of that key as x5c.",
            "Watch whether the client logs somebody in or uses the access token that came along.",
        ],
        secure: "The client takes keys from the server's key set only, and rejects the token.",
        insecure: "The client verifies the token with the key it came with.",
        defence: "Keys come from the key set of the server, never from a token.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    let embedded = vec![Edit::sign(Signature::EmbeddedKey)];
    lying_token::signature_must_be_rejected(stage, &idp, embedded, "an ID token with its own key in the header")
        .await?;
    forged_token::control(stage, &idp).await?;
    let key = stranger::key()?;
    let nameless = |right: &Right<'_>| {
        right.by(&key).without_header("kid").nameless().header("jwk", key.bare_jwk()).signed_by(&key)
    };
    forged_token::signature_must_be_rejected(stage, &idp, nameless, "an ID token with its own key and no kid")
        .await?;
    let certified = |right: &Right<'_>| right.jwt().header("x5c", json!([stranger::certificate()])).signed_by(&key);
    forged_token::signature_must_be_rejected(
        stage,
        &idp,
        certified,
        "an ID token with its own certificate in the header",
    )
    .await
}
