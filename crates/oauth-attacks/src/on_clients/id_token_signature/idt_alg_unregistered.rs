//! The server has keys for several algorithms, and this ID token is signed with one that the client was not registered
//! for. A client that accepts whatever it happens to find a key for is as strong as the weakest algorithm of its
//! library.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::on_clients::forged_token;
use crate::stage::Stage;
use crate::verdict::Level;
use oauth_types::Algorithm;

/// `rp-idt-alg-unregistered`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-idt-alg-unregistered",
        name: "ID token of an algorithm that was not agreed on",
        story: story!("idt_alg_unregistered.rs"),
        capabilities: &[Capability::A1],
        citation: "OpenID Connect Core section 3.1.3.7, RFC 8725 section 3.1",
        steps: &[
            "Let somebody log in at a server that lies in the token response.",
            "Sign the ID token rightly, with a published key, but with RS512, PS256 or ES256 where RS256 was agreed on.",
            "Watch whether the client logs somebody in or uses the access token that came along.",
        ],
        secure: "The client rejects the token, although the signature is right.",
        insecure: "The client accepts any algorithm for which it finds a key.",
        defence: "Only the algorithm that the client was registered with is accepted.",
        level: Level::Should,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    forged_token::control(stage, &idp).await?;
    for algorithm in [Algorithm::Rs512, Algorithm::Ps256, Algorithm::Es256] {
        if idp.mock().keys().algorithms().contains(&algorithm) {
            let what = format!("an ID token signed with {algorithm}");
            forged_token::minted_must_be_rejected(stage, &idp, |mint| mint.alg(algorithm), &what).await?;
        }
    }
    Ok(())
}
