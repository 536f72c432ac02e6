//! The attacker guesses the reference of somebody else's request. Where references count up, or tell the time, a few
//! tries find one that is alive, with everything that the client wanted to keep off the link.

use std::collections::HashSet;

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::Finding;
use crate::target::Registration;
use crate::verdict::{Level, Verdict};

use super::refused::{PAR, push};

/// `as-par-guess`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-par-guess",
        name: "Guessable references",
        story: story!("par_guess.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 9126 sections 2.2 and 7.1, RFC 6749 section 10.10",
        steps: &["A client pushes a hundred requests.", "The references are compared, position by position."],
        secure: "As far as a hundred references show, they hold 128 random bits and more.",
        insecure: "Two are the same, or so little differs that the next one can be guessed.",
        defence: "References are drawn from a cryptographic random generator.",
        level: Level::Must,
        levels: &[],
    },
    on: On::OneClient,
    needs: &[PAR],
    run: |bench, client| Box::pin(run(bench, client)),
};

/// How many references are looked at.
const LOOKED_AT: usize = 100;
/// How many random bits they must hold. A hundred samples show a little less than there is.
const ENOUGH_BITS: f64 = 118.0;
/// With fewer, the next one can be guessed.
const GUESSABLE_BITS: f64 = 64.0;

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let mut references = Vec::with_capacity(LOOKED_AT);
    for _ in 0..LOOKED_AT {
        references.push(push(&bench.authorization(client)).await?);
    }
    let bits = bits_seen(&references);
    let distinct: HashSet<_> = references.iter().collect();
    let finding = if distinct.len() < references.len() {
        Finding::new(Verdict::Vulnerable, "two pushed requests have the same reference")
    } else if bits < GUESSABLE_BITS {
        Finding::new(Verdict::Vulnerable, format!("references differ in about {bits:.0} bits"))
    } else if bits < ENOUGH_BITS {
        Finding::new(Verdict::Vulnerable, format!("references differ in about {bits:.0} bits")).at(Level::Should)
    } else {
        Finding::new(Verdict::Stopped, format!("references differ in about {bits:.0} bits"))
    };
    bench.found(finding, None);
    Ok(())
}

/// How many bits differ: for each position the logarithm of how many different characters stand there.
fn bits_seen(references: &[String]) -> f64 {
    let longest = references.iter().map(|reference| reference.chars().count()).max().unwrap_or_default();
    let at = |position: usize| references.iter().map(|one| one.chars().nth(position)).collect::<HashSet<_>>().len();
    // There are at most a hundred different characters at a position.
    (0..longest).map(|position| f64::from(u8::try_from(at(position)).unwrap_or(u8::MAX)).log2()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::fresh;

    #[test]
    fn random_references_hold_enough_and_numbers_do_not() {
        let random: Vec<_> = (0..LOOKED_AT).map(|_| format!("urn:{}", fresh())).collect();
        assert!(bits_seen(&random) > ENOUGH_BITS);
        let numbers: Vec<_> = (0..LOOKED_AT).map(|number| format!("urn:{}", 1_000_000 + number)).collect();
        assert!(bits_seen(&numbers) < 10.0);
        let times: Vec<_> = (0..LOOKED_AT).map(|number| format!("urn:{}", 1_790_000_000_000 + number * 17)).collect();
        assert!(bits_seen(&times) < GUESSABLE_BITS);
    }
}
