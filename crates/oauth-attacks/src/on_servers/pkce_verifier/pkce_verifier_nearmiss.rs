//! The verifier differs from the right one by a character, by case, by a space, or by what follows a NUL. Wherever
//! one of them is accepted, the comparison is of something else than the hash of exactly what was sent.

use oauth_types::ErrorCode;

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::challenge::{same_octets, swap_case};
use crate::judge::{GRANT, VERIFIER};
use crate::target::Registration;
use crate::verdict::Level;

/// `as-pkce-verifier-nearmiss`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-pkce-verifier-nearmiss",
        name: "Almost the verifier",
        story: story!("pkce_verifier_nearmiss.rs"),
        capabilities: &[Capability::A3],
        citation: "RFC 7636 section 4.6",
        steps: &[
            "Redeem codes with their verifiers altered: another first character, the other case, one character more or less, NUL and more at the end, a space at either end, and another last character that decodes to the same octets.",
        ],
        secure: "Each of them is refused with `invalid_grant`, or with `invalid_request` where the verifier is malformed.",
        insecure: "A code is redeemed.",
        defence: "The verifier is hashed exactly as it was sent.",
        level: Level::Must,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    for (what, alter, allowed) in NEAR_MISSES {
        let grant = bench.grant(client).await?;
        let Some(altered) = alter(grant.verifier.expose()) else { continue };
        let answer = bench.redemption(client, &grant).verifier(&altered).send().await?;
        bench.judge(&answer, allowed, &format!("a verifier {what}"));
    }
    Ok(())
}

/// What it is called, how it is made of the right verifier, and how it may be refused.
type NearMiss = (&'static str, fn(&str) -> Option<String>, &'static [ErrorCode]);

const NEAR_MISSES: &[NearMiss] = &[
    (
        "with another first character",
        |v| Some(format!("{}{}", if v.starts_with('A') { "B" } else { "A" }, &v[1..])),
        GRANT,
    ),
    ("in the other case", |v| Some(swap_case(v)), GRANT),
    ("with one character more", |v| Some(format!("{v}A")), GRANT),
    ("with one character less", |v| v.get(..v.len() - 1).map(str::to_owned), VERIFIER),
    ("followed by NUL", |v| Some(format!("{v}\0junk")), VERIFIER),
    ("followed by a space", |v| Some(format!("{v} ")), VERIFIER),
    ("after a space", |v| Some(format!(" {v}")), VERIFIER),
    ("that decodes to the same octets", same_octets, GRANT),
];
