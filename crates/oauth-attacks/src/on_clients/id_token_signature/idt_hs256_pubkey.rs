//! The ID token is authenticated with HS256, and the secret is the server's public key, which everybody
//! knows. A client that lets the token choose the algorithm verifies it with that very key.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::on_clients::{forged_token, lying_token};
use crate::public_form::Form;
use crate::stage::Stage;
use crate::verdict::Level;
use oauth_types::Algorithm;
use oauth_types::fault::{Edit, Signature};

/// `rp-idt-hs256-pubkey`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-idt-hs256-pubkey",
        name: "ID token signed with the public key",
        story: story!("idt_hs256_pubkey.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 8725 sections 2.1 and 3.1, OpenID Connect Core section 3.1.3.7",
        steps: &[
            "Let somebody log in at a server that lies in the token response.",
            "Key an ID token by HS256 with the public key of the server: in PEM, with and without the last line break, in one line, in DER, as a JWK, and as the modulus alone.",
            "Watch whether the client logs somebody in or uses the access token that came along.",
        ],
        secure: "The client rejects the token, since HS256 is not what it expects of a key for RS256.",
        insecure: "The client uses the public key as the secret, and the token verifies.",
        defence: "The algorithm is fixed in advance, and a key is used with its own algorithm only.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    const WHAT: &str = "an ID token keyed with the public key";
    let idp = stage.idp().await?;
    lying_token::signature_must_be_rejected(stage, &idp, vec![Edit::sign(Signature::Hs256PublicKey)], WHAT).await?;
    let pem = idp.mock().keys().public_pem(Algorithm::Rs256);
    let jwk = idp.mock().keys().published().into_iter().find(|jwk| jwk["alg"] == "RS256").unwrap_or_default();
    forged_token::control(stage, &idp).await?;
    for form in Form::ALL.into_iter().filter(|form| *form != Form::Pem) {
        let secret = form.octets(&pem, &jwk);
        let keyed = |right: &forged_token::Right<'_>| right.jwt().keyed_with(&secret);
        forged_token::signature_must_be_rejected(stage, &idp, keyed, &format!("{WHAT} {}", form.how())).await?;
    }
    Ok(())
}
