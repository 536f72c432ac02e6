//! The request says S256, and the challenge is made in another way: by SHA-384 or SHA-512, by hashing twice, or not at
//! all. Where the verifier fits all the same, the method was not looked at, and a challenge that anybody can read may
//! be the verifier itself.

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::challenge::{s256_twice, s384, s512};
use crate::judge::GRANT;
use crate::target::Registration;
use crate::verdict::Level;

/// `as-pkce-challenge-wrong-hash`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-pkce-challenge-wrong-hash",
        name: "Challenge by another hash",
        story: story!("pkce_challenge_wrong_hash.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 7636 section 4.6",
        steps: &[
            "Ask for codes with the challenge made by SHA-512, by SHA-384, by SHA-256 twice, and with the verifier itself as the challenge, all as S256.",
            "If a code comes, redeem it with its verifier.",
        ],
        secure: "The codes are refused with `invalid_grant`, or the requests with `invalid_request`.",
        insecure: "The code is redeemed.",
        defence: "The verifier is hashed by the one function that the method names.",
        level: Level::Must,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

/// What a challenge is, and how it is made of the verifier, if it can be.
pub(super) type Spelling = (&'static str, fn(&str) -> Option<String>);

const SPELLINGS: &[Spelling] = &[
    ("made by SHA-512", |verifier| Some(s512(verifier))),
    ("made by SHA-384", |verifier| Some(s384(verifier))),
    ("made by hashing twice", |verifier| Some(s256_twice(verifier))),
    ("that is the verifier itself", |verifier| Some(verifier.to_owned())),
];

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    for spelling in SPELLINGS {
        must_not_match(bench, client, spelling).await?;
    }
    Ok(())
}

/// Asks for a code with such a challenge, and if one comes, tries the verifier on it. Either may be refused.
pub(super) async fn must_not_match(
    bench: &Bench,
    client: &Registration,
    (how, spell): &Spelling,
) -> Result<(), Inconclusive> {
    let request = bench.authorization(client);
    let Some(challenge) = spell(request.current_verifier().expose()) else { return Ok(()) };
    let request = request.set("code_challenge", challenge);
    if let Some(grant) = request.must_be_refused(&format!("a challenge {how}")).await? {
        let answer = bench.redemption(client, &grant).send().await?;
        bench.judge(&answer, GRANT, &format!("a code of a challenge {how}"));
    }
    Ok(())
}
