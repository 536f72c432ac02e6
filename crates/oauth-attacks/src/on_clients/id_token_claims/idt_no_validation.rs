//! What comes in the place of the ID token is not a token at all. A client that gives up on verifying and asks UserInfo
//! instead can be told anything by anybody who gets an access token to it.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::Visitor;
use crate::dice::fresh;
use crate::observe;
use crate::stage::Stage;
use crate::verdict::Level;
use oauth_types::fault::{Edit, Point};

/// `rp-idt-no-validation`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-idt-no-validation",
        name: "ID token that is none",
        story: story!("idt_no_validation.rs"),
        capabilities: &[Capability::A1],
        citation: "OpenID Connect Core sections 3.1.3.5 and 3.1.3.7",
        steps: &[
            "Let somebody log in, and put random letters, nothing, and no ID token at all into the token response.",
            "Watch whether the client logs somebody in or uses the access token that came along.",
        ],
        secure: "The client rejects the response.",
        insecure: "The client goes on without an ID token.",
        defence: "Where openid was asked for, there is no login without a verified ID token.",
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
        (Edit::set("id_token", fresh()), "random letters in place of the ID token"),
        (Edit::set("id_token", ""), "an empty ID token"),
        (Edit::set("id_token", serde_json::Value::Null), "an ID token that is null"),
        (Edit::remove("id_token"), "a response without an ID token"),
    ];
    observe::asks_for_id_token(&stage.must_begin(&Visitor::new(), &idp).await?, &idp)?;
    for (edit, what) in cases {
        let lie = idp.lie_at(Point::TokenResponse, edit);
        let before = idp.requests("/userinfo").len();
        let heard = stage.login(&Visitor::new(), &idp).await?;
        if !lie.was_told() {
            return Err(Inconclusive::new("the client does not redeem its code"));
        }
        if idp.requests("/userinfo").len() > before {
            stage.violated(format!("the client used the access token that came with {what}"));
        }
        stage.must_reject(&heard, what);
    }
    Ok(())
}
