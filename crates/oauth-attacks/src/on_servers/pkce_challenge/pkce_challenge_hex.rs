//! The challenge is the right digest in hexadecimal, in base32, or as base64url of its hexadecimal digits. A server
//! that tries several encodings until one fits makes up for the mistakes of clients, and guesses where it should
//! compare.

use super::pkce_challenge_wrong_hash::{Spelling, must_not_match};
use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::challenge::{base32, hexadecimal};
use crate::key::base64url;
use crate::target::Registration;
use crate::verdict::Level;

/// `as-pkce-challenge-hex`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-pkce-challenge-hex",
        name: "Digest in another encoding",
        story: story!("pkce_challenge_hex.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 7636 sections 4.2 and 4.6",
        steps: &[
            "Ask for codes with the challenge in small and capital hexadecimal digits, as base64url of these, and in base32.",
            "If a code comes, redeem it with its verifier.",
        ],
        secure: "The requests are refused with `invalid_request`, or their codes with `invalid_grant`.",
        insecure: "The code is redeemed.",
        defence: "The digest is written in base64url and in nothing else.",
        level: Level::Must,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

/// What each is, and how it is made of the verifier.
const SPELLINGS: &[Spelling] = &[
    ("in hexadecimal", |verifier| Some(hexadecimal(verifier))),
    ("in capital hexadecimal", |verifier| Some(hexadecimal(verifier).to_uppercase())),
    ("in base64url of its hexadecimal digits", |verifier| Some(base64url(hexadecimal(verifier).as_bytes()))),
    ("in base32", |verifier| Some(base32(verifier))),
];

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    for spelling in SPELLINGS {
        must_not_match(bench, client, spelling).await?;
    }
    Ok(())
}
