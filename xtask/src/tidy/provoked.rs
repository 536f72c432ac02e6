//! Every refusal is provoked by a test.

use std::collections::{HashMap, HashSet};

use super::source::line_of;
use super::{File, Tree, Violation};

/// Where rules are defined and their tests are.
const FOLDER: &str = "crates/mock-idp/";
/// How the definition of a rule begins, whether it is written out or made by a function.
const DEFINITION: &str = ": Rule =";

/// Where a rule is enforced, and where it is provoked.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Places<'a> {
    /// The file that defines it.
    pub(crate) file: &'a str,
    /// The files whose tests name it.
    pub(crate) tests: Vec<&'a str>,
}

pub(super) fn check(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    for file in files(tree) {
        for (at, id) in rules(file) {
            let line = line_of(&file.text, at);
            if tests_of(tree, id).next().is_none() {
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

/// Where each rule is enforced and provoked.
pub(crate) fn places(tree: &Tree) -> HashMap<&str, Places<'_>> {
    let defined = files(tree).flat_map(|file| rules(file).map(|(_, id)| (id, file.path.as_str())));
    defined.map(|(id, file)| (id, Places { file, tests: tests_of(tree, id).collect() })).collect()
}

/// The ids of the rules a file defines, and where.
pub(crate) fn rules(file: &File) -> impl Iterator<Item = (usize, &str)> {
    let shipped = file.shipped().len();
    let definitions = file.text[..shipped].match_indices(DEFINITION);
    definitions.filter_map(move |(at, _)| {
        // The first text of a definition is its id; a definition ends with its line's last semicolon.
        let (body, _) = file.text[at..shipped].split_once(';')?;
        let (_, after) = body.split_once('"')?;
        Some((at, after.split_once('"')?.0))
    })
}

fn files(tree: &Tree) -> impl Iterator<Item = &File> {
    tree.rust().filter(|file| file.path.starts_with(FOLDER))
}

fn tests_of<'a>(tree: &'a Tree, id: &str) -> impl Iterator<Item = &'a str> {
    let quoted = format!("\"{id}\"");
    files(tree).filter(move |file| file.tests().contains(&quoted)).map(|file| file.path.as_str())
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
    fn a_rule_that_a_function_makes_is_one_too() {
        let made = "//!\nstatic A: Rule =\n    asked(\"rfc1-a\", \"4\", \"Say it\");\nstatic B: &[&Rule] = &[&A];\n";
        assert_eq!(
            found(check, &[("crates/mock-idp/src/a.rs", made)]),
            ["crates/mock-idp/src/a.rs:2: no test provokes the rule `rfc1-a`"]
        );
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
