//! The ID token is encrypted and compressed, and what is inside is a thousand times as large as what was sent. A client
//! that inflates it before it looks has no memory left for anybody else.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::dice::fresh;
use crate::on_clients::forged_token::{self, Right};
use crate::on_clients::sealed_token;
use crate::stage::Stage;
use crate::target::ClientAuth;
use crate::verdict::Level;
use mock_idp::MockIdp;
use serde_json::json;

/// `rp-idt-jwe-zip-bomb`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-idt-jwe-zip-bomb",
        name: "ID token that unpacks without end",
        story: story!("idt_jwe_zip_bomb.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 8725 section 3.6, RFC 7516 section 4.1.3",
        steps: &[
            "Register the client with a secret, and let somebody log in.",
            "Give it a token that is encrypted with that secret, says zip, and inflates to 64 MiB.",
            "Watch whether the client rejects it, and whether it does so in time.",
        ],
        secure: "The client rejects the token without inflating it, or stops at a limit.",
        insecure: "The client inflates all of it.",
        defence: "Compressed tokens are rejected, or inflated to a limit only.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let secret = fresh();
    let auth = ClientAuth::Basic(secret.clone().into());
    let idp = stage.idp_as(MockIdp::builder(), |registration| registration.auth = auth).await?;
    forged_token::control(stage, &idp).await?;
    let bomb = |_: &Right<'_>| sealed_token::octets(&secret, &sealed_token::bomb(64 << 20), json!({"zip": "DEF"}));
    forged_token::must_be_rejected(stage, &idp, bomb, "an ID token that inflates to 64 MiB").await
}
