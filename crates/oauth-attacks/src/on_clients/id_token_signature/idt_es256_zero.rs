//! The signature of the ID token is a pair of zeros, or of numbers that are no better. A library that forgets to look
//! at their range finds that such a signature fits every token and every key.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::on_clients::forged_token::Right;
use crate::on_clients::{forged_token, lying_token};
use crate::stage::Stage;
use crate::verdict::Level;
use mock_idp::MockIdp;
use oauth_types::Algorithm;
use oauth_types::fault::{Edit, Point, Signature};
use serde_json::json;

/// `rp-idt-es256-zero`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-idt-es256-zero",
        name: "Elliptic signature of nothing",
        story: story!("idt_es256_zero.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 8725 section 3.4, RFC 7518 section 3.4, OpenID Connect Core section 3.1.3.7",
        steps: &[
            "Let somebody log in at a server that lies in the token response.",
            "Give it an ID token that says ES256 and whose signature is 64 octets of zero.",
            "At a server that signs with ES256, try zeros, the order of the curve twice, and a right signature in DER.",
            "Watch whether the client logs somebody in or uses the access token that came along.",
        ],
        secure: "The client rejects each of these signatures.",
        insecure: "The client finds the equation satisfied and believes the token.",
        defence: "Both numbers of a signature are greater than zero and less than the order, in the form of RFC 7518.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

/// The order of P-256 (FIPS 186-5), n.
const ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa,
    0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    let zero = vec![Edit::sign(Signature::Zero)];
    lying_token::signature_must_be_rejected(stage, &idp, zero, "an ID token whose signature is zero").await?;
    drop(idp);
    let idp = stage.idp_of(MockIdp::builder().alg(Algorithm::Es256)).await?;
    let alone = idp.lie_at(Point::Discovery, Edit::set("id_token_signing_alg_values_supported", json!(["ES256"])));
    // Many clients know RS256 alone, and have nothing further to lose here.
    if forged_token::control(stage, &idp).await.is_err() {
        return Ok(());
    }
    let cases = [
        ([0; 32], "an ID token signed with ES256 and zeros"),
        (ORDER, "an ID token signed with ES256 and the order of the curve"),
    ];
    for (number, what) in cases {
        let signed = |right: &Right<'_>| Ok(right.jwt().with_signature(&[number, number].concat()));
        forged_token::signature_must_be_rejected(stage, &idp, signed, what).await?;
    }
    let der = |right: &Right<'_>| {
        let claims = right.jwt().with_signature(&[]);
        let input = claims.trim_end_matches('.');
        let signature = idp.mock().keys().sign(Algorithm::Es256, input.as_bytes());
        let signature = signature.map_err(|error| Inconclusive::new(error.to_string()))?;
        Ok(right.jwt().with_signature(&in_der(&signature)))
    };
    forged_token::signature_must_be_rejected(stage, &idp, der, "an ID token whose signature is in DER").await?;
    drop(alone);
    Ok(())
}

/// A signature of two numbers as a SEQUENCE of two INTEGERs (RFC 3279 section 2.2.3).
fn in_der(signature: &[u8]) -> Vec<u8> {
    let mut content = Vec::new();
    for number in signature.chunks(32) {
        let start = number.iter().position(|octet| *octet != 0).unwrap_or(number.len() - 1);
        let positive = if number[start] >= 0x80 { &[0][..] } else { &[] };
        let length = positive.len() + number.len() - start;
        content.extend([2, length as u8]);
        content.extend(positive.iter().chain(&number[start..]));
    }
    [&[0x30, content.len() as u8], &content[..]].concat()
}

#[cfg(test)]
mod tests {
    use super::in_der;

    #[test]
    fn numbers_in_der_are_short_and_positive() {
        let mut signature = [0; 64];
        (signature[31], signature[32]) = (1, 0x80);
        let der = in_der(&signature);
        assert_eq!(der[..6], [0x30, 38, 2, 1, 1, 2]);
        assert_eq!(der[6..9], [33, 0, 0x80]);
        assert_eq!(der.len(), 40);
    }
}
