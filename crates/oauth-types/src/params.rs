//! Request and response parameters: a flat list, in order, with nothing merged and nothing dropped.
//!
//! RFC 6749 Appendix B serialises parameters as `application/x-www-form-urlencoded`. Reading them into a structure
//! with optional fields hides duplicates and half-present groups; this list keeps every pair, and whoever reads it
//! decides what a repeated or empty parameter means.

use std::borrow::Cow;
use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// The most parameters one request may carry. A real request has about twelve.
pub const MAX_PARAMS: usize = 256;

/// Everything but RFC 3986 `unreserved` is escaped.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A flat list of parameters, in the order they arrived.
///
/// `Debug` prints names and value lengths, never values: a list may hold codes, verifiers and secrets. What is no
/// [`display_name`] is not printed either: a client that forgets `name=` sends a secret for a name.
/// ```
/// use oauth_types::Params;
/// let params = Params::parse("code=a%2Bb&state=")?;
/// assert_eq!(params.get("code"), Some("a+b"));
/// assert_eq!(params.get("state"), None); // RFC 6749 §3.1: no value means omitted
/// assert_eq!(params.raw("state"), Some(""));
/// # Ok::<(), oauth_types::ParamsError>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Params {
    /// Every name and value, one after the other: a list is read far more often than it is changed, and kept long.
    text: String,
    /// Where the name and the value of each pair end in it.
    ends: Vec<(usize, usize)>,
}

/// Why a query or a form body is not a list of parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParamsError {
    /// A `%` is not followed by two hexadecimal digits. Counted in octets from the start of the text.
    #[error("'%' at octet {0} is not followed by two hexadecimal digits")]
    BadEscape(usize),
    /// The escapes of a name or a value do not make UTF-8. Counted in pairs from 0.
    #[error("parameter number {0} is not UTF-8 once decoded")]
    NotUtf8(usize),
    /// More than [`MAX_PARAMS`] pairs.
    #[error("more than {MAX_PARAMS} parameters")]
    TooMany,
}

impl Params {
    /// An empty list.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads a query (without its `?`) or a form body (RFC 6749 Appendix B). `+` is a space.
    ///
    /// # Errors
    /// [`ParamsError`] for a malformed escape, text that is not UTF-8, or too many pairs. Nothing is repaired.
    pub fn parse(text: &str) -> Result<Self, ParamsError> {
        let mut list = Self { text: String::with_capacity(text.len()), ends: Vec::with_capacity(16) };
        let mut start = 0;
        for piece in text.split('&') {
            if !piece.is_empty() {
                let number = list.len();
                if number == MAX_PARAMS {
                    return Err(ParamsError::TooMany);
                }
                let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
                let value_start = start + (piece.len() - value.len());
                list.add(&decode(name, start, number)?, &decode(value, value_start, number)?);
            }
            start += piece.len() + 1;
        }
        Ok(list)
    }

    /// Adds a pair at the end.
    pub fn push(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.add(&name.into(), &value.into());
    }

    /// The same list with a pair added, for chaining.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.push(name, value);
        self
    }

    /// Puts `value` in place of every pair called `name`, at the place of the first, or at the end.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        let mut value = Some(value.into());
        for (own, old) in std::mem::take(self).iter() {
            if own != name {
                self.add(own, old);
            } else if let Some(value) = value.take() {
                self.add(name, &value);
            }
        }
        if let Some(value) = value {
            self.add(name, &value);
        }
    }

    /// Removes every pair called `name`; says whether there was one.
    pub fn remove(&mut self, name: &str) -> bool {
        let before = std::mem::take(self);
        for (own, value) in before.iter().filter(|(own, _)| *own != name) {
            self.add(own, value);
        }
        self.len() != before.len()
    }

    /// The first value of `name`, unless it is empty: parameters without a value count as omitted (RFC 6749 §3.1).
    pub fn get(&self, name: &str) -> Option<&str> {
        self.raw(name).filter(|value| !value.is_empty())
    }

    /// The first value of `name`, also when it is empty.
    pub fn raw(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// Every value of `name`, in order.
    pub fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        self.iter().filter(move |(own, _)| *own == name).map(|(_, value)| value)
    }

    /// The first name that occurs more than once, leaving out those in `repeatable`.
    ///
    /// RFC 6749 §3.1 and §3.2: parameters must not be included more than once.
    pub fn duplicate(&self, repeatable: &[&str]) -> Option<&str> {
        let names = self.iter().map(|(name, _)| name).enumerate();
        names
            .filter(|(_, name)| !repeatable.contains(name))
            .find(|(at, name)| self.iter().take(*at).any(|(earlier, _)| earlier == *name))
            .map(|(_, name)| name)
    }

    /// Every pair, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.ends.iter().scan(0, |start, (name_end, end)| {
            let pair = (&self.text[*start..*name_end], &self.text[*name_end..*end]);
            *start = *end;
            Some(pair)
        })
    }

    /// How many pairs there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The list as a query or a form body. Spaces become `%20`, which both forms accept.
    pub fn encode(&self) -> String {
        let mut text = String::with_capacity(self.text.len() + 8 * self.len());
        for (name, value) in self.iter() {
            if !text.is_empty() {
                text.push('&');
            }
            text.extend(utf8_percent_encode(name, ESCAPED));
            text.push('=');
            text.extend(utf8_percent_encode(value, ESCAPED));
        }
        text
    }

    /// Adds the list to `uri` as its query, after a query that is there already (RFC 6749 §3.1).
    pub fn append_to_query(&self, uri: &str) -> String {
        let separator = match uri.find('?') {
            None => "?",
            Some(at) if at + 1 == uri.len() || uri.ends_with('&') => "",
            Some(_) => "&",
        };
        format!("{uri}{separator}{}", self.encode())
    }

    fn add(&mut self, name: &str, value: &str) {
        self.text.push_str(name);
        let name_end = self.text.len();
        self.text.push_str(value);
        self.ends.push((name_end, self.text.len()));
    }
}

impl fmt::Debug for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.iter().map(|(name, value)| (display_name(name), Length(value.len())));
        f.debug_map().entries(shown).finish()
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Params {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        pairs.into_iter().fold(Self::new(), |list, (name, value)| list.with(name, value))
    }
}

/// The name of a parameter as hints and logs may show it.
///
/// A client that forgets `name=`, or sends JSON as a form, sends a secret for a name. What is no name (RFC 6749
/// Appendix A: letters, digits and `-._`) or has more than 40 characters, as codes and verifiers do, is not shown.
/// ```
/// # use oauth_types::params::display_name;
/// assert_eq!(display_name("code_verifier"), "code_verifier");
/// assert_eq!(display_name("{\"code\":\"x\"}"), "a parameter whose name has 12 octets");
/// ```
pub fn display_name(name: &str) -> Cow<'_, str> {
    const LONGEST: usize = 40;
    let legal = |octet: u8| octet.is_ascii_alphanumeric() || b"-._".contains(&octet);
    match !name.is_empty() && name.len() <= LONGEST && name.bytes().all(legal) {
        true => name.into(),
        false => format!("a parameter whose name has {} octets", name.len()).into(),
    }
}

/// A length, shown as `<5 octets>`.
struct Length(usize);

impl fmt::Debug for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{} octets>", self.0)
    }
}

/// Decodes one name or value that starts at octet `start` of the whole text.
fn decode(text: &str, start: usize, number: usize) -> Result<Cow<'_, str>, ParamsError> {
    if !text.bytes().any(|octet| matches!(octet, b'%' | b'+')) {
        return Ok(text.into());
    }
    let octets = text.as_bytes();
    for (at, _) in octets.iter().enumerate().filter(|(_, octet)| **octet == b'%') {
        let digits = octets.get(at + 1..at + 3).is_some_and(|pair| pair.iter().all(u8::is_ascii_hexdigit));
        if !digits {
            return Err(ParamsError::BadEscape(start + at));
        }
    }
    let spaced: Cow<'_, str> = if text.contains('+') { text.replace('+', " ").into() } else { text.into() };
    let decoded: Cow<'_, [u8]> = percent_encoding::percent_decode_str(&spaced).into();
    String::from_utf8(decoded.into_owned()).map(Cow::Owned).map_err(|_| ParamsError::NotUtf8(number))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_pair_is_kept_in_order() {
        let params = Params::parse("a=1&b=2&a=3&&c").expect("well-formed");
        assert_eq!(params.iter().collect::<Vec<_>>(), [("a", "1"), ("b", "2"), ("a", "3"), ("c", "")]);
        assert_eq!(params.duplicate(&[]), Some("a"));
        assert_eq!(params.duplicate(&["a"]), None);
    }

    #[test]
    fn where_a_name_ends_tells_lists_apart() {
        let parse = |text| Params::parse(text).expect("well-formed");
        assert_ne!(parse("a=b"), parse("ab="));
        assert_ne!(parse("a=b&c=d"), parse("a=bc&d"));
        assert_eq!(parse("a=%62"), Params::new().with("a", "b"));
    }

    #[test]
    fn malformed_escapes_are_located() {
        assert_eq!(Params::parse("a=1&b=%4"), Err(ParamsError::BadEscape(6)));
        assert_eq!(Params::parse("%zz=1"), Err(ParamsError::BadEscape(0)));
        assert_eq!(Params::parse("a=1&b=%E9"), Err(ParamsError::NotUtf8(1)));
    }

    #[test]
    fn the_number_of_pairs_is_bounded() {
        let text = vec!["a=1"; MAX_PARAMS + 1].join("&");
        assert_eq!(Params::parse(&text), Err(ParamsError::TooMany));
    }

    #[test]
    fn values_are_not_shown() {
        let shown = format!("{:?}", Params::new().with("code", "canary-code"));
        assert_eq!(shown, "{\"code\": <11 octets>}");
    }

    #[test]
    fn a_query_is_extended_not_replaced() {
        let params = Params::new().with("code", "x y");
        assert_eq!(params.append_to_query("http://a/cb"), "http://a/cb?code=x%20y");
        assert_eq!(params.append_to_query("http://a/cb?b=1"), "http://a/cb?b=1&code=x%20y");
        assert_eq!(params.append_to_query("http://a/cb?"), "http://a/cb?code=x%20y");
    }

    #[test]
    fn setting_replaces_every_pair_of_that_name() {
        let mut params = Params::parse("a=1&b=2&a=3").expect("well-formed");
        params.set("a", "4");
        params.set("d", "5");
        assert_eq!(params.encode(), "a=4&b=2&d=5");
        assert!(params.remove("b"));
        assert!(!params.remove("b"));
    }

    proptest! {
        #[test]
        fn any_list_survives_the_wire(pairs in proptest::collection::vec((".{1,8}", ".{0,16}"), 0..8)) {
            let params: Params = pairs.into_iter().collect();
            prop_assert_eq!(Params::parse(&params.encode()).expect("own encoding"), params);
        }

        #[test]
        fn no_text_panics(text in ".{0,200}") {
            let _ = Params::parse(&text);
        }
    }
}
