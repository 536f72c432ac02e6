//! A file as its code, its comments and its strings, told apart without parsing Rust.

/// A file of the tree.
#[derive(Debug)]
pub(crate) struct File {
    /// Where it is, from the root, with `/`.
    pub(crate) path: String,
    /// All of it.
    pub(crate) text: String,
    /// The text with comments and the insides of strings blanked; lines and columns stay.
    pub(crate) code: String,
    /// The text with the insides of strings blanked, comments kept.
    pub(crate) prose: String,
}

impl File {
    pub(crate) fn new(path: &str, text: String) -> Self {
        let (code, prose) = if is_rust(path) { blank(&text) } else { (String::new(), String::new()) };
        Self { path: path.to_owned(), text, code, prose }
    }

    pub(crate) fn is_rust(&self) -> bool {
        is_rust(&self.path)
    }

    /// Whether the whole file is there for tests, benches or examples.
    pub(crate) fn is_test(&self) -> bool {
        ["/tests/", "/benches/", "/examples/"].iter().any(|folder| self.path.contains(folder))
    }

    /// The code that ships: nothing of a test file, and otherwise up to the unit tests, which stand last.
    pub(crate) fn shipped(&self) -> &str {
        if self.is_test() {
            return "";
        }
        self.unit_tests_at().map_or(&self.code, |at| &self.code[..at])
    }

    /// The text of the tests: the whole file, the unit tests, or nothing.
    pub(crate) fn tests(&self) -> &str {
        match self.unit_tests_at() {
            _ if self.is_test() => &self.text,
            Some(at) => &self.text[at..],
            None => "",
        }
    }

    fn unit_tests_at(&self) -> Option<usize> {
        self.code.match_indices("#[cfg(test)]").map(|(at, _)| at).find(|at| {
            let after = self.code[at + "#[cfg(test)]".len()..].trim_start();
            // A module of its own file (`mod tests;`) is not the end of this one.
            after.strip_prefix("pub(crate) ").unwrap_or(after).starts_with("mod ")
                && after.find('{').is_some_and(|open| !after[..open].contains(';'))
        })
    }
}

/// The number of the line that octet `at` of `text` is in.
pub(crate) fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

/// Where `word` stands in `text` as a whole identifier or path of identifiers.
pub(crate) fn words<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let part_of_name = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word)
        .map(|(at, _)| at)
        .filter(move |at| !text[..*at].ends_with(part_of_name) && !text[at + word.len()..].starts_with(part_of_name))
}

fn is_rust(path: &str) -> bool {
    path.ends_with(".rs")
}

/// The text twice: without comments and strings, and without strings.
fn blank(text: &str) -> (String, String) {
    let (mut code, mut prose) = (String::with_capacity(text.len()), String::with_capacity(text.len()));
    let mut at = 0;
    while let Some(next) = text[at..].chars().next() {
        let rest = &text[at..];
        let (length, kind) = if rest.starts_with("//") {
            (rest.find('\n').unwrap_or(rest.len()), Kind::Comment)
        } else if rest.starts_with("/*") {
            (block_comment(rest), Kind::Comment)
        } else if let Some(length) = string(rest, &text[..at]) {
            (length, Kind::Literal)
        } else {
            (next.len_utf8(), Kind::Code)
        };
        let piece = &rest[..length];
        match kind {
            Kind::Code => (code.push_str(piece), prose.push_str(piece)),
            Kind::Comment => (code.push_str(&spaces(piece)), prose.push_str(piece)),
            Kind::Literal => (code.push_str(&spaces(piece)), prose.push_str(&spaces(piece))),
        };
        at += length;
    }
    (code, prose)
}

enum Kind {
    Code,
    Comment,
    Literal,
}

/// As many spaces as `text` has octets; line breaks stay.
fn spaces(text: &str) -> String {
    text.bytes().map(|octet| if octet == b'\n' { '\n' } else { ' ' }).collect()
}

/// The length of the block comment `text` starts with. They nest.
fn block_comment(text: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < text.len() {
        let octets = &text.as_bytes()[at..];
        at += match octets {
            [b'/', b'*', ..] => {
                depth += 1;
                2
            }
            [b'*', b'/', ..] => {
                depth -= 1;
                2
            }
            _ => 1,
        };
        if depth == 0 {
            break;
        }
    }
    at.min(text.len())
}

/// The length of the string or character `text` starts with, if it does. `before` tells `r"` from `or"`.
fn string(text: &str, before: &str) -> Option<usize> {
    let inside_name = before.ends_with(|c: char| c.is_alphanumeric() || c == '_');
    let prefix = ["br", "cr", "b", "c", "r", ""].iter().find(|prefix| {
        let after = text.strip_prefix(**prefix).unwrap_or_default();
        let begins = if prefix.ends_with('r') {
            after.trim_start_matches('#').starts_with('"')
        } else {
            after.starts_with(['"', '\''])
        };
        begins && (prefix.is_empty() || !inside_name)
    })?;
    let after = &text[prefix.len()..];
    if prefix.ends_with('r') {
        let hashes = after.len() - after.trim_start_matches('#').len();
        let close = format!("\"{}", "#".repeat(hashes));
        let start = prefix.len() + hashes + 1;
        return Some(text[start..].find(&close).map_or(text.len(), |at| start + at + close.len()));
    }
    if after.starts_with('\'') && is_lifetime(after) {
        return None;
    }
    let quote = after.chars().next()?;
    let mut escaped = false;
    let end = after.char_indices().skip(1).find(|(_, c)| {
        let ends = *c == quote && !escaped;
        escaped = *c == '\\' && !escaped;
        ends
    });
    Some(prefix.len() + end.map_or(after.len(), |(at, _)| at + 1))
}

/// `'a` rather than `'a'`.
fn is_lifetime(text: &str) -> bool {
    let mut characters = text.chars().skip(1);
    characters.next().is_some_and(|c| c.is_alphabetic() || c == '_') && characters.next() != Some('\'')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> String {
        blank(text).0.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn comments_and_strings_are_not_code() {
        assert_eq!(code("a // b\nc /* d /* e */ f */ g \"h\\\"i\" j"), "a c g j");
        assert_eq!(code("a r#\"b\" c\"# d b\"e\" br\"f\" g c\"h\""), "a d g");
        assert_eq!(code("for\"x\" 'a' '\\'' '\"' b'c' d"), "for d");
        assert_eq!(
            code("fn f<'a>(x: &'a str) -> &'static str { x } // 'b"),
            "fn f<'a>(x: &'a str) -> &'static str { x }"
        );
    }

    #[test]
    fn comments_are_prose_and_strings_are_not() {
        let (_, prose) = blank("a // b \"c\"\nd \"e // f\" g");
        assert_eq!(prose.split_whitespace().collect::<Vec<_>>(), ["a", "//", "b", "\"c\"", "d", "g"]);
    }

    #[test]
    fn places_stay() {
        let text = "a \"ä\n\" b /* c\n */ d";
        let (code, prose) = blank(text);
        assert_eq!((code.len(), prose.len()), (text.len(), text.len()));
        assert_eq!(line_of(&code, code.find('d').unwrap()), 3);
    }

    #[test]
    fn what_is_never_closed_ends_with_the_file() {
        for text in ["\"abc", "/* abc", "r#\"abc\"", "'\\", "b\""] {
            assert_eq!(blank(text).0.trim(), "", "{text}");
        }
    }

    #[test]
    fn unit_tests_do_not_ship() {
        let file = File::new("src/a.rs", "fn a() {}\n#[cfg(test)]\nmod tests { \"b\" }".to_owned());
        assert_eq!(file.shipped(), "fn a() {}\n");
        assert!(file.tests().contains("\"b\""));
        let file = File::new("src/a.rs", "#[cfg(test)]\nmod b;\nfn a() {}".to_owned());
        assert!(file.shipped().contains("fn a"));
        assert_eq!(File::new("x/tests/it/a.rs", "fn a() {}".to_owned()).shipped(), "");
    }

    #[test]
    fn words_are_whole() {
        assert_eq!(words("rand operand rand_core brand::rand", "rand").collect::<Vec<_>>(), [0, 30]);
    }
}
