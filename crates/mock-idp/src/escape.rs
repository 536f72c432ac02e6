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

#[cfg(test)]
mod tests {
    #[test]
    fn markup_loses_its_meaning() {
        assert_eq!(super::html(r#"<a b="c" d='&'>"#), "&#60;a b=&#34;c&#34; d=&#39;&#38;&#39;&#62;");
        assert_eq!(super::html("a\r\nb"), "a&#13;&#10;b");
    }
}
