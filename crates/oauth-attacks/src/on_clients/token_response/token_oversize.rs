//! The token response is far too long: megabytes of white space, a head of a thousand headers, a body that never ends.
//! All of it is legal. A client that reads to the end holds what it reads in memory, and any server that users may
//! choose can bring it down.

use oauth_types::fault::Edit;

use super::written::{self, Answer};

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-token-oversize`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-token-oversize",
        name: "Token response without end",
        story: story!("token_oversize.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 6749 section 10.14, RFC 9110 sections 8.6 and 17.5",
        steps: &[
            "A login is begun and answered honestly.",
            "The token response is filled up to eight mebibytes.",
            "The same with a head of a thousand headers, and, if the client has a limit, with a body that never ends.",
        ],
        secure: "The client stops reading and refuses the answer.",
        insecure: "The client reads to the end.",
        defence: "What is read of an answer has a limit.",
        level: Level::Should,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    written::control(stage, &idp).await?;
    let filled = |answer| Answer { departure: Some(Edit::Pad { octets: 8 << 20 }), ..answer };
    let verdict = written::must_be_rejected(stage, &idp, "a token response of eight mebibytes", filled).await?;
    let headers = |answer| Answer { departure: Some(Edit::HeaderBomb { headers: 1000, octets: 1000 }), ..answer };
    written::must_be_rejected(stage, &idp, "a token response with a thousand headers", headers).await?;
    // Without a limit the client would read until it is full.
    if verdict.withstood() {
        let endless = |answer| Answer { departure: Some(Edit::Endless), ..answer };
        written::must_be_rejected(stage, &idp, "a token response without end", endless).await?;
    }
    Ok(())
}
