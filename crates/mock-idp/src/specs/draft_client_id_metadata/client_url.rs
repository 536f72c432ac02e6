//! Client Identifier URLs (§3).

use oauth_types::ErrorCode;

use super::DOCUMENT;
use crate::redirect;
use crate::refusal::{Refusal, Rule};

/// The most octets of one. It is shown to people.
const LONGEST: usize = 2048;

/// Whether `client_id` is a URL of https; `None` if it is none of the web.
pub(super) fn is_https(client_id: &str) -> Option<bool> {
    let (scheme, _) = client_id.split_once("://")?;
    match scheme.to_ascii_lowercase().as_str() {
        "https" => Some(true),
        "http" => Some(false),
        _ => None,
    }
}

/// Whether its host is this machine.
pub(super) fn is_loopback(url: &str) -> bool {
    let authority = parts(url).0;
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    ["127.0.0.1", "::1", "localhost"].contains(&host)
}

/// Whether `url` can be that of a client.
pub(super) fn judge(url: &str) -> Result<(), Refusal> {
    match defect(url) {
        None => Ok(()),
        Some(defect) => Err(MALFORMED.because(defect)),
    }
}

fn defect(url: &str) -> Option<&'static str> {
    let (authority, path) = parts(url);
    let dots = |segment: &str| {
        let segment = segment.to_ascii_lowercase().replace("%2e", ".");
        segment == "." || segment == ".."
    };
    match () {
        () if url.len() > LONGEST => Some("It has more than 2048 octets"),
        () if !redirect::well_formed(url) => Some("It has a character that no URL has"),
        () if url.contains('#') => Some("It has a fragment"),
        () if authority.contains('@') => Some("It has a user's name or password"),
        () if authority.is_empty() => Some("It has no host"),
        () if path.is_empty() || path == "/" => Some("It has no path, or nothing but a slash"),
        () if path.split('/').any(dots) => Some("Its path has a segment of one or two dots"),
        () => None,
    }
}

/// The authority and the path (RFC 3986 §3).
fn parts(url: &str) -> (&str, &str) {
    let rest = url.split_once("://").map_or("", |(_, rest)| rest);
    let rest = &rest[..rest.find(['?', '#']).unwrap_or(rest.len())];
    rest.split_at(rest.find('/').unwrap_or(rest.len()))
}

pub(super) static MALFORMED: Rule = Rule {
    id: "cimd-url-malformed",
    document: &DOCUMENT,
    section: "3",
    error: ErrorCode::InvalidClient,
    says: "A client is called by a URL with a path, without user's name, fragment and dot segments",
};

pub(super) static NOT_HTTPS: Rule = Rule {
    id: "cimd-url-not-https",
    document: &DOCUMENT,
    section: "3",
    error: ErrorCode::InvalidClient,
    says: "A client is called by a URL of https",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_of_a_client_has_a_path() {
        for url in [
            "https://app.example/client.json",
            "https://app.example:8443/a/b/",
            "https://app.example/.well-known/x",
            "https://app.example/a?b=/../c",
            "http://[::1]:1/a",
        ] {
            assert_eq!(defect(url), None, "{url}");
        }
        for (url, says) in [
            ("https://app.example", "no path"),
            ("https://app.example/", "no path"),
            ("https://app.example?a=/b", "no path"),
            ("https:///a", "no host"),
            ("https://app.example/a#", "fragment"),
            ("https://joe@app.example/a", "password"),
            ("https://joe:pw@app.example/a", "password"),
            ("https://app.example/a/../b", "dots"),
            ("https://app.example/./b", "dots"),
            ("https://app.example/a/%2e%2E", "dots"),
            ("https://app.example/a b", "character"),
        ] {
            assert!(defect(url).is_some_and(|defect| defect.contains(says)), "{url}: {:?}", defect(url));
        }
        assert!(defect(&format!("https://app.example/{}", "a".repeat(LONGEST))).is_some());
    }

    #[test]
    fn what_is_no_url_of_the_web_is_no_matter_of_ours() {
        for (client_id, is) in [
            ("HTTPS://app.example/a", Some(true)),
            ("http://app.example/a", Some(false)),
            ("urn:example:client", None),
            ("ftp://app.example/a", None),
            ("public", None),
        ] {
            assert_eq!(is_https(client_id), is, "{client_id}");
        }
    }

    #[test]
    fn loopback_is_named_exactly() {
        for (url, is) in [
            ("http://127.0.0.1/a", true),
            ("http://127.0.0.1:81/a", true),
            ("http://[::1]:81/a", true),
            ("http://localhost/a", true),
            ("http://localhost.example/a", false),
            ("http://127.0.0.1.example/a", false),
            ("http://app.example/127.0.0.1", false),
        ] {
            assert_eq!(is_loopback(url), is, "{url}");
        }
    }
}
