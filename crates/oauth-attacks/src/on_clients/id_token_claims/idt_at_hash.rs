//! The ID token has the hash of an access token, and the one that came along is another. Somebody has put two halves of
//! different logins together, and a client that does not compare them uses the attacker's access token for its user.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::on_clients::lying_token;
use crate::stage::Stage;
use crate::verdict::Level;
use mock_idp::jose::left_half;
use oauth_types::Algorithm;
use oauth_types::fault::Edit;

/// `rp-idt-at-hash`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-idt-at-hash",
        name: "ID token of another access token",
        story: story!("idt_at_hash.rs"),
        capabilities: &[Capability::A1, Capability::A2],
        citation: "OpenID Connect Core sections 3.1.3.8 and 3.3.2.9",
        steps: &[
            "Let somebody log in at a server that lies in the ID token.",
            "Let at_hash be that of another access token, the whole hash instead of its left half, the hash of another algorithm, empty, or a number.",
            "Watch whether the client logs somebody in or uses the access token that came along.",
        ],
        secure: "The client rejects the token, or does not get as far as using the access token.",
        insecure: "The client does not look at at_hash, or only at one that it can read.",
        defence: "Where there is an at_hash, it is that of the access token beside it.",
        level: Level::Should,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    let other = left_half("another-access-token", Algorithm::Rs256);
    let longer = left_half("another-access-token", Algorithm::Rs512);
    let cases = [
        (Edit::set("at_hash", other), "an ID token with the hash of another access token"),
        (Edit::set("at_hash", longer), "an ID token with a hash of another algorithm"),
        (Edit::set("at_hash", ""), "an ID token with an empty at_hash"),
        (Edit::set("at_hash", 1), "an ID token whose at_hash is a number"),
    ];
    for (edit, what) in cases {
        lying_token::must_be_rejected(stage, &idp, vec![edit], what).await?;
    }
    Ok(())
}
