//! URIs that are compared exactly and are nearly the same.

use percent_encoding::percent_decode_str;

use super::words;
use crate::redirect;

/// How `sent` differs from `expected`, for a developer who looks at two strings that seem equal.
pub(crate) fn difference(expected: &str, sent: &str) -> String {
    if redirect::same_but_port(expected, sent) {
        return "They differ in the port alone: the listener of the token request is not the one of the \
                authorization request"
            .to_owned();
    }
    if let Some(what) = look(expected, sent) {
        return what.to_owned();
    }
    if let (Some(own), Some(other)) = (Parts::of(expected), Parts::of(sent))
        && let Some(what) = own.differ(&other)
    {
        return what;
    }
    let at = expected.chars().zip(sent.chars()).take_while(|(one, other)| one == other).count();
    let show =
        |text: &str| text.chars().nth(at).map_or("its end".to_owned(), |c| format!("'{}'", c.escape_default()));
    format!("They differ at character {}: {} is expected, {} was sent", at + 1, show(expected), show(sent))
}

/// The one of `known` that is most like `sent`, and how it differs.
pub(crate) fn nearest<'a>(known: impl IntoIterator<Item = &'a str>, sent: &str) -> Option<String> {
    let likeness = |own: &str| own.chars().zip(sent.chars()).take_while(|(one, other)| one == other).count();
    let same_path = |own: &str| match (Parts::of(own), Parts::of(sent)) {
        (Some(own), Some(other)) => own.path.trim_matches('/').eq_ignore_ascii_case(other.path.trim_matches('/')),
        _ => false,
    };
    let best = known.into_iter().max_by_key(|own| (look(own, sent).is_some(), same_path(own), likeness(own)))?;
    let what = if best.contains('*') {
        "An asterisk stands for nothing but itself: register each URI".to_owned()
    } else {
        difference(best, sent)
    };
    let shown: String = best.chars().take(200).collect();
    Some(format!("The nearest registered one is {shown}. {what}"))
}

/// Why a text is no absolute URI.
pub(crate) fn malformed(text: &str) -> Option<&'static str> {
    if let Some(what) = words::placeholder(text) {
        return Some(what);
    }
    if let Some((bare, what)) = words::dressed(text)
        && redirect::well_formed(&bare)
    {
        return Some(what);
    }
    if text.starts_with('/') {
        Some("It is a path: write the scheme and the host before it")
    } else if !text.contains(':') {
        Some("It has no scheme: write https:// before it")
    } else if text.contains('\\') {
        Some("It has a backslash: write a slash")
    } else if !text.is_ascii() {
        Some("It has characters outside ASCII: percent-encode them, and write the host in punycode")
    } else if text.contains(char::is_whitespace) {
        Some("There is white space in it")
    } else {
        None
    }
}

/// A difference that the whole text shows.
fn look(expected: &str, sent: &str) -> Option<&'static str> {
    if expected.trim_end_matches('/') == sent.trim_end_matches('/') {
        Some("They differ by a trailing slash")
    } else if expected.eq_ignore_ascii_case(sent) {
        Some("They differ in upper and lower case")
    } else if expected.replace("localhost", "127.0.0.1") == sent.replace("localhost", "127.0.0.1") {
        Some("One says localhost, the other 127.0.0.1")
    } else if percent_decode_str(expected).eq(percent_decode_str(sent)) {
        Some("They differ in their percent-encoding alone")
    } else {
        None
    }
}

/// A URI with an authority, taken apart.
#[derive(Debug, PartialEq, Eq)]
struct Parts<'a> {
    scheme: &'a str,
    host: &'a str,
    port: &'a str,
    path: &'a str,
    query: Option<&'a str>,
}

impl<'a> Parts<'a> {
    fn of(uri: &'a str) -> Option<Self> {
        let (scheme, rest) = uri.split_once("://")?;
        let (rest, _) = rest.split_once('#').unwrap_or((rest, ""));
        let (rest, query) = rest.split_once('?').map_or((rest, None), |(rest, query)| (rest, Some(query)));
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        // The colons of an IPv6 address are in brackets.
        let end = authority.find(']').unwrap_or(0);
        let at = authority[end..].rfind(':').map_or(authority.len(), |at| end + at);
        let (host, port) = authority.split_at(at);
        Some(Self { scheme, host, port: port.trim_start_matches(':'), path, query })
    }

    /// The difference, if it is in one part alone.
    fn differ(&self, sent: &Self) -> Option<String> {
        let default = match self.scheme {
            "https" => "443",
            "http" => "80",
            _ => "",
        };
        if *self == (Self { scheme: self.scheme, ..*sent }) {
            return Some(format!(
                "They differ in the scheme alone: {} is expected; behind a proxy that ends TLS, a client may take itself \
                 to be reached by http",
                self.scheme
            ));
        }
        if *self == (Self { port: self.port, ..*sent }) {
            let written = [self.port, sent.port].iter().all(|port| port.is_empty() || *port == default);
            return Some(match written {
                true => format!("One names the port {default}, the other leaves it out; they are compared as text"),
                false => "They differ in the port alone".to_owned(),
            });
        }
        if *self == (Self { host: self.host, ..*sent }) {
            let bare = |host: &'a str| host.strip_prefix("www.").unwrap_or(host);
            return Some(match bare(self.host) == bare(sent.host) {
                true => "They differ by www. before the host".to_owned(),
                false => format!("They differ in the host alone: {} is expected", self.host),
            });
        }
        if *self == (Self { query: self.query, ..*sent }) {
            return Some(queries(self.query, sent.query).to_owned());
        }
        None
    }
}

fn queries(expected: Option<&str>, sent: Option<&str>) -> &'static str {
    let sorted = |query: &'_ str| {
        let mut pairs: Vec<String> = query.split('&').map(str::to_owned).collect();
        pairs.sort_unstable();
        pairs
    };
    match (expected, sent) {
        (None, Some(_)) => "A query was added: what is different each time belongs into state",
        (Some(_), None) => "The query is missing",
        (Some(one), Some(other)) if sorted(one) == sorted(other) => "They differ in the order of the query alone",
        _ => "They differ in the query alone",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_named() {
        for (expected, sent, says) in [
            ("http://127.0.0.1:1/cb", "http://127.0.0.1:2/cb", "port alone"),
            ("https://a.example/cb", "https://a.example/cb/", "trailing slash"),
            ("https://a.example/cb", "https://a.example/CB", "upper and lower case"),
            ("http://localhost:1/cb", "http://127.0.0.1:1/cb", "localhost"),
            ("https://a.example/cb", "https://a.example/cc", "character 20: 'b' is expected, 'c' was sent"),
            ("https://a.example/cb", "https://a.example/c", "'b' is expected, its end was sent"),
            ("https://a.example/cb", "http://a.example/cb", "scheme alone: https is expected"),
            ("https://a.example/cb", "https://a.example:443/cb", "port 443"),
            ("https://a.example:1/cb", "https://a.example:2/cb", "port alone"),
            ("https://a.example/cb", "https://www.a.example/cb", "www."),
            ("https://a.example/cb", "https://b.example/cb", "host alone: a.example"),
            ("https://a.example/cb", "https://a.example/%63b", "percent-encoding"),
            ("https://a.example/cb?a=1&b=2", "https://a.example/cb?b=2&a=1", "order of the query"),
            ("https://a.example/cb", "https://a.example/cb?a=1", "belongs into state"),
            ("https://a.example/cb?a=1", "https://a.example/cb", "query is missing"),
            ("https://a.example/cb?a=1", "https://a.example/cb?a=2", "query alone"),
            ("com.example:/cb", "com.example:/cc", "character 15"),
        ] {
            assert!(difference(expected, sent).contains(says), "{}", difference(expected, sent));
        }
    }

    #[test]
    fn the_nearest_of_several_is_compared() {
        let known = ["https://a.example/one", "https://a.example/two", "https://*.b.example/cb"];
        let told = |sent| nearest(known, sent).expect("some are known");
        assert!(told("https://a.example/two/").contains("a.example/two. They differ by a trailing slash"));
        assert!(told("http://a.example/two").contains("a.example/two. They differ in the scheme"));
        assert!(told("https://x.b.example/cb").contains("asterisk"));
        assert_eq!(nearest([], "https://a.example/"), None);
    }

    #[test]
    fn a_text_that_is_no_uri_is_looked_at() {
        for (text, says) in [
            ("/cb", "path"),
            ("app.example/cb", "no scheme"),
            ("https%3A%2F%2Fapp.example%2Fcb", "once too often"),
            (" https://app.example/cb", "white space"),
            ("\"https://app.example/cb\"", "quotation"),
            ("https://app.example\\cb", "backslash"),
            ("https://b\u{fc}cher.example/cb", "punycode"),
            ("https://app.example/a b", "white space in it"),
            ("undefined", "undefined"),
            ("https://app.example/%zz ", "white space"),
        ] {
            assert!(malformed(text).is_some_and(|what| what.contains(says)), "{text}: {:?}", malformed(text));
        }
        assert_eq!(malformed("1a:b"), None);
    }
}
