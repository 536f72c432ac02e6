//! Errors that the server tells, made harmless.

use std::fmt;

use url::Url;

/// An error response of the server (RFC 6749 §4.1.2.1, §5.2).
///
/// `Display` and `Debug` show the code alone: a description may quote whatever was sent. The texts of the accessors
/// come from the server; escape them before they reach a page.
#[derive(Clone, PartialEq, Eq)]
pub struct OAuthError {
    code: String,
    description: Option<String>,
    uri: Option<String>,
}

impl OAuthError {
    /// Reads the parameters or members of an error response.
    pub(crate) fn new(code: &str, description: Option<&str>, uri: Option<&str>) -> Self {
        let well_formed = |octet: u8| matches!(octet, b'a'..=b'z' | b'_');
        let code = if code.len() <= 64 && code.bytes().all(well_formed) { code } else { "malformed" };
        let web = |uri: &Url| matches!(uri.scheme(), "https" | "http");
        Self {
            code: code.to_owned(),
            description: description.map(printable),
            uri: uri.and_then(|uri| Url::parse(uri).ok()).filter(web).map(String::from),
        }
    }

    /// The error code, such as `invalid_grant`. A code that is longer than 64 characters, or has others than small
    /// letters and `_`, reads `malformed`: it may be a token or a code that is quoted back.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// The server's explanation for developers: at most 512 characters of printable ASCII.
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// Where more is written, if that is an http or https URL.
    pub fn uri(&self) -> Option<&str> {
        self.uri.as_deref()
    }
}

impl fmt::Display for OAuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.code)
    }
}

impl fmt::Debug for OAuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuthError").field("code", &self.code).finish_non_exhaustive()
    }
}

impl std::error::Error for OAuthError {}

/// The characters RFC 6749 §4.1.2.1 allows in a description; others, such as terminal escapes, are left out.
fn printable(text: &str) -> String {
    let allowed = |c: &char| matches!(c, '\x20'..='\x21' | '\x23'..='\x5b' | '\x5d'..='\x7e');
    text.chars().filter(allowed).take(512).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_the_server_are_made_harmless() {
        let error = OAuthError::new("x\r\ny", Some("\u{1b}[31mred\r\n\u{202e}x"), Some("javascript:alert(1)"));
        assert_eq!((error.code(), error.description(), error.uri()), ("malformed", Some("[31mredx"), None));
        let error = OAuthError::new("access_denied", None, Some("https://a.example/why"));
        assert_eq!(error.uri(), Some("https://a.example/why"));
    }

    #[test]
    fn a_description_is_not_shown() {
        let error = OAuthError::new("invalid_grant", Some("canary"), None);
        assert!(!format!("{error} {error:?}").contains("canary"));
    }
}
