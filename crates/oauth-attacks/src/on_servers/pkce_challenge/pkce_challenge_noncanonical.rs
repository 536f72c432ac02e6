//! The last character of a challenge has two bits that do not belong to the digest. A server that decodes it leniently
//! and compares octets takes four texts for one challenge.

use super::pkce_challenge_wrong_hash::{Spelling, must_not_match};
use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::challenge::{respelt, s256};
use crate::target::Registration;
use crate::verdict::Level;

/// `as-pkce-challenge-noncanonical`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-pkce-challenge-noncanonical",
        name: "Challenge with other trailing bits",
        story: story!("pkce_challenge_noncanonical.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 7636 section 4.6",
        steps: &[
            "Ask for codes with the challenge whose last character is each of the three others that decode to the same octets.",
            "If a code comes, redeem it with its verifier.",
        ],
        secure: "The requests are refused with `invalid_request`, or their codes with `invalid_grant`.",
        insecure: "The code is redeemed.",
        defence: "The encoding of the digest is compared with the challenge, and not the other way round.",
        level: Level::Must,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

/// What each is, and how it is made of the verifier.
const SPELLINGS: &[Spelling] = &[
    ("with the lowest bit of its end turned over", |verifier| respelt(&s256(verifier), 1)),
    ("with the second bit of its end turned over", |verifier| respelt(&s256(verifier), 2)),
    ("with both bits of its end turned over", |verifier| respelt(&s256(verifier), 3)),
];

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    for spelling in SPELLINGS {
        must_not_match(bench, client, spelling).await?;
    }
    Ok(())
}
