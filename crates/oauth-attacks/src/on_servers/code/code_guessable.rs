//! The attacker collects codes and works out how much of the next one is chance. Codes that count, tell the time or
//! come from a small space are guessed without anybody having to be robbed. What varies in two hundred codes is an
//! upper bound of what chance put into them, so this convicts and never acquits.

use std::collections::{BTreeMap, BTreeSet};

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::Finding;
use crate::target::Registration;
use crate::trace::{Party, Step};
use crate::verdict::{Level, Verdict};

/// `as-code-guessable`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-code-guessable",
        name: "Codes that can be guessed",
        story: story!("code_guessable.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 6749 section 10.10",
        steps: &[
            "Two hundred codes are issued to one client.",
            "The bits in which they differ are counted, place by place.",
        ],
        secure: "No two codes are alike, and each carries 160 bits or more that nobody can foresee.",
        insecure: "Codes repeat, or carry fewer than 128 bits.",
        defence: "A code is drawn from a generator that nobody can predict, with 160 bits or more.",
        level: Level::Must,
        levels: &[],
    },
    on: On::OneClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let aside = bench.aside();
    let mut codes = Vec::with_capacity(COLLECTED);
    for _ in 0..COLLECTED / 4 {
        let grant = || aside.grant(client);
        let (one, two, three, four) = tokio::join!(grant(), grant(), grant(), grant());
        for grant in [one, two, three, four] {
            codes.push(grant?.code.expose().to_owned());
        }
    }
    let finding = judge(&codes);
    bench.agent().note(Step {
        from: Party::Attacker,
        to: Party::Server,
        message: format!("{COLLECTED} authorization requests"),
        parameters: Vec::new(),
        answer: Some(finding.because.clone()),
        remark: None,
        stopped: false,
        exchange: None,
    });
    bench.found(finding, None);
    Ok(())
}

/// How many codes are looked at.
const COLLECTED: usize = 200;
/// What the estimate may be off by, in bits.
const DOUBT: f64 = 1.0;

fn judge(codes: &[String]) -> Finding {
    let distinct: BTreeSet<_> = codes.iter().collect();
    if distinct.len() < codes.len() {
        let because = format!("{} codes of {} were issued before", codes.len() - distinct.len(), codes.len());
        return Finding::new(Verdict::Vulnerable, because);
    }
    let bits = chance(codes);
    let told = format!("{} codes differ in {bits:.0} bits", codes.len());
    if bits + DOUBT < 128.0 {
        return Finding::new(Verdict::Vulnerable, format!("{told}, and 128 are the least"));
    }
    if bits + DOUBT < 160.0 {
        return Finding::new(Verdict::Vulnerable, format!("{told}, and 160 are asked for")).at(Level::Should);
    }
    Finding::new(Verdict::Stopped, told)
}

/// The bits in which texts differ: the Shannon entropy of each place, with the correction of Miller and Madow for small
/// samples. Places that always say the same as an earlier one say nothing.
fn chance(texts: &[String]) -> f64 {
    let longest = texts.iter().map(String::len).max().unwrap_or_default();
    let places: BTreeSet<Vec<Option<u8>>> =
        (0..longest).map(|at| texts.iter().map(|text| text.as_bytes().get(at).copied()).collect()).collect();
    places.iter().map(|place| entropy(place)).sum()
}

fn entropy(place: &[Option<u8>]) -> f64 {
    let mut counts: BTreeMap<Option<u8>, u32> = BTreeMap::new();
    for octet in place {
        *counts.entry(*octet).or_default() += 1;
    }
    let all: u32 = counts.values().sum();
    let total = f64::from(all);
    let counted = counts.values().map(|count| f64::from(*count) / total).map(|share| -share * share.log2());
    let kinds = f64::from(u32::try_from(counts.len().saturating_sub(1)).unwrap_or_default());
    counted.sum::<f64>() + kinds / (2.0 * total * std::f64::consts::LN_2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::fresh;

    fn verdict(codes: impl Iterator<Item = String>) -> (Verdict, Option<Level>) {
        let finding = judge(&codes.take(COLLECTED).collect::<Vec<_>>());
        (finding.verdict, finding.level)
    }

    #[test]
    fn chance_is_told_from_counting() {
        let drawn = || std::iter::repeat_with(fresh);
        assert_eq!(verdict(drawn()), (Verdict::Stopped, None));
        assert_eq!(verdict(drawn().map(|text| format!("code-{}", &text[..27]))), (Verdict::Stopped, None));
        assert_eq!(verdict(drawn().map(|text| text[..24].to_owned())).1, Some(Level::Should));
        assert_eq!(verdict(drawn().map(|text| text[..12].repeat(4))), (Verdict::Vulnerable, None));
        assert_eq!(verdict((0..).map(|number| format!("{number:043}"))), (Verdict::Vulnerable, None));
        assert_eq!(verdict(std::iter::repeat_n(fresh(), COLLECTED)), (Verdict::Vulnerable, None));
    }

    #[test]
    fn a_fair_place_has_as_many_bits_as_it_can_have() {
        let fair: Vec<_> = (0..=u8::MAX).map(Some).collect();
        assert!((entropy(&fair) - 8.0).abs() < 1.0);
        assert!(entropy(&[Some(1); 8]).abs() < f64::EPSILON);
    }
}
