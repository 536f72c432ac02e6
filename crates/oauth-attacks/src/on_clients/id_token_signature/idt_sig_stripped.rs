//! The ID token names an algorithm as it should, but the signature behind the last dot is gone, or the dot as well. A
//! client that verifies a signature only if there is one believes it.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::on_clients::{forged_token, lying_token};
use crate::stage::Stage;
use crate::verdict::Level;
use oauth_types::fault::{Edit, Signature};

/// `rp-idt-sig-stripped`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-idt-sig-stripped",
        name: "ID token with its signature cut off",
        story: story!("idt_sig_stripped.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 7515 section 5.2, OpenID Connect Core section 3.1.3.7",
        steps: &[
            "Let somebody log in at a server that lies in the token response.",
            "Give it an ID token with the right header and an empty signature, then one that ends with its payload.",
            "Watch whether the client logs somebody in or uses the access token that came along.",
        ],
        secure: "The client rejects the token: an empty signature is a wrong one.",
        insecure: "The client finds nothing to verify and goes on.",
        defence: "A token without a signature is as wrong as one with a wrong signature.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    let stripped = vec![Edit::sign(Signature::Stripped)];
    lying_token::signature_must_be_rejected(stage, &idp, stripped, "an ID token with an empty signature").await?;
    forged_token::control(stage, &idp).await?;
    let short = |right: &forged_token::Right<'_>| {
        let [header, payload, _] = right.parts();
        Ok(format!("{header}.{payload}"))
    };
    forged_token::signature_must_be_rejected(stage, &idp, short, "an ID token of two segments").await
}
