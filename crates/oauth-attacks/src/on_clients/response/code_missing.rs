//! The response has the right state, but neither a code nor an error. A client that does not expect that breaks down,
//! or sends its verifier along with no code at all, or with the word that its language has for nothing.

use super::altered;

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-code-missing`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-code-missing",
        name: "Response with nothing in it",
        story: story!("code_missing.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 6749 sections 4.1.2 and 4.1.2.1",
        steps: &[
            "A login is begun and answered honestly.",
            "The response reaches the client without its code.",
            "The same with `code=`.",
        ],
        secure: "The response is rejected, and no token request is sent.",
        insecure: "A token request is sent without a code, or the client breaks down.",
        defence: "Without a code there is no token request.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    let attempts: [(&str, altered::Alter); 2] = [
        ("a response without a code", |it| it.without("code")),
        ("a response with an empty code", |it| it.set("code", "")),
    ];
    altered::each_must_be_rejected(stage, &idp, &attempts).await
}
