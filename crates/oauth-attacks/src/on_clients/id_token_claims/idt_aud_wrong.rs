//! The ID token was issued for another client, or for nobody in particular. A client that does not find itself in the
//! audience accepts tokens that any other client of the same server received.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::on_clients::lying_token;
use crate::stage::Stage;
use crate::verdict::Level;
use oauth_types::fault::Edit;
use serde_json::{Value, json};

/// `rp-idt-aud-wrong`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-idt-aud-wrong",
        name: "ID token for another client",
        story: story!("idt_aud_wrong.rs"),
        capabilities: &[Capability::A1],
        citation: "OpenID Connect Core section 3.1.3.7",
        steps: &[
            "Let somebody log in at a server that lies in the ID token.",
            "Name another client, a list of others, nobody, a name that this one's is a part of or has as a part, an object, and null.",
            "Watch whether the client logs somebody in or uses the access token that came along.",
        ],
        secure: "The client rejects every token that does not name it.",
        insecure: "The client takes a token that another client received.",
        defence: "The audience of the ID token contains this client, exactly.",
        level: Level::Must,
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
        (Edit::set("aud", "another-client"), "an ID token for another client"),
        (Edit::set("aud", json!(["another-client"])), "an ID token for a list of other clients"),
        (Edit::remove("aud"), "an ID token without an audience"),
        (Edit::set("aud", json!([])), "an ID token for an empty audience"),
        (Edit::set("aud", format!("{own}-2")), "an ID token for a client whose name begins like this one's"),
        (Edit::set("aud", &own[..own.len() - 1]), "an ID token for a client whose name this one's begins with"),
        (Edit::set("aud", json!({ own: true })), "an ID token whose audience is an object"),
        (Edit::set("aud", Value::Null), "an ID token with the audience null"),
    ];
    for (edit, what) in cases {
        lying_token::must_be_rejected(stage, &idp, vec![edit], what).await?;
    }
    Ok(())
}
