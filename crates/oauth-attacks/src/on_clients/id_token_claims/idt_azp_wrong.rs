//! The ID token is for this client, but says that it was issued to another one. A client that does not look lets
//! somebody in who logged in elsewhere.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::on_clients::lying_token;
use crate::stage::Stage;
use crate::verdict::Level;
use oauth_types::fault::Edit;
use serde_json::json;

/// `rp-idt-azp-wrong`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-idt-azp-wrong",
        name: "ID token that was issued to another client",
        story: story!("idt_azp_wrong.rs"),
        capabilities: &[Capability::A1],
        citation: "OpenID Connect Core section 3.1.3.7",
        steps: &[
            "Let somebody log in at a server that lies in the ID token.",
            "Leave the audience as it is, and let azp name another client, a list, and nothing.",
            "Watch whether the client logs somebody in or uses the access token that came along.",
        ],
        secure: "The client rejects a token that was issued to somebody else.",
        insecure: "The client does not look at azp.",
        defence: "Where there is an authorized party, it is this client.",
        level: Level::Should,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    let own = idp.provider().client.client_id.as_str();
    let cases = [
        (Edit::set("azp", "another-client"), "an ID token that was issued to another client"),
        (Edit::set("azp", ""), "an ID token that was issued to a client without a name"),
        (Edit::set("azp", json!([own, "another-client"])), "an ID token that was issued to a list of clients"),
    ];
    for (edit, what) in cases {
        lying_token::must_be_rejected(stage, &idp, vec![edit], what).await?;
    }
    Ok(())
}
