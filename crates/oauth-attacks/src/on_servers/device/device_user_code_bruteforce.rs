//! User codes are short, since people type them. The attacker enters one after the other until one fits a device that
//! waits, and connects it to an account of their own, or learns who waits. Only a bound on the number of guesses
//! keeps a short code safe.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::bench::Bench;
use crate::device::Device;
use crate::dice::fresh;
use crate::judge::Finding;
use crate::target::Registration;
use crate::target::Role;
use crate::user_agent::{Page, Reached};
use crate::verdict::{Level, Verdict};

/// `as-device-user-code-bruteforce`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-device-user-code-bruteforce",
        name: "Guessing user codes",
        story: story!("device_user_code_bruteforce.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 8628 section 5.1 and section 6.1",
        steps: &[
            "Get several user codes, and measure how many there could be.",
            "Enter two hundred wrong codes in one browser.",
            "Enter a right one.",
        ],
        secure: "After some guesses no code is taken any more, and there are more than a million codes.",
        insecure: "The right code is taken after two hundred guesses, or there are too few codes.",
        defence: "Guesses are bounded, and the bound fits the number of codes.",
        level: Level::Should,
        levels: &[],
    },
    on: On::Client(Role::Device),
    needs: &[Need::Endpoint("device_authorization_endpoint"), Need::Permission, Need::Alone],
    run: |bench, client| Box::pin(run(bench, client)),
};

/// How many wrong codes are entered.
const GUESSES: usize = 200;
/// How many codes are looked at.
const SAMPLES: usize = 20;
/// How long a server may go on without taking any code.
const LOCKED_OUT: Duration = Duration::from_secs(60);
/// The least entropy of a user code, in bits.
const LEAST_BITS: f64 = 20.0;

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let mut codes = Vec::new();
    for _ in 0..SAMPLES {
        codes.push(Device::begin(bench, client).await?.user_code);
    }
    bench.found(strength(&codes), None);
    let device = Device::begin(bench, client).await?;
    let browser = bench.browser();
    bench.log_in(&browser).await?;
    let before = match device.enter(&browser, &device.user_code).await? {
        Reached::Page(page) if page.answer().status < 400 => page,
        _ => return Err(Inconclusive::new("an honest user code was not taken")),
    };
    for _ in 0..GUESSES {
        let guess = wrong(&device.user_code);
        if takes(&device.enter(&browser, &guess).await?, &before) {
            let because = "a guessed user code was taken";
            bench.found(Finding::new(Verdict::Vulnerable, because), None);
        }
    }
    let after = device.enter(&browser, &device.user_code).await?;
    let taken = takes(&after, &before);
    let answer = match after {
        Reached::Page(page) => page.answer().clone(),
        Reached::Landed(answer) => answer,
    };
    let finding = match taken {
        true => Finding::new(Verdict::Vulnerable, format!("a user code is taken after {GUESSES} wrong ones")),
        false => Finding::new(Verdict::Stopped, format!("no user code is taken any more after {GUESSES} wrong ones")),
    };
    bench.found(finding, Some(&answer));
    // Whoever comes next need not suffer from it, if that can be helped.
    let _ = bench.let_pass(LOCKED_OUT).await;
    Ok(())
}

/// Whether the server goes on as it did with a right code. The page that asks for a code once more is another one, even
/// if it comes with 200.
fn takes(reached: &Reached, right: &Page) -> bool {
    match reached {
        Reached::Page(page) => page.answer().status < 400 && page.looks_like(right),
        Reached::Landed(_) => false,
    }
}

/// Another code of the same shape.
fn wrong(code: &str) -> String {
    let mut dice = fresh().into_bytes().into_iter().cycle();
    let mut draw = |alphabet: &[u8]| {
        let number = dice.next().map_or(0, usize::from);
        alphabet.get(number % alphabet.len()).copied().map_or('B', char::from)
    };
    code.chars()
        .map(|character| match character {
            '0'..='9' => draw(b"0123456789"),
            'a'..='z' => draw(b"bcdfghjklmnpqrstvwxz"),
            'A'..='Z' => draw(b"BCDFGHJKLMNPQRSTVWXZ"),
            other => other,
        })
        .collect()
}

/// How many codes there could be, by the characters that were seen.
fn strength(codes: &[String]) -> Finding {
    let distinct: BTreeSet<_> = codes.iter().collect();
    let letters = |code: &String| code.chars().filter(|character| character.is_alphanumeric()).collect::<Vec<_>>();
    let alphabet: BTreeSet<_> = codes.iter().flat_map(letters).collect();
    let shortest = codes.iter().map(|code| letters(code).len()).min().unwrap_or_default();
    let bits = (0..shortest).map(|_| f64::from(u32::try_from(alphabet.len()).unwrap_or(1)).log2()).sum::<f64>();
    if distinct.len() < codes.len() {
        return Finding::new(Verdict::Vulnerable, "a user code is handed out twice");
    }
    match bits < LEAST_BITS {
        true => Finding::new(Verdict::Vulnerable, format!("a user code has {bits:.0} bits of entropy at most")),
        false => Finding::new(Verdict::Stopped, format!("a user code has about {bits:.0} bits of entropy")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strength_of_codes_is_told_by_their_length_and_alphabet() {
        let weak: Vec<_> = (1000..1020).map(|code: u32| code.to_string()).collect();
        assert!(strength(&weak).because.contains("bits of entropy at most"));
        let strong: Vec<_> = (0..20).map(|_| wrong("BCDF-GHJK")).collect();
        assert_eq!(strength(&strong).verdict, Verdict::Stopped, "{}", strength(&strong).because);
        assert_eq!(strength(&["BCDF-GHJK".to_owned(), "BCDF-GHJK".to_owned()]).verdict, Verdict::Vulnerable);
    }

    #[test]
    fn a_guess_has_the_shape_of_the_code() {
        let guess = wrong("BC12-xy");
        assert!(guess.chars().nth(4) == Some('-') && guess.len() == 7);
        assert!(
            guess[2..4].bytes().all(|octet| octet.is_ascii_digit())
                && guess[5..].bytes().all(|octet| octet.is_ascii_lowercase())
        );
    }
}
