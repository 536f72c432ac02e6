//! What a file looks like: its opening, its length, its name, its line ends.

use super::{File, Tree, Violation};

/// More lines than a reader holds in mind.
const LONGEST: usize = 450;
/// The same for a file of tests, which is a list of sentences and read one by one.
const LONGEST_OF_TESTS: usize = 650;

/// Names that say nothing about what is inside.
const EMPTY_NAMES: &[&str] = &["utils", "util", "helpers", "helper", "common", "misc"];

/// Programs that must not compile: their names are sentences, and the compiler's words about them name lines.
const MISUSE: &str = "/tests/misuse/";

/// Folders whose files are kept octet for octet: they came from elsewhere, or are compared whole.
const KEPT: &[&str] = &["fixtures/"];

pub(super) fn check(tree: &Tree) -> Vec<Violation> {
    let mut found = Vec::new();
    for file in &tree.files {
        if !KEPT.iter().any(|kept| file.path.starts_with(kept)) {
            ends(file, &mut found);
        }
        name(file, &mut found);
        if file.is_rust() {
            opening(file, &mut found);
            length(file, &mut found);
        }
    }
    found
}

fn opening(file: &File, found: &mut Vec<Violation>) {
    if !file.text.starts_with("//!") && !file.path.contains(MISUSE) {
        found.push(Violation::at(
            file,
            1,
            "the file does not open with `//!`",
            "a reader asks first what a file is for",
        ));
    }
}

fn length(file: &File, found: &mut Vec<Violation>) {
    let lines = file.text.lines().count();
    let longest = if file.is_test() { LONGEST_OF_TESTS } else { LONGEST };
    if lines > longest {
        let why = format!("at most {longest} lines are read in one go; split it by what it is about");
        found.push(Violation::at(file, longest + 1, format!("the file has {lines} lines"), why));
    }
}

fn name(file: &File, found: &mut Vec<Violation>) {
    let empty = file.path.split('/').find(|part| {
        let stem = part.split('.').next().unwrap_or_default();
        EMPTY_NAMES.contains(&stem)
    });
    if let Some(part) = empty {
        found.push(Violation::at(
            file,
            1,
            format!("`{part}` is a name for anything"),
            "files are found by what they are about",
        ));
    }
}

fn ends(file: &File, found: &mut Vec<Violation>) {
    for (number, line) in file.text.split('\n').enumerate() {
        if line.ends_with([' ', '\t', '\r']) {
            found.push(Violation::at(
                file,
                number + 1,
                "white space at the end of the line",
                "it shows up in diffs as a change",
            ));
        }
    }
    if !file.text.is_empty() && !file.text.ends_with('\n') {
        let lines = file.text.lines().count();
        found.push(Violation::at(
            file,
            lines,
            "the last line has no end",
            "the next line added changes this one as well",
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::found;
    use super::*;

    #[test]
    fn a_file_says_what_it_is_for() {
        assert_eq!(found(check, &[("a.rs", "fn a() {}\n")]), ["a.rs:1: the file does not open with `//!`"]);
        assert_eq!(found(check, &[("a.rs", "//! A.\n"), ("a.md", "A\n")]).len(), 0);
        assert_eq!(found(check, &[("crates/a/tests/misuse/a_login_is_not_copied.rs", "use b;\n")]).len(), 0);
    }

    #[test]
    fn a_long_file_is_named() {
        let lines = |count: usize| format!("//! A.\n{}", "\n".repeat(count - 1));
        assert_eq!(found(check, &[("a.rs", &lines(LONGEST))]).len(), 0);
        assert_eq!(found(check, &[("a.rs", &lines(LONGEST + 1))]), ["a.rs:451: the file has 451 lines"]);
        let test = "crates/a/tests/it/a.rs";
        assert_eq!(found(check, &[(test, &lines(LONGEST_OF_TESTS))]).len(), 0);
        assert_eq!(found(check, &[(test, &lines(LONGEST_OF_TESTS + 1))]).len(), 1);
    }

    #[test]
    fn names_say_something() {
        assert_eq!(found(check, &[("src/utils.rs", "//!\n")]), ["src/utils.rs:1: `utils.rs` is a name for anything"]);
        assert_eq!(found(check, &[("tests/common/mod.rs", "//!\n")]).len(), 1);
        assert_eq!(found(check, &[("src/commons.rs", "//!\n")]).len(), 0);
    }

    #[test]
    fn lines_end_where_they_end() {
        assert_eq!(found(check, &[("a.md", "a\nb \nc\t\r\n")]).len(), 2);
        assert_eq!(found(check, &[("a.md", "a\nb")]), ["a.md:2: the last line has no end"]);
        assert_eq!(found(check, &[("fixtures/a.json", "a ")]).len(), 0);
    }
}
