//! The ID token is authenticated with HS256, and the secret is the text of the server's public key, which everybody
//! knows. A client that lets the token choose the algorithm verifies it with that very text.

use oauth_types::fault::{Edit, Signature};

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::on_clients::lying_token;
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-idt-hs256-pubkey`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-idt-hs256-pubkey",
        name: "ID token signed with the public key",
        story: story!("idt_hs256_pubkey.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 8725 sections 2.1 and 3.1",
        steps: &[],
        secure: "",
        insecure: "",
        defence: "The algorithm is fixed in advance, and a key is used with its own algorithm only.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    let edits = vec![Edit::Sign { with: Signature::Hs256PublicKey }];
    lying_token::must_be_rejected(stage, &idp, edits, "an ID token keyed with the public key").await
}
