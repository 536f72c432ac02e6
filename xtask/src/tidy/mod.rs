//! `cargo xtask tidy`: the rules of the house that neither rustc nor clippy knows.
//!
//! Every rule is data with a reason, and every rule has a unit test that shows it can fail. Files are read as text;
//! nothing is compiled.

mod layers;
mod leaks;
mod manifests;
mod provoked;
mod source;
mod style;
mod words;

use std::fmt;
use std::path::Path;
use std::process::Command;

pub(crate) use provoked::{Places, places};
pub(crate) use source::File;

/// The files that are looked at: those git knows or would add.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    pub(crate) files: Vec<File>,
}

/// A rule that a line breaks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Violation {
    path: String,
    line: usize,
    what: String,
    why: String,
}

impl Violation {
    fn at(file: &File, line: usize, what: impl Into<String>, why: impl Into<String>) -> Self {
        Self { path: file.path.clone(), line, what: what.into(), why: why.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}, {}", self.path, self.line, self.what, self.why)
    }
}

impl Tree {
    /// Reads the tree at `root`. Files that are not text are left out.
    pub(crate) fn read(root: &Path) -> Result<Self, String> {
        let listed = Command::new("git")
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .current_dir(root)
            .output()
            .map_err(|error| format!("git ls-files, which names the files to look at, cannot be run: {error}"))?;
        if !listed.status.success() {
            return Err(format!("git ls-files failed: {}", String::from_utf8_lossy(&listed.stderr).trim()));
        }
        let names = String::from_utf8_lossy(&listed.stdout);
        let read = |name: &str| Some(File::new(name, std::fs::read_to_string(root.join(name)).ok()?));
        Ok(Self { files: names.split_terminator('\0').filter_map(read).collect() })
    }

    /// Rust files.
    fn rust(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| file.is_rust())
    }

    /// Every violation, by path and line.
    pub(crate) fn violations(&self) -> Vec<Violation> {
        let checks = [layers::check, leaks::check, manifests::check, provoked::check, style::check, words::check];
        let mut found: Vec<Violation> = checks.iter().flat_map(|check| check(self)).collect();
        found.sort();
        found
    }
}

/// Looks at the tree; the answer is how many files there are, or every violation.
pub(crate) fn run(root: &Path) -> Result<String, String> {
    let tree = Tree::read(root)?;
    let found = tree.violations();
    if found.is_empty() {
        return Ok(format!("{} files are tidy", tree.files.len()));
    }
    let lines: Vec<String> = found.iter().map(ToString::to_string).collect();
    Err(format!("{}\n{} violations", lines.join("\n"), lines.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `check` finds in these files, as `path:line: what`, without the reasons.
    pub(super) fn found(check: fn(&Tree) -> Vec<Violation>, files: &[(&str, &str)]) -> Vec<String> {
        let tree = Tree { files: files.iter().map(|(path, text)| File::new(path, (*text).to_owned())).collect() };
        check(&tree).iter().map(|v| format!("{}:{}: {}", v.path, v.line, v.what)).collect()
    }

    #[test]
    fn a_violation_is_one_line() {
        let file = File::new("a.rs", String::new());
        assert_eq!(Violation::at(&file, 3, "what", "why").to_string(), "a.rs:3: what, why");
    }

    #[test]
    fn this_tree_is_tidy() {
        let root = crate::root();
        assert_eq!(run(&root).map(|_| ()), Ok(()));
    }
}
