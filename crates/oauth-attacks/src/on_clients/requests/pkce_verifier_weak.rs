//! The client's verifiers are made of a clock, a counter, a short alphabet or a weak generator. A thief who has seen
//! some of them, or knows the time, guesses the next one.

use std::collections::BTreeSet;

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::observe::{self, Login};
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-pkce-verifier-weak`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-pkce-verifier-weak",
        name: "Verifier that can be guessed",
        story: story!("pkce_verifier_weak.rs"),
        capabilities: &[Capability::A3],
        citation: "RFC 7636 sections 4.1 and 7.1",
        steps: &["The client logs in 32 times.", "Its verifiers are compared with each other."],
        secure: "Nothing can be seen that they have in common.",
        insecure: "They repeat, begin alike, grow, or are made of few characters.",
        defence: "Verifiers are drawn from a generator that nobody can predict, 256 bits each.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: true,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = observe::lenient(stage).await?;
    let logins = observe::logins(stage, &idp, SAMPLE).await?;
    let verifiers = logins.iter().map(Login::verifier).collect::<Result<Vec<_>, _>>()?;
    observe::look(stage, &logins, "nothing can be seen that would help to guess verifiers", |_| {
        Ok(weakness(&verifiers))
    })
}

/// How many logins are looked at.
const SAMPLE: usize = 32;

/// The least number of bits a character carries on average. A hexadecimal digit carries four.
const LEAST_BITS: f64 = 3.9;

/// What would help to guess verifiers. It can prove weakness, never strength.
fn weakness(verifiers: &[&str]) -> Option<String> {
    let different: BTreeSet<_> = verifiers.iter().collect();
    if different.len() < verifiers.len() {
        return Some("two logins have the same verifier".to_owned());
    }
    let prefix = common_prefix(verifiers);
    if prefix > 4 {
        return Some(format!("all verifiers begin with the same {prefix} characters"));
    }
    let shortest = verifiers.iter().map(|verifier| verifier.len()).min().unwrap_or_default();
    let fixed = (0..shortest).filter(|at| is_fixed(verifiers, *at)).count();
    if 4 * fixed > shortest {
        return Some(format!("{fixed} of {shortest} characters are the same in all verifiers"));
    }
    if verifiers.is_sorted() || verifiers.iter().rev().is_sorted() {
        return Some("each verifier is greater than the one before, like a clock or a counter".to_owned());
    }
    let symbols: BTreeSet<_> = verifiers.iter().flat_map(|verifier| verifier.bytes()).collect();
    if symbols.len() < 16 {
        return Some(format!("verifiers are made of {} different characters", symbols.len()));
    }
    let bits = bits_per_character(verifiers);
    (bits < LEAST_BITS).then(|| format!("a character of a verifier carries {bits:.1} bits"))
}

fn common_prefix(verifiers: &[&str]) -> usize {
    let Some((first, others)) = verifiers.split_first() else { return 0 };
    (0..first.len())
        .take_while(|at| others.iter().all(|other| other.as_bytes().get(*at) == Some(&first.as_bytes()[*at])))
        .count()
}

fn is_fixed(verifiers: &[&str], at: usize) -> bool {
    let different: BTreeSet<_> = verifiers.iter().map(|verifier| verifier.as_bytes().get(at)).collect();
    different.len() == 1
}

/// Shannon's entropy of a character, over all verifiers.
fn bits_per_character(verifiers: &[&str]) -> f64 {
    let mut counts = [0_u32; 256];
    for octet in verifiers.iter().flat_map(|verifier| verifier.bytes()) {
        counts[usize::from(octet)] += 1;
    }
    let total = f64::from(counts.iter().sum::<u32>().max(1));
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| f64::from(*count) / total)
        .map(|share| -share * share.log2())
        .sum()
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;
    use crate::dice::fresh;

    fn of(make: impl Fn(usize) -> String) -> Option<String> {
        let verifiers: Vec<_> = (0..SAMPLE).map(make).collect();
        weakness(&verifiers.iter().map(String::as_str).collect::<Vec<_>>())
    }

    #[test]
    fn random_verifiers_show_nothing_in_any_alphabet() {
        assert_eq!(of(|_| fresh()), None);
        // Digits of the octets that were drawn: those of their letters would be uneven.
        let hexadecimal = |_| {
            let octets = URL_SAFE_NO_PAD.decode(fresh()).expect("base64url");
            octets.iter().map(|octet| format!("{octet:02x}")).collect()
        };
        assert_eq!(of(hexadecimal), None);
    }

    #[test]
    fn each_weakness_is_named() {
        let long = "x".repeat(20);
        let cases: [(&str, &dyn Fn(usize) -> String); 6] = [
            ("two logins have the same verifier", &|_| "a".repeat(43)),
            ("all verifiers begin with the same 6 characters", &|_| format!("170000{}", fresh())),
            ("20 of 63 characters are the same in all verifiers", &|_| {
                format!("{}{long}{}", &fresh()[..22], &fresh()[..21])
            }),
            ("each verifier is greater than the one before, like a clock or a counter", &|n| {
                format!("{}{}", char::from(b'A' + n as u8), fresh())
            }),
            ("verifiers are made of 10 different characters", &|_| {
                fresh().bytes().map(|o| char::from(b'0' + o % 10)).collect()
            }),
            ("a character of a verifier carries", &|_| {
                format!("{}{}", fresh().bytes().map(|o| char::from(b'a' + o % 2)).collect::<String>(), &fresh()[..9])
            }),
        ];
        for (expected, make) in cases {
            let found = of(make).unwrap_or_default();
            assert!(found.starts_with(expected), "{expected}: {found}");
        }
    }
}
