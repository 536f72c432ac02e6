//! Refusals: which sentence of which document was broken, and what the likely mistake is.

use std::borrow::Cow;
use std::fmt;

use oauth_types::ErrorCode;
use serde::Serialize;

/// The most octets of a hint.
const LONGEST_HINT: usize = 1000;

/// A specification.
#[derive(Debug, PartialEq, Eq)]
pub struct Document {
    /// Its short name, such as `RFC 7636`.
    pub name: &'static str,
    /// Its title.
    pub title: &'static str,
    /// Where it can be read.
    pub url: &'static str,
}

/// One rule of a document that this server enforces.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// A stable id, such as `rfc7636-verifier-missing`.
    pub id: &'static str,
    /// The document.
    pub document: &'static Document,
    /// The section without the sign, such as `4.6`, or an appendix, such as `appendix-B`.
    pub section: &'static str,
    /// The error code that a broken rule is answered with.
    pub error: ErrorCode,
    /// What the document asks for, in one sentence of our own.
    pub says: &'static str,
}

impl Rule {
    /// Where the sentence can be read.
    pub fn url(&self) -> String {
        let url = self.document.url;
        match (url.contains("/rfc/rfc"), self.section.starts_with("appendix-")) {
            (true, false) => format!("{url}#section-{}", self.section),
            (true, true) => format!("{url}#{}", self.section),
            (false, _) => url.to_owned(),
        }
    }

    /// The document and the section in words: `RFC 7636 section 4.6`, `RFC 6749 appendix B`.
    pub fn place(&self) -> String {
        place(self.document.name, self.section)
    }

    /// A refusal for breaking this rule.
    pub fn refuse(&'static self) -> Refusal {
        Refusal { rule: self, hint: None }
    }

    /// A refusal for breaking this rule, with the likely mistake.
    pub fn because(&'static self, hint: impl Into<Cow<'static, str>>) -> Refusal {
        Refusal { rule: self, hint: Some(bounded(hint.into())) }
    }
}

/// A request that was refused: the rule it broke, and the likely mistake.
///
/// Neither holds a code, a verifier, a token or a secret.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// The rule.
    pub rule: &'static Rule,
    /// The likely mistake, for the developer of the client.
    pub hint: Option<Cow<'static, str>>,
}

impl Refusal {
    /// The error code on the wire.
    pub fn error(&self) -> ErrorCode {
        self.rule.error
    }

    /// The `error_description`: what is asked for, where it says so, and the likely mistake, in the characters that
    /// RFC 6749 §5.2 allows.
    pub fn description(&self) -> String {
        let rule = self.rule;
        let mut text = format!("{} ({})", rule.says, rule.place());
        if let Some(hint) = &self.hint {
            text.push_str(". ");
            text.push_str(hint);
        }
        printable(&text)
    }

    /// The `error_uri`: where the sentence can be read.
    pub fn uri(&self) -> String {
        self.rule.url()
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.error(), self.description())
    }
}

/// A refusal as the journal keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Refused {
    /// The id of the broken rule.
    pub rule: &'static str,
    /// The document's short name.
    pub document: &'static str,
    /// The section.
    pub section: &'static str,
    /// What the rule asks for, in a sentence without its full stop.
    pub says: &'static str,
    /// The error code on the wire.
    pub error: ErrorCode,
    /// The likely mistake.
    pub hint: Option<Cow<'static, str>>,
}

impl From<&Refusal> for Refused {
    fn from(refusal: &Refusal) -> Self {
        let rule = refusal.rule;
        Self {
            rule: rule.id,
            document: rule.document.name,
            section: rule.section,
            says: rule.says,
            error: rule.error,
            hint: refusal.hint.clone(),
        }
    }
}

/// A document and a section in words.
pub(crate) fn place(document: &str, section: &str) -> String {
    match section.strip_prefix("appendix-") {
        None => format!("{document} section {section}"),
        Some(letter) => format!("{document} appendix {letter}"),
    }
}

/// A hint that is no longer than anybody reads.
fn bounded(hint: Cow<'static, str>) -> Cow<'static, str> {
    match hint.len() <= LONGEST_HINT {
        true => hint,
        false => format!("{}...", &hint[..hint.floor_char_boundary(LONGEST_HINT - 3)]).into(),
    }
}

/// Keeps `%x20-21 / %x23-5B / %x5D-7E` and turns everything else into something readable.
fn printable(text: &str) -> String {
    text.chars()
        .map(|character| match character {
            '"' => '\'',
            '\\' => '/',
            ' '..='~' => character,
            _ => '?',
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    static DOCUMENT: Document =
        Document { name: "RFC 0000", title: "Test", url: "https://www.rfc-editor.org/rfc/rfc0000" };
    static RULE: Rule =
        Rule { id: "test", document: &DOCUMENT, section: "1.2", error: ErrorCode::InvalidRequest, says: "say it" };

    #[test]
    fn a_description_names_the_sentence_and_the_mistake() {
        let refusal = RULE.because("you said \"it\" \u{e9}\n");
        assert_eq!(refusal.description(), "say it (RFC 0000 section 1.2). you said 'it' ??");
        assert_eq!(refusal.uri(), "https://www.rfc-editor.org/rfc/rfc0000#section-1.2");
    }

    #[test]
    fn a_hint_is_no_longer_than_anybody_reads() {
        let hint = RULE.because("\u{e9}".repeat(600)).hint.expect("a hint");
        assert!(hint.len() <= LONGEST_HINT && hint.ends_with("\u{e9}..."), "{}", hint.len());
        assert_eq!(RULE.because("a".repeat(1000)).hint.map(|hint| hint.len()), Some(1000));
    }
}
