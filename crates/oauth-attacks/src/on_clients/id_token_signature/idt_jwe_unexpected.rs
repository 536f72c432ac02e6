//! The ID token is encrypted although nothing of the kind was agreed on. A client that opens whatever it can open may
//! believe what is inside without a signature, or work for hours on a password that the attacker chose.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::dice::fresh;
use crate::key::base64url;
use crate::on_clients::forged_token::{self, Right};
use crate::on_clients::sealed_token;
use crate::stage::Stage;
use crate::target::ClientAuth;
use crate::verdict::Level;
use mock_idp::MockIdp;
use serde_json::json;

/// `rp-idt-jwe-unexpected`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-idt-jwe-unexpected",
        name: "Encrypted ID token that nobody asked for",
        story: story!("idt_jwe_unexpected.rs"),
        capabilities: &[Capability::A1],
        citation: "OpenID Connect Core section 10.2, RFC 8725 section 3.2, RFC 7516 section 5.2",
        steps: &[
            "Register the client with a secret and without encryption, and let somebody log in.",
            "Give it claims that are encrypted with its own secret and not signed.",
            "Give it tokens that say RSA1_5, dir, and PBES2 with two thousand million iterations.",
            "Watch whether the client logs somebody in, and whether it answers in time.",
        ],
        secure: "The client rejects encrypted tokens at once.",
        insecure: "The client opens the token and believes it, or is busy with it.",
        defence: "Encrypted tokens are opened only if the client was registered for them, and what is inside is signed.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    forged_token::control(stage, &idp).await?;
    let odd = [
        (json!({"alg": "RSA1_5", "enc": "A128CBC-HS256"}), "an ID token encrypted with RSA1_5"),
        (json!({"alg": "dir", "enc": "A128GCM"}), "an ID token encrypted directly"),
        (
            json!({"alg": "PBES2-HS512+A256KW", "enc": "A256GCM", "p2s": "c2FsdHNhbHQ", "p2c": i32::MAX}),
            "an ID token encrypted with a password",
        ),
    ];
    for (header, what) in odd {
        let sealed = |_: &Right<'_>| {
            let parts = [[7_u8; 40].as_slice(), &[7; 12], &[7; 200], &[7; 16]].map(base64url);
            Ok(format!("{}.{}", base64url(header.to_string().as_bytes()), parts.join(".")))
        };
        forged_token::must_be_rejected(stage, &idp, sealed, what).await?;
    }
    let secret = fresh();
    let auth = ClientAuth::Basic(secret.clone().into());
    drop(idp);
    let idp = stage.idp_as(MockIdp::builder(), |registration| registration.auth = auth).await?;
    // A client without a secret has nothing further to open.
    if forged_token::control(stage, &idp).await.is_ok() {
        let sealed = |right: &Right<'_>| sealed_token::with_secret(&secret, right, json!({}));
        forged_token::must_be_rejected(stage, &idp, sealed, "an ID token encrypted with the client secret").await?;
    }
    Ok(())
}
