//! Text made fit for HTML.

use std::fmt::Write;

/// `text` with the characters escaped that mean something in HTML, in element content and in quoted attributes, and
/// with line ends escaped, which HTML would change.
pub(crate) fn html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' | '<' | '>' | '"' | '\'' | '\r' | '\n' => {
                // Writing into a `String` does not fail.
                let _ = write!(escaped, "&#{};", u32::from(character));
            }
            _ => escaped.push(character),
        }
    }
    escaped
}

/// The text that [`html`] made of it.
pub(crate) fn plain(escaped: &str) -> String {
    let mut parts = escaped.split("&#");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let number = part.split_once(';').and_then(|(number, rest)| Some((number.parse().ok()?, rest)));
        match number.and_then(|(number, rest)| Some((char::from_u32(number)?, rest))) {
            Some((character, rest)) => {
                text.push(character);
                text.push_str(rest);
            }
            None => text.extend(["&#", part]),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_was_escaped_can_be_read_again() {
        for text in ["", "<a b=\"c\" d='&'>\r\n", "plain", "&#;", "&#x41;"] {
            assert_eq!(super::plain(&super::html(text)), text);
        }
        assert_eq!(super::plain("a&#b"), "a&#b");
    }

    #[test]
    fn markup_loses_its_meaning() {
        assert_eq!(super::html(r#"<a b="c" d='&'>"#), "&#60;a b=&#34;c&#34; d=&#39;&#38;&#39;&#62;");
        assert_eq!(super::html("a\r\nb"), "a&#13;&#10;b");
    }
}
