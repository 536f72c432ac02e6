//! RFC 7239: Forwarded HTTP Extension, and the choices of what a server is called as a request calls it.

use http::HeaderMap;
use http::header::FORWARDED;
use oauth_types::ErrorCode;

use crate::refusal::{Document, Refusal, Rule};
use crate::request::Host;
use crate::spec::Spec;
use crate::world::Switch;

/// The most octets of all lines of one header.
const LONGEST: usize = 2048;

#[derive(Debug)]
pub(crate) struct Forwarded;

impl Spec for Forwarded {
    fn document(&self) -> &'static Document {
        &DOCUMENT
    }

    fn rules(&self) -> &'static [&'static Rule] {
        RULES
    }

    fn switches(&self) -> &'static [&'static Switch] {
        SWITCHES
    }
}

/// What proxies say of a request as it was before them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Claimed {
    /// The host that the client asked.
    pub host: Option<Host>,
    /// The scheme that it asked by.
    pub proto: Option<&'static str>,
    /// What the path began with: nothing, or a path without a slash at its end.
    pub prefix: String,
}

/// Reads `Forwarded`, and the headers that came before it. Of several proxies the first speaks, which the client came
/// to (§4).
pub(crate) fn claimed(headers: &HeaderMap) -> Result<Claimed, Refusal> {
    let (mut host, mut proto) = standard(headers)?;
    if let Some(text) = first(headers, "x-forwarded-host")? {
        let other = Host::parse(&text).ok_or_else(|| HOST.because("Look at X-Forwarded-Host"))?;
        agree(&mut host, other)?;
    }
    if let Some(text) = first(headers, "x-forwarded-proto")? {
        let other = scheme(&text).ok_or_else(|| PROTO.because("Look at X-Forwarded-Proto"))?;
        agree(&mut proto, other)?;
    }
    let prefix = first(headers, "x-forwarded-prefix")?.unwrap_or_default();
    let prefix = prefix.strip_suffix('/').unwrap_or(&prefix);
    match is_prefix(prefix) {
        true => Ok(Claimed { host, proto, prefix: prefix.to_owned() }),
        false => Err(PREFIX.refuse()),
    }
}

/// Whoever is believed says one thing: a proxy that writes one kind of header passes the other kind on as it came.
fn agree<T: PartialEq>(known: &mut Option<T>, other: T) -> Result<(), Refusal> {
    match known {
        Some(known) if *known != other => Err(CONFLICT.refuse()),
        _ => {
            *known = Some(other);
            Ok(())
        }
    }
}

/// The first `host` and the first `proto` of `Forwarded`.
fn standard(headers: &HeaderMap) -> Result<(Option<Host>, Option<&'static str>), Refusal> {
    let (mut host, mut proto) = (None, None);
    let Some(text) = joined(headers, FORWARDED.as_str())? else { return Ok((None, None)) };
    for element in split(&text, b',').ok_or_else(|| MALFORMED.refuse())? {
        let mut seen = Vec::new();
        for pair in split(element, b';').ok_or_else(|| MALFORMED.refuse())? {
            if pair.trim().is_empty() {
                continue;
            }
            let (name, value) = pair.trim().split_once('=').ok_or_else(|| MALFORMED.refuse())?;
            let (name, value) =
                (name.to_ascii_lowercase(), unquoted(value).ok_or_else(|| MALFORMED.because(QUOTES))?);
            // "Each parameter MUST NOT occur more than once per field-value."
            if !is_token(&name) || seen.contains(&name) {
                return Err(MALFORMED.because("A name is a token, and stands once in an element"));
            }
            match name.as_str() {
                "host" if host.is_none() => host = Some(Host::parse(&value).ok_or_else(|| HOST.refuse())?),
                "proto" if proto.is_none() => proto = Some(scheme(&value).ok_or_else(|| PROTO.refuse())?),
                _ => {}
            }
            seen.push(name);
        }
    }
    Ok((host, proto))
}

/// The first value of a list in a header.
fn first(headers: &HeaderMap, name: &str) -> Result<Option<String>, Refusal> {
    let text = joined(headers, name)?;
    Ok(text.map(|text| text.split(',').next().unwrap_or_default().trim().to_owned()))
}

/// All lines of a header as one (RFC 9110 §5.3).
fn joined(headers: &HeaderMap, name: &str) -> Result<Option<String>, Refusal> {
    let lines: Option<Vec<_>> = headers.get_all(name).iter().map(|line| line.to_str().ok()).collect();
    let text = lines.ok_or_else(|| MALFORMED.because("It has characters beyond ASCII"))?.join(",");
    match text.len() {
        0 if !headers.contains_key(name) => Ok(None),
        length if length <= LONGEST => Ok(Some(text)),
        _ => Err(MALFORMED.because(format!("It has more than {LONGEST} octets"))),
    }
}

/// Splits a text at each `by` that is not in quotes. `None` if quotes are not closed.
fn split(text: &str, by: u8) -> Option<Vec<&str>> {
    let (mut parts, mut start, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (at, octet) in text.bytes().enumerate() {
        match octet {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if octet == by && !quoted => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    (!quoted).then_some(parts)
}

/// `value = token / quoted-string`.
fn unquoted(text: &str) -> Option<String> {
    let Some(quoted) = text.strip_prefix('"') else { return is_token(text).then(|| text.to_owned()) };
    let (mut value, mut characters) = (String::new(), quoted.strip_suffix('"')?.chars());
    while let Some(character) = characters.next() {
        match character {
            '\\' => value.push(characters.next()?),
            '"' => return None,
            other => value.push(other),
        }
    }
    Some(value)
}

fn is_token(text: &str) -> bool {
    let legal = |octet: u8| octet.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&octet);
    !text.is_empty() && text.bytes().all(legal)
}

fn scheme(text: &str) -> Option<&'static str> {
    ["http", "https"].into_iter().find(|known| text.eq_ignore_ascii_case(known))
}

/// Segments of unreserved characters, none of which leads up (RFC 3986 §3.3).
fn is_prefix(prefix: &str) -> bool {
    let legal = |octet: u8| octet.is_ascii_alphanumeric() || b"-._~".contains(&octet);
    let segment =
        |text: &str| !text.is_empty() && !matches!(text, "." | "..") && text.len() <= 64 && text.bytes().all(legal);
    prefix.is_empty()
        || prefix.len() <= 256 && prefix.strip_prefix('/').is_some_and(|rest| rest.split('/').all(segment))
}

static SWITCHES: &[&Switch] = &[&BACK_CHANNEL_FROM_HOST, &ISSUER_FROM_HOST, &TRUST_FORWARDED];

/// The issuer is the host of the request.
pub(crate) static ISSUER_FROM_HOST: Switch = Switch {
    name: "issuer-from-host",
    says: "The issuer is called as each request calls it: the host is that of the request, the rest as configured",
    relaxes: false,
};

/// The back channel is at the host of the request.
pub(crate) static BACK_CHANNEL_FROM_HOST: Switch = Switch {
    name: "back-channel-from-host",
    says: "Endpoints that clients call are announced at the host of the request; the issuer and the pages stay",
    relaxes: false,
};

/// Proxies are believed.
pub(crate) static TRUST_FORWARDED: Switch = Switch {
    name: "trust-forwarded",
    says: "Where the host of a request counts, it is what Forwarded, X-Forwarded-Host, -Proto and -Prefix say, \
           whoever sent them",
    relaxes: true,
};

static RULES: &[&Rule] = &[&CONFLICT, &HOST, &MALFORMED, &PREFIX, &PROTO];

/// What is wrong with most values.
const QUOTES: &str = "A value is a token, or stands in quotes, as a host with a port has to";

static MALFORMED: Rule = Rule {
    id: "rfc7239-forwarded-malformed",
    document: &DOCUMENT,
    section: "4",
    error: ErrorCode::InvalidRequest,
    says: "Forwarded is a list of elements, each of pairs of a name and a value with semicolons between them",
};

static HOST: Rule = Rule {
    id: "rfc7239-host-malformed",
    document: &DOCUMENT,
    section: "5.3",
    error: ErrorCode::InvalidRequest,
    says: "The forwarded host is what a Host header could say",
};

static PROTO: Rule = Rule {
    id: "rfc7239-proto-unknown",
    document: &DOCUMENT,
    section: "5.4",
    error: ErrorCode::InvalidRequest,
    says: "The forwarded scheme is http or https",
};

static PREFIX: Rule = Rule {
    id: "rfc7239-prefix-malformed",
    document: &DOCUMENT,
    section: "7.4",
    error: ErrorCode::InvalidRequest,
    says: "X-Forwarded-Prefix is the beginning of a path, of letters, digits and -._~ between slashes",
};

static CONFLICT: Rule = Rule {
    id: "rfc7239-headers-disagree",
    document: &DOCUMENT,
    section: "7.4",
    error: ErrorCode::InvalidRequest,
    says: "Forwarded and the X-Forwarded headers, where both are there, say the same",
};

static DOCUMENT: Document =
    Document { name: "RFC 7239", title: "Forwarded HTTP Extension", url: "https://www.rfc-editor.org/rfc/rfc7239" };

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[(&'static str, &str)]) -> Result<(String, &'static str, String), &'static str> {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().expect("a header"));
        }
        let claimed = claimed(&headers).map_err(|refusal| refusal.rule.id)?;
        let host = claimed.host.map(|host| host.origin("http")).unwrap_or_default();
        Ok((host, claimed.proto.unwrap_or_default(), claimed.prefix))
    }

    #[test]
    fn the_proxy_that_the_client_came_to_speaks() {
        let expected = |host: &str, proto, prefix: &str| Ok((host.to_owned(), proto, prefix.to_owned()));
        assert_eq!(read(&[]), expected("", "", ""));
        for value in [
            "host=\"a:81\";proto=https",
            "For=\"[2001:db8::1]:47, \\\"x\"; Host=\"a:81\" ;PROTO=HTTPS;, host=b;proto=http",
            "for=_x, host=\"a:\\81\", proto=https",
        ] {
            assert_eq!(read(&[("forwarded", value)]), expected("http://a:81", "https", ""), "{value}");
        }
        let lines = [("forwarded", "host=a;proto=http"), ("forwarded", "host=b;proto=https")];
        assert_eq!(read(&lines), expected("http://a", "http", ""));
        let lines = [("x-forwarded-host", "a:81, b"), ("x-forwarded-proto", "https, http"), (PREFIXED, "/x/y.z/")];
        assert_eq!(read(&lines), expected("http://a:81", "https", "/x/y.z"));
        let both = [("forwarded", "host=A"), ("x-forwarded-host", "a")];
        assert_eq!(read(&both), expected("http://a", "", ""));
        assert_eq!(read(&[(PREFIXED, "/")]), expected("", "", ""));
    }

    const PREFIXED: &str = "x-forwarded-prefix";

    #[test]
    fn what_cannot_be_read_is_not_believed() {
        let long = "a".repeat(3000);
        for (name, value, rule) in [
            ("forwarded", "host", "rfc7239-forwarded-malformed"),
            ("forwarded", "host=a:81", "rfc7239-forwarded-malformed"),
            ("forwarded", "host=\"a", "rfc7239-forwarded-malformed"),
            ("forwarded", "host=a b", "rfc7239-forwarded-malformed"),
            ("forwarded", "host=\"a\"b\"", "rfc7239-forwarded-malformed"),
            ("forwarded", "host =a", "rfc7239-forwarded-malformed"),
            ("forwarded", "host=a;host=a", "rfc7239-forwarded-malformed"),
            ("forwarded", &long, "rfc7239-forwarded-malformed"),
            ("x-forwarded-host", "\u{e4}", "rfc7239-forwarded-malformed"),
            ("forwarded", "host=\"a/b\"", "rfc7239-host-malformed"),
            ("x-forwarded-host", "u@a", "rfc7239-host-malformed"),
            ("x-forwarded-host", "", "rfc7239-host-malformed"),
            ("forwarded", "proto=ftp", "rfc7239-proto-unknown"),
            ("x-forwarded-proto", "wss", "rfc7239-proto-unknown"),
            (PREFIXED, "x", "rfc7239-prefix-malformed"),
            (PREFIXED, "//x", "rfc7239-prefix-malformed"),
            (PREFIXED, "/../x", "rfc7239-prefix-malformed"),
            (PREFIXED, "/x;y", "rfc7239-prefix-malformed"),
            (PREFIXED, "/x?y", "rfc7239-prefix-malformed"),
        ] {
            assert_eq!(read(&[(name, value)]), Err(rule), "{name}: {value}");
        }
        let disagreed = [("forwarded", "host=a"), ("x-forwarded-host", "b")];
        assert_eq!(read(&disagreed), Err("rfc7239-headers-disagree"));
        let disagreed = [("forwarded", "proto=http"), ("x-forwarded-proto", "https")];
        assert_eq!(read(&disagreed), Err("rfc7239-headers-disagree"));
    }
}
