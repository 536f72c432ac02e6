//! Somebody takes an ID token that is signed as it should be and changes one character of what it says. A client that
//! reads the claims without holding the signature against them takes the change for the truth.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::key::base64url;
use crate::on_clients::forged_token::{self, Right};
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-idt-sig-bitflip`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-idt-sig-bitflip",
        name: "ID token changed after it was signed",
        story: story!("idt_sig_bitflip.rs"),
        capabilities: &[Capability::A1, Capability::A2],
        citation: "RFC 7515 section 5.2, OpenID Connect Core section 3.1.3.7",
        steps: &[
            "Let somebody log in at a server that lies in the token response.",
            "Take the right ID token, move the time it expires by a second, and leave the signature as it was.",
            "Do the same with a character more in the header.",
            "Watch whether the client logs somebody in or uses the access token that came along.",
        ],
        secure: "The client rejects the token: the signature is not over these octets.",
        insecure: "The client accepts claims that nobody signed.",
        defence: "The signature is verified over the octets of header and payload as they came.",
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
    let later = |right: &Right<'_>| {
        let [header, _, signature] = right.parts();
        let mut claims = right.claims.clone();
        let expires = claims.get("exp").and_then(serde_json::Value::as_u64).unwrap_or_default();
        claims.insert("exp".to_owned(), (expires + 1).into());
        let payload = base64url(serde_json::Value::from(claims).to_string().as_bytes());
        Ok(format!("{header}.{payload}.{signature}"))
    };
    forged_token::signature_must_be_rejected(stage, &idp, later, "an ID token that was changed after it was signed")
        .await?;
    let longer = |right: &Right<'_>| {
        let [_, payload, signature] = right.parts();
        let header = format!("{} ", serde_json::Value::from(right.header.clone()));
        Ok(format!("{}.{payload}.{signature}", base64url(header.as_bytes())))
    };
    forged_token::signature_must_be_rejected(
        stage,
        &idp,
        longer,
        "an ID token whose header was changed after it was signed",
    )
    .await
}
