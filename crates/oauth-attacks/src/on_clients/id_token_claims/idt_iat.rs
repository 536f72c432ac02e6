//! The ID token does not say when it was issued, or says that it was a week ago. Without that time nobody can tell a
//! fresh login from one that somebody kept, and nonces would have to be remembered for ever.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::Said;
use crate::on_clients::lying_token;
use crate::stage::{Heard, Stage};
use crate::verdict::Level;
use oauth_types::fault::Edit;

/// `rp-idt-iat`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-idt-iat",
        name: "ID token without a date",
        story: story!("idt_iat.rs"),
        capabilities: &[Capability::A3],
        citation: "OpenID Connect Core sections 2 and 3.1.3.7",
        steps: &[
            "Let somebody log in at a server that lies in the ID token.",
            "Leave iat out.",
            "Let iat be a week ago, and note what the client makes of it.",
            "Watch whether the client logs somebody in or uses the access token that came along.",
        ],
        secure: "The client rejects a token without iat.",
        insecure: "The client does not miss it.",
        defence: "A token without the time at which it was issued is rejected.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    let missing = vec![Edit::remove("iat")];
    lying_token::must_be_rejected(stage, &idp, missing, "an ID token that was never issued").await?;
    let old = vec![Edit::set("iat", idp.now().saturating_sub(7 * 24 * 3600))];
    // How old a token may be is for the client to say (OpenID Connect Core section 3.1.3.7, item 10).
    match lying_token::hear(stage, &idp, old).await? {
        Heard::BrokeDown => stage.violated("the client broke down at an ID token that was issued a week ago"),
        Heard::Said(Said::Accepted { .. }) => {
            stage.withstood("an ID token of a week ago is accepted until it expires")
        }
        Heard::Said(_) => stage.withstood("an ID token of a week ago is rejected"),
    };
    Ok(())
}
