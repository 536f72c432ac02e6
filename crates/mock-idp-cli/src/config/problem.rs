//! What is wrong with a configuration: where, what is asked for, and what to do. No value is told: it may be a secret.

use std::fmt;
use std::path::{Path as FilePath, PathBuf};

use super::node::{Path, Position};

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    /// Where it stands, if that is known.
    pub(super) at: Option<Position>,
    /// The way to it.
    pub(super) path: Path,
    /// What is wrong, and what is asked for.
    pub(super) says: String,
    /// What to do.
    pub(super) remedy: String,
}

/// A configuration file that cannot be used, with every mistake that was found. Each is told on a line of its own, as
/// editors and terminals read it: `mock.toml:4:1: client[0].redirect_uri: there is no such member; did you mean …?`.
#[derive(Debug)]
pub(crate) struct ConfigError {
    file: PathBuf,
    problems: Vec<Problem>,
}

impl ConfigError {
    pub(super) fn new(file: &FilePath, problems: Vec<Problem>) -> Self {
        Self { file: file.to_owned(), problems }
    }

    /// A file that is wrong as a whole.
    pub(super) fn whole(file: &FilePath, says: impl Into<String>, remedy: impl Into<String>) -> Self {
        let problem = Problem { at: None, path: Path::default(), says: says.into(), remedy: remedy.into() };
        Self::new(file, vec![problem])
    }

    /// Whether it is about the file as a whole, and no place in it.
    pub(crate) fn is_whole(&self) -> bool {
        self.problems.iter().all(|problem| problem.at.is_none())
    }

    /// Each mistake, in a line.
    pub(crate) fn lines(&self) -> Vec<String> {
        let line = |problem: &Problem| {
            let at = problem.at.map_or_else(String::new, |at| format!("{}:{}:", at.line, at.column));
            let path = match problem.path.0.is_empty() {
                true => String::new(),
                false => format!(" {}:", problem.path),
            };
            let remedy = if problem.remedy.is_empty() { "" } else { "; " };
            format!("{}:{at}{path} {}{remedy}{}", self.file.display(), problem.says, problem.remedy)
        };
        self.problems.iter().map(line).collect()
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lines().join("\n"))
    }
}

impl std::error::Error for ConfigError {}

/// Of the words that are known, the one that was probably meant.
pub(crate) fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let simple = |word: &str| word.to_lowercase().replace('_', "-");
    let word = simple(word);
    let far = |known: &str| strsim::damerau_levenshtein(&word, &simple(known));
    let near = known.iter().map(|known| (far(known), *known)).min_by_key(|(far, _)| *far);
    near.filter(|(far, known)| *far <= 1.max(known.len().min(word.len()) / 3)).map(|(_, known)| known)
}

/// What to say instead of a word: the one that was probably meant, or any of those that are known.
pub(crate) fn one_of(word: &str, known: &[&str]) -> String {
    match nearest(word, known) {
        Some(meant) => format!("did you mean {meant}?"),
        None if known.is_empty() => "leave it out".to_owned(),
        None => format!("known are {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_meant_is_found() {
        let known = &["redirect_uris", "client_id", "plain", "oidc"];
        for (word, meant) in [
            ("redirect_uri", Some("redirect_uris")),
            ("redirect-uris", Some("redirect_uris")),
            ("clientid", Some("client_id")),
            ("Plain", Some("plain")),
            ("odic", Some("oidc")),
            ("x", None),
            ("postgres://canary", None),
        ] {
            assert_eq!(nearest(word, known), meant, "{word}");
        }
        assert_eq!(one_of("x", known), "known are redirect_uris, client_id, plain, oidc");
    }
}
