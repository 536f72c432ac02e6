//! The same signature can be written in many ways: with padding, with line breaks, with the letters of another
//! alphabet, or with other bits behind the last octet. A client that reads them all can be made to see two tokens where
//! there is one, and a list of tokens that were seen already no longer helps.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::challenge::same_octets;
use crate::key::base64url;
use crate::on_clients::forged_token::{self, Right};
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-idt-b64-malleable`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-idt-b64-malleable",
        name: "ID token in another spelling",
        story: story!("idt_b64_malleable.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 7515 sections 2 and 5.2, OpenID Connect Core section 3.1.3.7",
        steps: &[
            "Let somebody log in at a server that lies in the token response.",
            "Write the signature of the right ID token with padding, with escaped padding, with a line break, and in the alphabet of plain base64.",
            "Write the payload with padding and sign that.",
            "Set the bits behind the last octet of the signature.",
            "Watch whether the client logs somebody in or uses the access token that came along.",
        ],
        secure: "The client rejects every spelling but the one of RFC 7515.",
        insecure: "The client reads past what does not belong there.",
        defence: "Segments are base64url without padding and nothing else.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

/// Another way to write a segment.
type Spelling = fn(&str) -> String;

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    forged_token::control(stage, &idp).await?;
    let spellings: [(Spelling, &str); 4] = [
        (|signature| format!("{signature}=="), "an ID token with padding behind its signature"),
        (|signature| format!("{signature}%3D%3D"), "an ID token with escaped padding behind its signature"),
        (|signature| format!("{}\n{}", &signature[..64], &signature[64..]), "an ID token with a line break in it"),
        (|signature| signature.replace('-', "+").replace('_', "/"), "an ID token in the alphabet of plain base64"),
    ];
    for (spelling, what) in spellings {
        let spelt = |right: &Right<'_>| {
            let [header, payload, signature] = right.parts();
            Ok(format!("{header}.{payload}.{}", spelling(signature)))
        };
        forged_token::signature_must_be_rejected(stage, &idp, spelt, what).await?;
    }
    let padded = |right: &Right<'_>| {
        // 3n + 1 octets need padding.
        let mut text = serde_json::Value::from(right.claims.clone()).to_string();
        (text.len()..).take_while(|length| length % 3 != 1).for_each(|_| text.push(' '));
        right.sealed(format!("{}.{}==", right.parts()[0], base64url(text.as_bytes())))
    };
    forged_token::must_be_rejected(stage, &idp, padded, "an ID token with padding behind its payload").await?;
    let other_bits = |right: &Right<'_>| Ok(same_octets(&right.text).unwrap_or_default());
    forged_token::should_be_rejected(stage, &idp, other_bits, "an ID token with bits set behind its last octet").await
}
