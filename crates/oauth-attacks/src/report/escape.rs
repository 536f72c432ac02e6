//! Text that others wrote, made harmless for XML and for a terminal.

use std::fmt::{self, Write as _};

/// Text for XML and HTML, in elements and in quoted attributes.
///
/// XML 1.0 §2.2 has no place for most control characters, not even escaped, so they are shown as `\u{1b}`. So are the
/// marks that turn the direction of writing, which could make a sentence read as another one.
pub(super) struct Xml<'a>(pub(super) &'a str);

/// Text for one line of a terminal: no control character gets through, a line break neither.
pub(super) struct Plain<'a>(pub(super) &'a str);

impl fmt::Display for Xml<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                '\n' => f.write_char('\n')?,
                unseen if is_unseen(unseen) => write!(f, "{}", unseen.escape_unicode())?,
                other => f.write_char(other)?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = String::with_capacity(self.0.len());
        for character in self.0.chars() {
            match character {
                '\n' => line.push(' '),
                unseen if is_unseen(unseen) => line.extend(unseen.escape_unicode()),
                other => line.push(other),
            }
        }
        f.pad(&line)
    }
}

/// The first `most` characters of `text`, with a mark where more was cut off.
pub(super) fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some(_) => text.chars().take(most.saturating_sub(1)).chain(['…']).collect(),
    }
}

/// `text` in lines of at most `most` characters, broken at spaces where there are some.
pub(super) fn wrap(text: &str, most: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut length = 0;
    for word in text.split_whitespace() {
        let pieces: Vec<char> = word.chars().collect();
        for piece in pieces.chunks(most.max(1)) {
            if length > 0 && length + 1 + piece.len() > most {
                lines.push(String::new());
                length = 0;
            }
            if let Some(line) = lines.last_mut() {
                if length > 0 {
                    line.push(' ');
                    length += 1;
                }
                line.extend(piece);
                length += piece.len();
            }
        }
    }
    lines
}

fn is_unseen(character: char) -> bool {
    let turns_direction =
        matches!(character, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let not_xml = matches!(character, '\u{fffe}' | '\u{ffff}');
    character.is_control() || turns_direction || not_xml
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_becomes_text() {
        assert_eq!(Xml("<a b='\"'>&").to_string(), "&lt;a b=&#39;&quot;&#39;&gt;&amp;");
    }

    #[test]
    fn control_characters_become_visible() {
        assert_eq!(Xml("a\u{1b}[31m\0\u{202e}\u{ffff}").to_string(), "a\\u{1b}[31m\\u{0}\\u{202e}\\u{ffff}");
        assert_eq!(Plain("a\r\n\u{9b}31m\u{2066}").to_string(), "a\\u{d} \\u{9b}31m\\u{2066}");
    }

    #[test]
    fn a_line_is_padded_by_what_is_seen() {
        assert_eq!(format!("{:6}|", Plain("ab\n")), "ab    |");
    }

    #[test]
    fn long_text_is_cut_between_characters() {
        assert_eq!(cut("äöü", 3), "äöü");
        assert_eq!(cut("äöüß", 3), "äö…");
    }

    #[test]
    fn no_line_is_longer_than_asked() {
        assert_eq!(wrap("the code was redeemed already", 12), ["the code was", "redeemed", "already"]);
        assert_eq!(wrap("aaaaaa", 4), ["aaaa", "aa"]);
        assert!(wrap(&"ä ".repeat(99), 7).iter().all(|line| line.chars().count() <= 7));
        assert_eq!(wrap("", 7), [""]);
    }
}
