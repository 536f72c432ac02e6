//! Text made fit for where it is shown.

use std::borrow::Cow;
use std::fmt::Write;

/// The longest parameter name that is shown. Codes, verifiers and tokens of this server are longer.
const LONGEST_NAME: usize = 40;

/// The name of a parameter as hints and logs show it.
///
/// A client that forgets `name=`, or sends JSON as a form, sends a secret for a name. What is no name (RFC 6749
/// Appendix A: letters, digits and `-._`) or is too long for one is not shown.
pub(crate) fn name(text: &str) -> Cow<'_, str> {
    let legal = |octet: u8| octet.is_ascii_alphanumeric() || b"-._".contains(&octet);
    match !text.is_empty() && text.len() <= LONGEST_NAME && text.bytes().all(legal) {
        true => text.into(),
        false => format!("a parameter whose name has {} octets", text.len()).into(),
    }
}

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

    #[test]
    fn a_secret_in_place_of_a_name_is_not_shown() {
        assert_eq!(super::name("code_verifier"), "code_verifier");
        for text in ["{\"code\":\"canary\"}", "canary canary", "", &"c".repeat(41)] {
            assert_eq!(super::name(text), format!("a parameter whose name has {} octets", text.len()));
        }
    }
}
