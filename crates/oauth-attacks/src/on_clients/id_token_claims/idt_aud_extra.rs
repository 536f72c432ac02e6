//! The ID token is for this client, and for one more that it knows nothing of. Whoever runs that other client has the
//! token as well, and can bring it here.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::on_clients::lying_token;
use crate::stage::Stage;
use crate::verdict::Level;
use oauth_types::fault::Edit;

/// `rp-idt-aud-extra`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-idt-aud-extra",
        name: "ID token for this client and another",
        story: story!("idt_aud_extra.rs"),
        capabilities: &[Capability::A1],
        citation: "OpenID Connect Core section 3.1.3.7",
        steps: &[
            "Let somebody log in at a server that lies in the ID token.",
            "Add an unknown client to the audience: alone, with an azp that is this client, and with one that is the other.",
            "Watch whether the client logs somebody in or uses the access token that came along.",
        ],
        secure: "The client rejects a token with an audience that it does not trust.",
        insecure: "The client is content to find itself among the audience.",
        defence: "Every further audience is one that the client was told to trust.",
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
    let more = || Edit::Append { name: "aud".to_owned(), value: "an-unknown-client".into() };
    let cases = [
        (vec![more()], "an ID token for an unknown client as well"),
        (
            vec![more(), Edit::set("azp", own)],
            "an ID token for an unknown client as well that was issued to this one",
        ),
        (vec![more(), Edit::set("azp", "an-unknown-client")], "an ID token that was issued to an unknown client"),
    ];
    for (edits, what) in cases {
        lying_token::must_be_rejected(stage, &idp, edits, what).await?;
    }
    Ok(())
}
