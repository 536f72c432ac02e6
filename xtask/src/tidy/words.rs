//! Words that may stand in some places only, or nowhere.

use super::source::{line_of, words};
use super::{Tree, Violation};

/// What is searched.
#[derive(Clone, Copy)]
enum In {
    /// Code, tests too.
    Code,
    /// Code and comments.
    Prose,
    /// Code that ships.
    Shipped,
}

/// Text that may stand only under some paths.
struct Rule {
    words: &'static [&'static str],
    within: In,
    /// Where the rule holds; empty is everywhere.
    scope: &'static str,
    /// Where the words may stand nevertheless, and why.
    but: &'static [(&'static str, &'static str)],
    why: &'static str,
}

const RULES: &[Rule] = &[
    Rule {
        words: &["TODO", "FIXME", "XXX", "todo!", "unimplemented!"],
        within: In::Prose,
        scope: "",
        but: &[],
        why: "what is not done is not merged; what is to be done is an issue",
    },
    Rule {
        words: &["#[ignore"],
        within: In::Code,
        scope: "",
        but: &[],
        why: "assert today's behaviour, and say in the test what should change",
    },
    Rule {
        words: &["#[should_panic]"],
        within: In::Code,
        scope: "",
        but: &[],
        why: "any panic would pass; name the message with `expected`",
    },
    Rule {
        words: &["#[allow(", "#![allow("],
        within: In::Code,
        scope: "",
        but: &[],
        why: "`#[expect(…, reason = …)]` says why, and is found when it is no longer needed",
    },
    Rule {
        words: &["axum", "hyper", "hyper_util"],
        within: In::Shipped,
        scope: "crates/mock-idp/src/",
        but: &[("crates/mock-idp/src/http/", "this is where it lives")],
        why: "the web framework lives under http/ and nowhere else",
    },
    Rule {
        words: &["Fault"],
        within: In::Shipped,
        scope: "crates/mock-idp/src/",
        but: &[
            ("crates/mock-idp/src/http/tap", "faults act where replies leave"),
            ("crates/mock-idp/src/running", "whoever started the server mounts them there"),
            ("crates/mock-idp/src/http/control", "faults come in from other processes"),
        ],
        why: "protocol code is honest; only the tap and the control API know of faults",
    },
    Rule {
        words: &["SystemTime::now", "Instant::now", "Utc::now"],
        within: In::Shipped,
        scope: "crates/mock-idp/src/",
        but: &[("crates/mock-idp/src/ports/clock.rs", "this is the port")],
        why: "time comes in through ports/clock, so that a test can move it",
    },
    Rule {
        words: &["rand", "getrandom", "SystemRandom"],
        within: In::Shipped,
        scope: "crates/mock-idp/src/",
        but: &[
            ("crates/mock-idp/src/ports/dice.rs", "this is the port"),
            (
                "crates/mock-idp/src/ports/keys/signing_key.rs",
                "the nonces of ECDSA and the salts of PSS are the library's own",
            ),
        ],
        why: "randomness comes in through ports/dice, so that a test can fix it",
    },
];

pub(super) fn check(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    for file in tree.rust() {
        for rule in RULES {
            if !file.path.starts_with(rule.scope) || rule.but.iter().any(|(but, _)| file.path.starts_with(but)) {
                continue;
            }
            let text = match rule.within {
                In::Code => &file.code,
                In::Prose => &file.prose,
                In::Shipped => file.shipped(),
            };
            for word in rule.words {
                let places = words(text, word);
                found.extend(places.map(|at| Violation::at(file, line_of(text, at), format!("`{word}`"), rule.why)));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::tests::found;
    use super::*;

    #[test]
    fn every_rule_can_fail_and_can_hold() {
        for rule in RULES {
            for word in rule.words {
                let text = format!("//!\nlet a = {word};\n");
                let path = format!("{}specs/a.rs", rule.scope);
                assert_eq!(found(check, &[(&path, &text)]), [format!("{path}:2: `{word}`")]);
                let text = format!("//!\nlet a = \"{word}\";\n// a{word}\n");
                let commented = usize::from(word.starts_with('#') && matches!(rule.within, In::Prose));
                assert_eq!(found(check, &[(&path, &text)]).len(), commented, "{word}");
                for (but, _) in rule.but {
                    let path = if but.ends_with(".rs") { (*but).to_owned() } else { format!("{but}/a.rs") };
                    let text = format!("//!\nlet a = {word};\n");
                    assert_eq!(found(check, &[(&path, &text)]).len(), 0, "{word} in {path}");
                }
            }
        }
    }

    #[test]
    fn what_is_left_to_do_is_found_in_comments() {
        let word = ["TO", "DO"].concat();
        assert_eq!(found(check, &[("a.rs", &format!("//!\n// {word}: later\n"))]).len(), 1);
    }

    #[test]
    fn a_panic_with_a_message_is_fine() {
        assert_eq!(found(check, &[("a.rs", "#[should_panic(expected = \"x\")]")]).len(), 0);
    }

    #[test]
    fn tests_may_use_the_framework() {
        let text = "#[cfg(test)]\nmod tests { use axum::Router; }";
        assert_eq!(found(check, &[("crates/mock-idp/src/a.rs", text)]).len(), 0);
        assert_eq!(found(check, &[("crates/mock-idp/tests/it/a.rs", "use axum::Router;")]).len(), 0);
    }
}
