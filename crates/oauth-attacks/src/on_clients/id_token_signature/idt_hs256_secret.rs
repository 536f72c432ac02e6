//! The server signs with RS256, and somebody who has come by the client secret keys an ID token with it by HS256. A
//! client that takes whatever algorithm the header names lets that secret, which every one of its own instances and
//! logs may hold, speak for the server.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::dice::fresh;
use crate::on_clients::forged_token;
use crate::stage::Stage;
use crate::target::ClientAuth;
use crate::verdict::Level;
use mock_idp::MockIdp;
use oauth_types::fault::{Edit, Point};
use serde_json::json;

/// `rp-idt-hs256-secret`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-idt-hs256-secret",
        name: "ID token keyed with the client secret",
        story: story!("idt_hs256_secret.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 8725 section 3.1, OpenID Connect Core section 3.1.3.7",
        steps: &[
            "Register the client with a secret at a server that signs with RS256 and says so, and let somebody log in.",
            "Key the ID token by HS256 with that secret.",
            "Watch whether the client logs somebody in or uses the access token that came along.",
        ],
        secure: "The client rejects the token, since it was registered for RS256.",
        insecure: "The client verifies the token with its own secret and believes it.",
        defence: "The algorithm is the one the client was registered with, and no other.",
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
    let alone = idp.lie_at(Point::Discovery, Edit::set("id_token_signing_alg_values_supported", json!(["RS256"])));
    forged_token::control(stage, &idp).await?;
    let keyed = |right: &forged_token::Right<'_>| right.jwt().keyed_with(&secret);
    forged_token::signature_must_be_rejected(stage, &idp, keyed, "an ID token keyed with the client secret").await?;
    drop(alone);
    Ok(())
}
