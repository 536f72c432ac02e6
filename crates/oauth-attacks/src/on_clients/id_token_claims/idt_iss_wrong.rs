//! The ID token names another issuer than the one it came from. The same subject means somebody else there, and a
//! client that does not compare the issuer logs the wrong one in.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::on_clients::lying_token;
use crate::stage::Stage;
use crate::verdict::Level;
use oauth_types::fault::Edit;
use serde_json::json;

/// `rp-idt-iss-wrong`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-idt-iss-wrong",
        name: "ID token of another issuer",
        story: story!("idt_iss_wrong.rs"),
        capabilities: &[Capability::A1],
        citation: "OpenID Connect Core section 3.1.3.7",
        steps: &[
            "Let somebody log in at a server that lies in the ID token.",
            "Name another issuer, none, one that is shorter, one with a slash more, one in another case, and a list.",
            "Watch whether the client logs somebody in or uses the access token that came along.",
        ],
        secure: "The client rejects every issuer that is not the one it began the login at.",
        insecure: "The client takes the subject for one of the issuer it asked.",
        defence: "The issuer of the ID token is the one of the login, character by character.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    let issuer = idp.issuer().to_owned();
    let cases = [
        (Edit::set("iss", "https://attacker.example"), "an ID token of another issuer"),
        (Edit::remove("iss"), "an ID token without an issuer"),
        (Edit::set("iss", &issuer[..issuer.len() - 1]), "an ID token of an issuer that this one begins with"),
        (Edit::set("iss", format!("{issuer}/")), "an ID token whose issuer has a slash more"),
        (Edit::set("iss", issuer.replace("http", "HTTP")), "an ID token whose issuer is in another case"),
        (Edit::set("iss", json!([issuer])), "an ID token whose issuer is a list"),
    ];
    for (edit, what) in cases {
        lying_token::must_be_rejected(stage, &idp, vec![edit], what).await?;
    }
    Ok(())
}
