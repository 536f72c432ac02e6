//! The client asked for a login of the last five minutes, and the ID token says that it was yesterday, or does not say.
//! Somebody left their browser open, and a client that does not look takes the next one who sits down for them.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::Visitor;
use crate::on_clients::lying_token;
use crate::stage::Stage;
use crate::verdict::Level;
use mock_idp::MockIdp;
use oauth_types::fault::Edit;

/// `rp-idt-auth-time`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-idt-auth-time",
        name: "Login that is too old",
        story: story!("idt_auth_time.rs"),
        capabilities: &[Capability::A1],
        citation: "OpenID Connect Core section 3.1.3.7",
        steps: &[
            "Register a client that asks for max_age.",
            "Let somebody log in, and say in the ID token that it was yesterday, that it was never, and that it was a word.",
            "Watch whether the client logs somebody in or uses the access token that came along.",
        ],
        secure: "The client rejects a login that is older than it asked for.",
        insecure: "The client asks for max_age and does not look whether it was kept.",
        defence: "Who asks for max_age compares auth_time with it.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let wish = ("max_age".to_owned(), "300".to_owned());
    let idp = stage.idp_as(MockIdp::builder(), |registration| registration.always.push(wish)).await?;
    let request = stage.must_begin(&Visitor::new(), &idp).await?;
    if request.params.get("max_age").is_none() {
        return Err(Inconclusive::new("the client does not ask for max_age"));
    }
    let cases = [
        (Edit::set("auth_time", idp.now().saturating_sub(24 * 3600)), "an ID token of a login of yesterday"),
        (Edit::remove("auth_time"), "an ID token that does not say when the login was"),
        (Edit::set("auth_time", "just now"), "an ID token whose auth_time is a word"),
    ];
    for (edit, what) in cases {
        lying_token::must_be_rejected(stage, &idp, vec![edit], what).await?;
    }
    Ok(())
}
