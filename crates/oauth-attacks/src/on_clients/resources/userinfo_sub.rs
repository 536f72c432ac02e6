//! UserInfo is about another user than the ID token, or does not say about whom. It was asked with an access token,
//! and access tokens can be substituted. A client that goes by UserInfo logs in whoever owns the token.

use oauth_types::fault::Edit;

use super::claims;

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-userinfo-sub`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-userinfo-sub",
        name: "UserInfo about somebody else",
        story: story!("userinfo_sub.rs"),
        capabilities: &[Capability::A1, Capability::A5],
        citation: "OpenID Connect Core sections 5.3.2 and 16.11",
        steps: &[
            "A login is begun and answered honestly.",
            "UserInfo names another subject than the ID token.",
            "The same without a subject, and with a subject that is a number.",
        ],
        secure: "What UserInfo says is thrown away.",
        insecure: "The user is logged in as the subject of UserInfo, or with its claims.",
        defence: "The subject of UserInfo is compared with that of the ID token.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    for (what, edit) in [
        ("UserInfo about somebody else", Edit::set("sub", "mallory")),
        ("UserInfo about nobody", Edit::remove("sub")),
        ("UserInfo about a number", Edit::set("sub", 7)),
    ] {
        claims::must_not_count(stage, vec![edit, Edit::set("name", claims::CANARY)], what).await?;
    }
    Ok(())
}
