//! The ID token is signed, but by a key that the server never published, under the name of one that it did. A client
//! that does not verify the signature, or takes any key for it, believes whoever wrote the token.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::on_clients::lying_token;
use crate::stage::Stage;
use crate::verdict::Level;
use oauth_types::fault::{Edit, Signature};

/// `rp-idt-sig-wrong-key`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-idt-sig-wrong-key",
        name: "ID token signed by a stranger",
        story: story!("idt_sig_wrong_key.rs"),
        capabilities: &[Capability::A1],
        citation: "OpenID Connect Core section 3.1.3.7, RFC 7515 section 5.2",
        steps: &[
            "Let somebody log in at a server that lies in the token response.",
            "Give it an ID token with the signature of a key that is not published, under the kid of one that is.",
            "Give it another whose signature has one wrong bit.",
            "Watch whether the client logs somebody in or uses the access token that came along.",
        ],
        secure: "The client verifies the signature with the published key, and rejects the token.",
        insecure: "The client logs in whoever the token names.",
        defence: "The signature is verified with a key that the server publishes.",
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
        (Signature::UnpublishedKey, "an ID token signed by a key that is not published"),
        (Signature::Corrupted, "an ID token with one wrong bit in its signature"),
    ];
    for (with, what) in cases {
        lying_token::signature_must_be_rejected(stage, &idp, vec![Edit::sign(with)], what).await?;
    }
    Ok(())
}
