//! The URI that a proof is for (RFC 9449 §4.3).
//!
//! "To reduce the likelihood of false negatives, servers SHOULD employ syntax-based normalization and scheme-based
//! normalization before comparing the `htu` claim" (RFC 3986 §6.2.2 and §6.2.3).

use http::Uri;

/// Whether both are the same http or https URI, "ignoring any query and fragment parts".
pub(super) fn same(one: &str, other: &str) -> bool {
    one == other || normal(one).is_some_and(|one| Some(one) == normal(other))
}

/// What tells two URIs apart: whether by TLS, the host, the port, the path.
fn normal(uri: &str) -> Option<(bool, String, u16, String)> {
    let uri: Uri = uri.parse().ok()?;
    let https = match uri.scheme_str()? {
        "https" => true,
        "http" => false,
        _ => return None,
    };
    let authority = uri.authority().filter(|authority| !authority.as_str().contains('@'))?;
    let host = authority.host();
    let port = match authority.as_str().get(host.len()..)?.strip_prefix(':') {
        None | Some("") => {
            if https {
                443
            } else {
                80
            }
        }
        Some(port) => port.parse().ok()?,
    };
    Some((https, host.to_ascii_lowercase(), port, path(uri.path())))
}

/// The path without what is written in more than one way: escapes (RFC 3986 §6.2.2.1 and §6.2.2.2) and dots
/// (§6.2.2.3).
fn path(path: &str) -> String {
    let mut segments: Vec<String> = Vec::new();
    let mut open = false;
    for segment in path.trim_start_matches('/').split('/').map(unescaped) {
        open = matches!(segment.as_str(), "." | "..");
        match segment.as_str() {
            "." => {}
            ".." => drop(segments.pop()),
            _ => segments.push(segment),
        }
    }
    if open {
        segments.push(String::new());
    }
    format!("/{}", segments.join("/"))
}

/// Unreserved characters stand for themselves, and the digits of other escapes are capital letters.
fn unescaped(segment: &str) -> String {
    let mut text = String::with_capacity(segment.len());
    let mut rest = segment;
    while let Some((before, after)) = rest.split_once('%') {
        text.push_str(before);
        let octet = after.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        rest = match octet {
            Some(octet) if octet.is_ascii_alphanumeric() || b"-._~".contains(&octet) => {
                text.push(char::from(octet));
                &after[2..]
            }
            Some(octet) => {
                text.push_str(&format!("%{octet:02X}"));
                &after[2..]
            }
            None => {
                text.push('%');
                after
            }
        };
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "https://as.example/acme/token";

    #[test]
    fn what_is_written_differently_is_the_same() {
        for uri in [
            TOKEN,
            "HTTPS://as.example/acme/token",
            "https://AS.Example/acme/token",
            "https://as.example:443/acme/token",
            "https://as.example:/acme/token",
            "https://as.example/acme/token?a=b",
            "https://as.example/acme/token#a",
            "https://as.example/%61cme/%74oken",
            "https://as.example/./acme/x/../token",
        ] {
            assert!(same(uri, TOKEN), "{uri}");
        }
        assert!(same("http://[::1]:80/a%2fb", "http://[::1]/a%2Fb"));
        assert!(same("http://a", "http://a/"));
        assert!(same("http://a/b/..", "http://a/"));
    }

    #[test]
    fn what_means_something_else_is_not() {
        for uri in [
            "",
            "/acme/token",
            "as.example/acme/token",
            "http://as.example/acme/token",
            "ftp://as.example/acme/token",
            "https://as.example:80/acme/token",
            "https://as.example:65979/acme/token",
            "https://as.example:4a3/acme/token",
            "https://user@as.example/acme/token",
            "https://as.example.evil.example/acme/token",
            "https://as.example/acme/Token",
            "https://as.example/acme/token/",
            "https://as.example/acme/token/..",
            "https://as.example/acme%2Ftoken",
            "https://as.example/token",
            "https://as.example",
            "https://as.example/acme/token\u{e9}",
            "https://as.example\\acme\\token",
        ] {
            assert!(!same(uri, TOKEN), "{uri}");
        }
        assert!(!same("http://a/%zz", "http://a/%yy") && same("http://a/%zz", "http://a/%zz"));
    }
}
