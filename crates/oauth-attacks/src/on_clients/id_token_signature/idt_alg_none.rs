//! The header of the ID token says that it is not signed, in one spelling or another. A client that lets the token
//! choose how it is verified believes whatever it says.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::on_clients::lying_token;
use crate::stage::Stage;
use crate::verdict::Level;
use oauth_types::fault::{Edit, Signature};

/// `rp-idt-alg-none`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-idt-alg-none",
        name: "ID token without a signature",
        story: story!("idt_alg_none.rs"),
        capabilities: &[Capability::A1],
        citation: "OpenID Connect Core section 3.1.3.7, RFC 8725 sections 2.1 and 3.1",
        steps: &[
            "Let somebody log in at a server that lies in the token response.",
            "Give it an ID token whose alg is none and whose signature is empty, then the same with None, NONE and nOnE.",
            "Watch whether the client logs somebody in or uses the access token that came along.",
        ],
        secure: "The client rejects the token, since none is not the algorithm it expects.",
        insecure: "The client takes the header at its word and does not look for a signature.",
        defence: "The algorithm is fixed in advance, and it is not none.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    let none = vec![Edit::sign(Signature::AlgNone)];
    lying_token::signature_must_be_rejected(stage, &idp, none, "an ID token without a signature").await?;
    for spelling in ["None", "NONE", "nOnE"] {
        let edits = vec![Edit::jose_header("alg", spelling), Edit::sign(Signature::Stripped)];
        lying_token::signature_must_be_rejected(stage, &idp, edits, "an ID token without a signature").await?;
    }
    Ok(())
}
