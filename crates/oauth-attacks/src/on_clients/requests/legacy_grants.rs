//! The client asks for an access token in the front channel, or takes the password of its users itself. The token ends
//! up in the history of the browser and with every script of the page; the password is shown to everybody but the
//! server it is for.

use mock_idp::MockIdp;

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::observe;
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-legacy-grants`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-legacy-grants",
        name: "Grants that leak",
        story: story!("legacy_grants.rs"),
        capabilities: &[Capability::A1, Capability::A3],
        citation: "RFC 9700 sections 2.1.2 and 2.4",
        steps: &["A server offers every grant there ever was.", "The client logs somebody in there."],
        secure: "The client asks for a code alone.",
        insecure: "The response type has a token in it, or the password grant is used.",
        defence: "The code flow is the only one that the client knows.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: true,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp_of(MockIdp::builder().pkce_optional().plain().legacy()).await?;
    let logins = observe::logins(stage, &idp, 1).await?;
    observe::look(stage, &logins, "the client asks for a code alone", |login| {
        if login.asked("response_type").split(' ').any(|word| word == "token") {
            return Ok(Some("an access token is asked for in the front channel".to_owned()));
        }
        let password = login.sent.iter().any(|entry| entry.params.get("grant_type") == Some("password"));
        Ok(password.then(|| "the client sends the password of its user".to_owned()))
    })
}
