//! Whether values that must be unguessable can be seen to be guessable. It can prove weakness, never strength.

use std::collections::{BTreeMap, BTreeSet};

/// How many values are looked at.
pub(super) const SAMPLE: usize = 32;

/// The least number of bits that are to be seen varying: so many values of 128 random bits show more than 90.
const LEAST_BITS: f64 = 64.0;

/// What would help to guess the next of these values, called `what`.
pub(super) fn guessable(what: &str, values: &[&str]) -> Option<String> {
    let different: BTreeSet<_> = values.iter().collect();
    if different.len() < values.len() {
        return Some(format!("two logins have the same {what}"));
    }
    let bits = varying_bits(values);
    (bits < LEAST_BITS).then(|| format!("no more than {bits:.0} bits of the {what} vary"))
}

/// The sum of Shannon's entropy at each place. Values may have constant parts: these do not count.
fn varying_bits(values: &[&str]) -> f64 {
    let shortest = values.iter().map(|value| value.len()).min().unwrap_or_default();
    (0..shortest).map(|at| bits_at(values, at)).sum()
}

fn bits_at(values: &[&str], at: usize) -> f64 {
    let mut counts: BTreeMap<u8, u32> = BTreeMap::new();
    for octet in values.iter().filter_map(|value| value.as_bytes().get(at)) {
        *counts.entry(*octet).or_default() += 1;
    }
    let total = f64::from(counts.values().sum::<u32>().max(1));
    counts.values().map(|count| f64::from(*count) / total).map(|share| -share * share.log2()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::fresh;

    fn of(make: impl Fn(usize) -> String) -> Option<String> {
        let values: Vec<_> = (0..SAMPLE).map(make).collect();
        guessable("state", &values.iter().map(String::as_str).collect::<Vec<_>>())
    }

    #[test]
    fn random_values_show_nothing_in_any_form() {
        assert_eq!(of(|_| fresh()), None);
        assert_eq!(of(|_| fresh()[..22].to_owned()), None);
        assert_eq!(of(|n| format!("1700000{n:03}-{}", &fresh()[..22])), None);
        let hexadecimal = |o: u8| char::from_digit(u32::from(o) % 16, 16).unwrap();
        assert_eq!(of(|_| fresh().bytes().take(32).map(hexadecimal).collect()), None);
    }

    #[test]
    fn each_weakness_is_named() {
        assert_eq!(of(|_| "x".to_owned()).unwrap(), "two logins have the same state");
        let weak: [&dyn Fn(usize) -> String; 3] =
            [&|n| format!("{:022}", 1_000_000 + n), &|n| format!("1700000{n:03}"), &|_| {
                fresh().bytes().take(12).map(|o| char::from(b'0' + o % 10)).collect()
            }];
        for make in weak {
            assert!(of(make).unwrap().starts_with("no more than"));
        }
    }
}
