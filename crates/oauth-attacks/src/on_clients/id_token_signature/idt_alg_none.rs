//! The header of the ID token says that it is not signed, in one spelling or another. A client that lets the token
//! choose how it is verified believes whatever it says.

use oauth_types::fault::{Edit, Signature};

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::on_clients::lying_token;
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-idt-alg-none`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-idt-alg-none",
        name: "ID token without a signature",
        story: story!("idt_alg_none.rs"),
        capabilities: &[Capability::A1],
        citation: "OpenID Connect Core section 3.1.3.7, RFC 8725 sections 2.1 and 3.1",
        steps: &[],
        secure: "",
        insecure: "",
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
    let none = vec![Edit::Sign { with: Signature::AlgNone }];
    lying_token::must_be_rejected(stage, &idp, none, "an ID token without a signature").await?;
    for spelling in ["None", "NONE", "nOnE"] {
        let name = Edit::JoseHeader { name: "alg".to_owned(), value: spelling.into() };
        let edits = vec![name, Edit::Sign { with: Signature::Stripped }];
        lying_token::must_be_rejected(stage, &idp, edits, "an ID token without a signature").await?;
    }
    Ok(())
}
