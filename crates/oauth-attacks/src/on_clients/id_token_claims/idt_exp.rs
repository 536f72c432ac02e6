//! The ID token has expired, or does not say when it does. A client that does not look at the time accepts an old token
//! that somebody kept.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::on_clients::lying_token;
use crate::stage::Stage;
use crate::verdict::Level;
use oauth_types::fault::Edit;

/// `rp-idt-exp`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-idt-exp",
        name: "Expired ID token",
        story: story!("idt_exp.rs"),
        capabilities: &[Capability::A3],
        citation: "OpenID Connect Core section 3.1.3.7",
        steps: &[
            "Let somebody log in at a server that lies in the ID token.",
            "Let the token have expired six minutes ago, in 1970, before that, or leave the time out.",
            "Watch whether the client logs somebody in or uses the access token that came along.",
        ],
        secure: "The client rejects each of them.",
        insecure: "The client logs somebody in with a token of long ago.",
        defence: "An ID token is accepted only before the time at which it says it expires.",
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
        (Edit::set("exp", idp.now().saturating_sub(360)), "an ID token that expired six minutes ago"),
        (Edit::remove("exp"), "an ID token that does not expire"),
        (Edit::set("exp", 0), "an ID token that expired in 1970"),
        (Edit::set("exp", -1), "an ID token that expired before 1970"),
    ];
    for (edit, what) in cases {
        lying_token::must_be_rejected(stage, &idp, vec![edit], what).await?;
    }
    Ok(())
}
