//! The challenge has the padding that base64url in RFC 7636 is without. A server that decodes it, or cuts the padding
//! off, takes several texts for one challenge, and clients that get it wrong here work until they meet another server.

use super::pkce_challenge_wrong_hash::{Spelling, must_not_match};
use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::challenge::s256;
use crate::target::Registration;
use crate::verdict::Level;

/// `as-pkce-challenge-padded`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-pkce-challenge-padded",
        name: "Padded challenge",
        story: story!("pkce_challenge_padded.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 7636 section 4.2 and Appendix A",
        steps: &[
            "Ask for codes with the challenge padded, in base64url and in base64.",
            "If a code comes, redeem it with its verifier.",
        ],
        secure: "The requests are refused with `invalid_request`, or their codes with `invalid_grant`.",
        insecure: "The code is redeemed.",
        defence: "Challenges are compared as texts, and one with padding is none.",
        level: Level::Should,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

/// What each is, and how it is made of the verifier.
const SPELLINGS: &[Spelling] = &[
    ("with padding", |verifier| Some(format!("{}=", s256(verifier)))),
    ("with padding, in base64", |verifier| Some(format!("{}=", s256(verifier).replace('-', "+").replace('_', "/")))),
];

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    for spelling in SPELLINGS {
        must_not_match(bench, client, spelling).await?;
    }
    Ok(())
}
