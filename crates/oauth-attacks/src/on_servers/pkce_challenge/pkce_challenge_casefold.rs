//! The challenge is written in small letters, or in the other case throughout. Where a database compares without case,
//! or the server does, many digests are taken for one, and some forty bits of the challenge are lost.

use super::pkce_challenge_wrong_hash::{Spelling, must_not_match};
use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::challenge::{s256, swap_case};
use crate::target::Registration;
use crate::verdict::Level;

/// `as-pkce-challenge-casefold`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-pkce-challenge-casefold",
        name: "Challenge in another case",
        story: story!("pkce_challenge_casefold.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 7636 section 4.6",
        steps: &[
            "Ask for codes with the challenge in small letters, and in the other case.",
            "If a code comes, redeem it with its verifier.",
        ],
        secure: "The codes are refused with `invalid_grant`, or the requests with `invalid_request`.",
        insecure: "The code is redeemed.",
        defence: "Challenges are compared octet by octet.",
        level: Level::Must,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

/// What each is, and how it is made of the verifier.
const SPELLINGS: &[Spelling] = &[
    ("in small letters", |verifier| Some(s256(verifier).to_lowercase())),
    ("in the other case", |verifier| Some(swap_case(&s256(verifier)))),
];

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    for spelling in SPELLINGS {
        must_not_match(bench, client, spelling).await?;
    }
    Ok(())
}
