//! Every refusal is provoked by a test.

use std::collections::HashSet;

use super::source::line_of;
use super::{File, Tree, Violation};

/// Where rules are defined and their tests are.
const FOLDER: &str = "crates/mock-idp/";
/// How the definition of a rule begins.
const DEFINITION: &str = ": Rule = Rule {";

pub(super) fn check(tree: &Tree) -> Vec<Violation> {
    let files: Vec<&File> = tree.rust().filter(|file| file.path.starts_with(FOLDER)).collect();
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    for file in &files {
        for (at, id) in rules(file) {
            let line = line_of(&file.text, at);
            if !files.iter().any(|file| file.tests().contains(&format!("\"{id}\""))) {
                let why = "a check that has never failed is not a check";
                found.push(Violation::at(file, line, format!("no test provokes the rule `{id}`"), why));
            }
            if !seen.insert(id) {
                let why = "an id stands for one sentence";
                found.push(Violation::at(file, line, format!("the rule `{id}` exists twice"), why));
            }
        }
    }
    found
}

/// The ids of the rules a file defines, and where.
pub(crate) fn rules(file: &File) -> impl Iterator<Item = (usize, &str)> {
    let shipped = file.shipped().len();
    let definitions = file.text[..shipped].match_indices(DEFINITION);
    definitions.filter_map(|(at, _)| {
        let (_, after) = file.text[at..].split_once("id: \"")?;
        Some((at, after.split_once('"')?.0))
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::found;
    use super::*;

    const RULE: &str = "//!\nstatic A: Rule = Rule {\n    id: \"rfc1-a\",\n};\n";

    #[test]
    fn a_rule_without_a_test_is_named() {
        assert_eq!(
            found(check, &[("crates/mock-idp/src/a.rs", RULE)]),
            ["crates/mock-idp/src/a.rs:2: no test provokes the rule `rfc1-a`"]
        );
        let elsewhere = ("crates/mock-idp/tests/it/a.rs", "//!\nfn a() { rule(\"rfc1-a-b\") }\n");
        assert_eq!(found(check, &[("crates/mock-idp/src/a.rs", RULE), elsewhere]).len(), 1);
    }

    #[test]
    fn a_rule_is_provoked_by_either_kind_of_test() {
        let inside = format!("{RULE}#[cfg(test)]\nmod tests {{ const A: &str = \"rfc1-a\"; }}\n");
        assert_eq!(found(check, &[("crates/mock-idp/src/a.rs", &inside)]).len(), 0);
        let test = ("crates/mock-idp/tests/it/a.rs", "//!\nfn a() { rule(\"rfc1-a\") }\n");
        assert_eq!(found(check, &[("crates/mock-idp/src/a.rs", RULE), test]).len(), 0);
    }

    #[test]
    fn an_id_is_given_once() {
        let twice = format!("{RULE}{RULE}#[cfg(test)]\nmod tests {{ const A: &str = \"rfc1-a\"; }}\n");
        assert_eq!(
            found(check, &[("crates/mock-idp/src/a.rs", &twice)]),
            ["crates/mock-idp/src/a.rs:6: the rule `rfc1-a` exists twice"]
        );
    }
}
