//! The ID token is not valid yet, or will be issued in an hour. A client that looks only at when a token ends accepts
//! one that was made in advance.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::on_clients::lying_token;
use crate::stage::Stage;
use crate::verdict::Level;
use oauth_types::fault::Edit;

/// `rp-idt-nbf-future`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-idt-nbf-future",
        name: "ID token of the future",
        story: story!("idt_nbf_future.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 7519 section 4.1.5, OpenID Connect Core section 3.1.3.7",
        steps: &[
            "Let somebody log in at a server that lies in the ID token.",
            "Let nbf be an hour from now, and then iat.",
            "Watch whether the client logs somebody in or uses the access token that came along.",
        ],
        secure: "The client rejects the token until its time has come, but for a small difference of the clocks.",
        insecure: "The client does not look at when a token begins.",
        defence: "A token is accepted only after the time from which it says it is valid.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    let soon = idp.now() + 3600;
    let early = vec![Edit::set("nbf", soon)];
    lying_token::must_be_rejected(stage, &idp, early, "an ID token that is valid in an hour").await?;
    let unborn = vec![Edit::set("iat", soon), Edit::set("exp", soon + 600)];
    lying_token::should_be_rejected(stage, &idp, unborn, "an ID token that will be issued in an hour").await
}
