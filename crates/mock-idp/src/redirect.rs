//! Redirect URIs: compared as strings (RFC 9700 §2.1), but for the port of a loopback address (RFC 8252 §7.3).

use oauth_types::ErrorCode;

use crate::doctor::uris;
use crate::documents;
use crate::refusal::{Refusal, Rule};
use crate::world::Switch;

/// "The authorization server SHOULD only automatically redirect the user agent if it trusts the redirection URI"
/// (RFC 9700 §4.11.2): a link to a client that anybody may have registered must not lead there before somebody was asked.
/// OpenID Connect Core §3.1.2.6 has such clients told of errors by redirect, and of `prompt=none` in particular.
pub(crate) static FOR_STRANGERS: Switch = Switch {
    name: "redirect-for-strangers",
    says: "Where people log in on pages, a client that registered itself is told of errors by redirect before anybody has \
           logged in (OpenID Connect Core section 3.1.2.6; RFC 9700 section 4.11.2 advises against it)",
    relaxes: true,
};

/// What redirect URI a client may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RedirectRule {
    /// This one; on a loopback address with any port.
    Registered(String),
    /// Any on a loopback address.
    AnyLoopback,
    /// Any at all: part of the relaxation `any-client`.
    Any,
}

/// Checks that `uri` is one that a client may use.
pub(crate) fn check(rules: &[RedirectRule], uri: &str) -> Result<(), Refusal> {
    if !well_formed(uri) {
        return Err(malformed(uri));
    }
    if uri.contains('#') {
        return Err(FRAGMENT.because("What follows the # never reaches a server: leave it out, # and all"));
    }
    let matches = |rule: &RedirectRule| match rule {
        RedirectRule::Registered(own) => own == uri || same_but_port(own, uri),
        RedirectRule::AnyLoopback => is_loopback(uri),
        RedirectRule::Any => navigable(uri),
    };
    match rules.iter().any(matches) {
        true => Ok(()),
        false => Err(UNREGISTERED.because(nearest(rules, uri))),
    }
}

/// The registered URI, if nobody could ever be redirected to it.
pub(crate) fn unusable(rule: &RedirectRule) -> Option<&str> {
    match rule {
        RedirectRule::Registered(uri) if !well_formed(uri) || uri.contains('#') || !navigable(uri) => Some(uri),
        _ => None,
    }
}

/// Whether it is `http` on the machine of the person in front of the browser (RFC 8252 §7.3, RFC 7591 §5).
pub(crate) fn is_loopback(uri: &str) -> bool {
    loopback(uri).is_some() || localhost(uri)
}

/// What is registered in place of `uri`, and how that differs.
fn nearest(rules: &[RedirectRule], uri: &str) -> String {
    let registered = rules.iter().filter_map(|rule| match rule {
        RedirectRule::Registered(own) => Some(own.as_str()),
        _ => None,
    });
    if let Some(likely) = uris::nearest(registered, uri) {
        return likely;
    }
    match rules.contains(&RedirectRule::AnyLoopback) {
        true => "This client may use http on 127.0.0.1, [::1] or localhost, with any port and path".to_owned(),
        false => "No redirect URI is registered for this client".to_owned(),
    }
}

fn malformed(uri: &str) -> Refusal {
    match uris::malformed(uri) {
        Some(what) => MALFORMED.because(what),
        None => MALFORMED.refuse(),
    }
}

/// The characters of RFC 3986 §2, and an absolute URI: a scheme, a colon, something.
pub(crate) fn well_formed(uri: &str) -> bool {
    let legal = |octet: u8| octet.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&octet);
    let scheme = |text: &str| {
        text.starts_with(|first: char| first.is_ascii_alphabetic())
            && text.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"+-.".contains(&octet))
    };
    uri.bytes().all(legal) && uri.split_once(':').is_some_and(|(name, rest)| scheme(name) && !rest.is_empty())
}

/// The origin of an `http` or `https` URL (RFC 6454 §4): its scheme, its host, and its port if it is not the default.
pub(crate) fn origin(uri: &str) -> Option<String> {
    let (scheme, rest) = uri.split_once("://").filter(|_| well_formed(uri))?;
    let scheme = scheme.to_ascii_lowercase();
    let default = match scheme.as_str() {
        "http" => ":80",
        "https" => ":443",
        _ => return None,
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host).to_ascii_lowercase();
    let host = host.strip_suffix(default).unwrap_or(&host);
    let legal = |octet: u8| octet.is_ascii_alphanumeric() || b"-._:[]".contains(&octet);
    (!host.is_empty() && host.bytes().all(legal)).then(|| format!("{scheme}://{host}"))
}

/// Not one of the schemes that run code in a browser (RFC 9700 §4.1.3 names no list; these are the known ones).
pub(crate) fn navigable(uri: &str) -> bool {
    let scheme = uri.split(':').next().unwrap_or("").to_ascii_lowercase();
    !["javascript", "data", "vbscript", "blob", "file", "about"].contains(&scheme.as_str())
}

/// Whether they differ in the port of a loopback address alone (RFC 8252 §7.3).
pub(crate) fn same_but_port(registered: &str, uri: &str) -> bool {
    match (loopback(registered), loopback(uri)) {
        (Some((host, rest)), Some((other_host, other_rest))) => host == other_host && rest == other_rest,
        _ => false,
    }
}

/// The literal loopback host of an `http` URI, and what follows its port.
fn loopback(uri: &str) -> Option<(&str, &str)> {
    let host = ["http://127.0.0.1", "http://[::1]"].into_iter().find(|host| uri.starts_with(host))?;
    after_port(&uri[host.len()..]).map(|rest| (host, rest))
}

fn localhost(uri: &str) -> bool {
    uri.strip_prefix("http://localhost").and_then(after_port).is_some()
}

/// What follows an optional port: nothing, a path or a query.
fn after_port(text: &str) -> Option<&str> {
    let rest = match text.strip_prefix(':') {
        None => text,
        Some(port) => {
            let digits = port.bytes().take_while(u8::is_ascii_digit).count();
            port[..digits].parse::<u16>().ok().filter(|number| *number != 0)?;
            &port[digits..]
        }
    };
    (rest.is_empty() || rest.starts_with(['/', '?'])).then_some(rest)
}

pub(crate) static RULES: &[&Rule] = &[&FRAGMENT, &MALFORMED, &UNREGISTERED];

static UNREGISTERED: Rule = Rule {
    id: "rfc9700-redirect-uri-unregistered",
    document: &documents::RFC9700,
    section: "2.1",
    error: ErrorCode::InvalidRequest,
    says: "The redirect_uri has to be a registered one, character for character",
};

static MALFORMED: Rule = Rule {
    id: "rfc6749-redirect-uri-malformed",
    document: &documents::RFC6749,
    section: "3.1.2",
    error: ErrorCode::InvalidRequest,
    says: "The redirect_uri has to be an absolute URI",
};

static FRAGMENT: Rule = Rule {
    id: "rfc6749-redirect-uri-fragment",
    document: &documents::RFC6749,
    section: "3.1.2",
    error: ErrorCode::InvalidRequest,
    says: "The redirect_uri must not have a fragment",
};

#[cfg(test)]
mod tests {
    use super::*;

    fn registered(uri: &str) -> Vec<RedirectRule> {
        vec![RedirectRule::Registered(uri.to_owned())]
    }

    fn refused(rules: &[RedirectRule], uri: &str) -> Option<&'static str> {
        check(rules, uri).err().map(|refusal| refusal.rule.id)
    }

    #[test]
    fn a_registered_uri_is_compared_exactly() {
        let rules = registered("https://client.example/cb");
        assert_eq!(refused(&rules, "https://client.example/cb"), None);
        for uri in [
            "https://client.example/cb/",
            "https://client.example/CB",
            "https://client.example:443/cb",
            "https://client.example/cb?x=1",
            "https://client.example/%63b",
            "http://client.example/cb",
            "HTTPS://client.example/cb",
            "https://client.example.evil.example/cb",
            "https://client.example@evil.example/cb",
        ] {
            assert_eq!(refused(&rules, uri), Some("rfc9700-redirect-uri-unregistered"), "{uri}");
        }
    }

    #[test]
    fn only_the_port_of_a_loopback_address_may_vary() {
        let rules = registered("http://127.0.0.1/cb");
        assert_eq!(refused(&rules, "http://127.0.0.1:49152/cb"), None);
        for uri in [
            "http://127.0.0.1:1/other",
            "http://127.0.0.1:1/cb?bar=foo",
            "http://localhost:1/cb",
            "http://127.0.0.2/cb",
            "http://127.0.0.1.evil.example/cb",
            "http://127.0.0.1@evil.example/cb",
            "http://127.0.0.1:1@evil.example/cb",
            "http://2130706433/cb",
            "http://[::1]:1/cb",
            "http://[::ffff:127.0.0.1]/cb",
            "https://127.0.0.1/cb",
            "http://127.0.0.1:0/cb",
            "http://127.0.0.1:70000/cb",
            "http://127.0.0.1:/cb",
        ] {
            assert_eq!(refused(&rules, uri), Some("rfc9700-redirect-uri-unregistered"), "{uri}");
        }
    }

    #[test]
    fn the_built_in_clients_use_any_loopback_address() {
        let rules = [RedirectRule::AnyLoopback];
        for uri in ["http://127.0.0.1:1/x", "http://[::1]:1/", "http://localhost:3000/cb?a=b", "http://127.0.0.1"] {
            assert_eq!(refused(&rules, uri), None, "{uri}");
        }
        for uri in ["https://client.example/cb", "http://localhost.evil.example/", "http://localhost@evil.example/"] {
            assert_eq!(refused(&rules, uri), Some("rfc9700-redirect-uri-unregistered"), "{uri}");
        }
    }

    #[test]
    fn malformed_uris_and_fragments_are_told_apart() {
        let rules = [RedirectRule::Any];
        assert_eq!(refused(&rules, "https://a.example/cb#x"), Some("rfc6749-redirect-uri-fragment"));
        for uri in
            ["/cb", "https://a.example/\\cb", "https://a.example/\r\nx", "https://a.example/ü", "", ":x", "1a:b"]
        {
            assert_eq!(refused(&rules, uri), Some("rfc6749-redirect-uri-malformed"), "{uri:?}");
        }
        assert_eq!(refused(&rules, "javascript:alert(1)"), Some("rfc9700-redirect-uri-unregistered"));
    }

    #[test]
    fn an_origin_is_what_a_browser_takes_for_one() {
        for (uri, found) in [
            ("https://A.example/cb?x", Some("https://a.example")),
            ("HTTPS://u:p@a.example:443", Some("https://a.example")),
            ("http://a.example:443/", Some("http://a.example:443")),
            ("http://[::1]:80?x", Some("http://[::1]")),
            ("com.example:/cb", None),
            ("https:///cb", None),
            ("https://a;b/", None),
            ("/cb", None),
        ] {
            assert_eq!(origin(uri).as_deref(), found, "{uri}");
        }
    }
}
