//! The whole ID token of an earlier login comes again, rightly signed and not yet expired. A client that does not tie
//! the token to the login at hand lets the attacker be whoever logged in before.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::Said;
use crate::on_clients::forged_token::Arrived;
use crate::stage::{Heard, Stage};
use crate::verdict::Level;

/// `rp-idt-nonce-replay`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-idt-nonce-replay",
        name: "ID token of an earlier login",
        story: story!("idt_nonce_replay.rs"),
        capabilities: &[Capability::A1, Capability::A3],
        citation: "OpenID Connect Core section 15.5.2",
        steps: &[
            "Let somebody log in, and keep the ID token.",
            "Let somebody else log in, and give the client the ID token of the first.",
            "Watch whether the client logs somebody in or uses the access token that came along.",
        ],
        secure: "The client rejects the token: its nonce is that of another login.",
        insecure: "The client takes a token that it has taken before.",
        defence: "The nonce of the ID token is that of the login of this browser, and good for once.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    let first = Arrived::at(stage, &idp).await?;
    let token = first.right(|mint| mint).await?.text;
    match first.given(stage, token.clone().into()).await? {
        Some(Heard::Said(Said::Accepted { .. })) => {}
        _ => return Err(Inconclusive::new("the client does not take an ID token that is right")),
    }
    let second = Arrived::at(stage, &idp).await?;
    let heard = second.given(stage, token.into()).await?;
    let heard = heard.ok_or_else(|| Inconclusive::new("the client did not answer within ten seconds"))?;
    stage.must_reject(&heard, "the ID token of an earlier login");
    Ok(())
}
