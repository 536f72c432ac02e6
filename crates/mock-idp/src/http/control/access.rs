//! Who may call: this machine, or whoever has the token; never the page of another site.

use std::net::{IpAddr, SocketAddr};

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::header::{AUTHORIZATION, HOST, ORIGIN};
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderMap, Method, Uri};
use oauth_types::Secret;

use super::problem::{FORBIDDEN, Problem, UNAUTHORIZED};
use crate::ports::dice::Dice;

/// What says that a request was made for somebody else, who is not the peer.
const HANDED_ON: &[&str] = &["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip"];

/// Who may call the control API.
#[derive(Debug, Default)]
pub(crate) struct Access {
    /// Whether there is a control API at all.
    on: bool,
    token: Option<Token>,
    /// The hosts that the server is called by, besides those of loopback.
    own: Vec<String>,
}

/// The control token.
#[derive(Debug)]
pub(crate) struct Token {
    text: Secret,
    /// What a browser keeps in its place. "Cookies do not provide isolation by port" (RFC 6265 §8.5): what another server
    /// of the same host is sent must not be the token.
    kept: Secret,
}

impl Token {
    /// A token, and what is kept in its place: its hash with a key that nobody has, and that is another one in each
    /// process.
    pub(crate) fn new(text: Secret, dice: &dyn Dice) -> Self {
        let mut key = [0; 32];
        dice.fill(&mut key);
        let hash = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), text.expose().as_bytes());
        Self { kept: Secret::new(BASE64_URL_SAFE_NO_PAD.encode(hash)), text }
    }

    /// Whether this is the token. One of no length would let everybody in.
    fn is(&self, sent: &str) -> bool {
        !self.text.is_empty() && self.text.matches(sent)
    }

    /// Whether this is what stands in its place.
    fn is_kept_as(&self, sent: &str) -> bool {
        !self.text.is_empty() && self.kept.matches(sent)
    }
}

impl Access {
    /// For a server that is called as its issuer and its address say.
    pub(crate) fn new(on: bool, token: Option<Token>, (issuer, address): (&str, Option<SocketAddr>)) -> Self {
        let issuer = issuer.parse::<Uri>().ok().and_then(|issuer| issuer.host().map(host));
        let listening = address.map(|address| address.ip().to_canonical()).filter(|ip| !ip.is_unspecified());
        let own = issuer.into_iter().chain(listening.map(|ip| ip.to_string())).collect();
        Self { on, token, own }
    }

    pub(super) fn is_on(&self) -> bool {
        self.on
    }

    /// Whether a request may call. Whose connection it came on is in its extensions, and nothing that it says of that
    /// counts.
    pub(super) fn judge(&self, parts: &Parts) -> Result<(), Problem> {
        match &self.token {
            Some(token) => judge_token(token, &parts.headers)?,
            None => self.judge_place(parts)?,
        }
        judge_page(parts)
    }

    /// The same for pages. A browser has a cookie in the place of the token, and it may be led to a page from anywhere: that is how
    /// people follow links (Fetch Metadata, `Sec-Fetch-Mode`).
    pub(super) fn judge_visitor(&self, parts: &Parts, kept: Option<&str>) -> Result<(), Problem> {
        match (&self.token, kept) {
            (Some(token), Some(kept)) if token.is_kept_as(kept) => {}
            (Some(token), _) => judge_token(token, &parts.headers)?,
            (None, _) => self.judge_place(parts)?,
        }
        if is_led(parts) { Ok(()) } else { judge_page(parts) }
    }

    /// Whether whoever entered a token on a page may look, and what their browser keeps in its place, if there is one.
    pub(super) fn admit(&self, parts: &Parts, entered: &str) -> Result<Option<&str>, Problem> {
        judge_page(parts)?;
        match &self.token {
            Some(token) if token.is(entered) => Ok(Some(token.kept.expose())),
            Some(_) => Err(wrong_token()),
            None => self.judge_place(parts).map(|()| None),
        }
    }

    /// Without a token: only this machine, called by a name of this machine.
    fn judge_place(&self, parts: &Parts) -> Result<(), Problem> {
        let peer = parts.extensions.get::<SocketAddr>().map(|peer| peer.ip().to_canonical());
        if !peer.is_some_and(|ip| ip.is_loopback()) {
            return Err(forbidden("This request comes from another machine, and there is no control token"));
        }
        if HANDED_ON.iter().any(|name| parts.headers.contains_key(*name)) {
            return Err(forbidden("This request was handed on by a proxy, and there is no control token"));
        }
        // A name that a stranger has pointed at this machine is still the stranger's (DNS rebinding).
        match authority(parts) {
            Ok(Some(authority)) if !self.is_own(authority.host()) => {
                Err(forbidden("The Host header names another machine than this, and there is no control token"))
            }
            Ok(_) => Ok(()),
            Err(()) => Err(forbidden("The Host header names no machine")),
        }
    }

    fn is_own(&self, named: &str) -> bool {
        let named = host(named);
        named == "localhost"
            || named.ends_with(".localhost")
            || named.parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
            || self.own.contains(&named)
    }
}

fn judge_token(token: &Token, headers: &HeaderMap) -> Result<(), Problem> {
    let mut sent = headers.get_all(AUTHORIZATION).iter();
    let missing = || {
        Problem::new(&UNAUTHORIZED, "There is no Authorization header with a Bearer token")
            .challenging(r#"Bearer realm="mock-idp control""#)
    };
    let (Some(value), None) = (sent.next(), sent.next()) else { return Err(missing()) };
    let (scheme, own) = value.to_str().ok().and_then(|value| value.split_once(' ')).ok_or_else(missing)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(missing());
    }
    if token.is(own.trim_start_matches(' ')) { Ok(()) } else { Err(wrong_token()) }
}

fn wrong_token() -> Problem {
    Problem::new(&UNAUTHORIZED, "The token is not the server's control token")
        .challenging(r#"Bearer realm="mock-idp control", error="invalid_token""#)
}

/// Whether a browser was led to a page, which changes nothing.
fn is_led(parts: &Parts) -> bool {
    let says = |name: &str, value: &str| parts.headers.get(name).is_some_and(|own| own == value);
    parts.method == Method::GET && says("sec-fetch-mode", "navigate") && says("sec-fetch-dest", "document")
}

/// A browser says whose page asks: only the server's own may (Fetch Standard, the `Origin` header; Fetch Metadata).
fn judge_page(parts: &Parts) -> Result<(), Problem> {
    let site = parts.headers.get("sec-fetch-site").map(|site| site.as_bytes());
    if site.is_some_and(|site| ![&b"same-origin"[..], b"none"].contains(&site)) {
        return Err(forbidden("The page of another site asks"));
    }
    let mut origins = parts.headers.get_all(ORIGIN).iter();
    let Some(origin) = origins.next() else { return Ok(()) };
    let asked = authority(parts).ok().flatten();
    let origin = origin.to_str().ok().filter(|_| origins.next().is_none());
    let from = origin.and_then(|origin| {
        let rest = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"))?;
        rest.parse::<Authority>().ok()
    });
    match (from, asked) {
        (Some(from), Some(asked)) if from == asked => Ok(()),
        _ => Err(forbidden("The page of another origin asks")),
    }
}

/// What the request calls the server; `None` if it does not, which a browser never does.
fn authority(parts: &Parts) -> Result<Option<Authority>, ()> {
    if let Some(authority) = parts.uri.authority() {
        return Ok(Some(authority.clone()));
    }
    let mut hosts = parts.headers.get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) => Ok(None),
        (Some(host), None) => host.to_str().ok().and_then(|host| host.parse().ok()).map(Some).ok_or(()),
        (Some(_), Some(_)) => Err(()),
    }
}

/// A host as it is compared: without brackets, in small letters, without the dot of the root.
fn host(named: &str) -> String {
    named.trim_matches(['[', ']']).trim_end_matches('.').to_ascii_lowercase()
}

fn forbidden(why: &'static str) -> Problem {
    Problem::new(&FORBIDDEN, why)
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;
    use crate::ports::dice::SystemDice;

    fn token(text: &str) -> Option<Token> {
        Some(Token::new(text.into(), &SystemDice))
    }

    fn asking(peer: &str, headers: &[(&str, &str)]) -> Parts {
        let peer: SocketAddr = peer.parse().expect("an address");
        let mut request = Request::get("/_control/health").extension(peer);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).expect("a request").into_parts().0
    }

    fn open() -> Access {
        Access::new(true, None, ("http://idp.example:8080/oauth", Some(([192, 0, 2, 1], 8080).into())))
    }

    #[test]
    fn this_machine_may_call_and_no_other() {
        for peer in ["127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "[::ffff:127.0.0.1]:1"] {
            assert!(open().judge(&asking(peer, &[("host", "localhost:8080")])).is_ok(), "{peer}");
        }
        for peer in ["192.0.2.7:1", "[2001:db8::1]:1", "[::ffff:192.0.2.7]:1", "0.0.0.0:1", "[::]:1"] {
            assert!(open().judge(&asking(peer, &[("host", "localhost:8080")])).is_err(), "{peer}");
        }
        let unknown = Request::get("/_control/health").body(()).expect("a request").into_parts().0;
        assert!(open().judge(&unknown).is_err(), "whoever has no address is not trusted");
    }

    #[test]
    fn a_name_of_somebody_else_is_not_answered_to() {
        for host in ["localhost", "LOCALHOST.:1", "a.localhost", "127.0.0.1:8080", "[::1]:8080", "idp.example"] {
            assert!(open().judge(&asking("127.0.0.1:1", &[("host", host)])).is_ok(), "{host}");
        }
        assert!(open().judge(&asking("127.0.0.1:1", &[("host", "192.0.2.1:8080")])).is_ok());
        for host in ["evil.example", "evil.example:8080", "localhost.evil.example", "192.0.2.2", "", "a b"] {
            assert!(open().judge(&asking("127.0.0.1:1", &[("host", host)])).is_err(), "{host}");
        }
        let twice = asking("127.0.0.1:1", &[("host", "localhost"), ("host", "evil.example")]);
        assert!(open().judge(&twice).is_err());
    }

    #[test]
    fn what_was_handed_on_counts_as_from_elsewhere() {
        for header in ["x-forwarded-for", "forwarded", "via", "x-real-ip", "x-forwarded-host"] {
            assert!(open().judge(&asking("127.0.0.1:1", &[(header, "127.0.0.1")])).is_err(), "{header}");
        }
        assert!(open().judge(&asking("192.0.2.7:1", &[("x-forwarded-for", "127.0.0.1")])).is_err());
    }

    #[test]
    fn pages_of_others_may_not_call() {
        let from = |headers: &[(&str, &str)]| {
            let mut all = vec![("host", "localhost:8080")];
            all.extend(headers);
            open().judge(&asking("127.0.0.1:1", &all)).is_ok()
        };
        assert!(from(&[("origin", "http://localhost:8080")]));
        assert!(from(&[("sec-fetch-site", "none")]) && from(&[("sec-fetch-site", "same-origin")]));
        for origin in ["http://localhost:3000", "https://evil.example", "null", "localhost:8080", "", "http://"] {
            assert!(!from(&[("origin", origin)]), "{origin}");
        }
        assert!(!from(&[("origin", "http://localhost:8080"), ("origin", "http://evil.example")]));
        assert!(!from(&[("sec-fetch-site", "cross-site")]) && !from(&[("sec-fetch-site", "same-site")]));
    }

    #[test]
    fn a_token_lets_in_from_anywhere_and_nothing_else_does() {
        let access = Access::new(true, token("s3cret"), ("http://127.0.0.1:1", None));
        let with = |peer: &str, value: &str| access.judge(&asking(peer, &[("authorization", value)])).is_ok();
        assert!(with("192.0.2.7:1", "Bearer s3cret") && with("127.0.0.1:1", "bearer s3cret"));
        for value in ["Bearer s3cre", "Bearer s3cret2", "Basic s3cret", "s3cret", "Bearer ", "Bearer", ""] {
            assert!(!with("127.0.0.1:1", value), "{value}");
        }
        assert!(access.judge(&asking("127.0.0.1:1", &[])).is_err(), "this machine needs it as well");
        let page = [("authorization", "Bearer s3cret"), ("host", "idp"), ("origin", "https://evil.example")];
        assert!(access.judge(&asking("192.0.2.7:1", &page)).is_err());
        let empty = Access::new(true, token(""), ("http://127.0.0.1:1", None));
        assert!(empty.judge(&asking("127.0.0.1:1", &[("authorization", "Bearer ")])).is_err());
        assert!(!format!("{access:?}").contains("s3cret"));
    }

    #[test]
    fn what_a_browser_keeps_opens_the_pages_of_this_process_alone() {
        let [one, other, empty] =
            ["s3cret", "s3cret", ""].map(|text| Access::new(true, token(text), ("http://127.0.0.1:1", None)));
        let parts = asking("192.0.2.7:1", &[]);
        let kept = one.admit(&parts, "s3cret").expect("the token").expect("something to keep");
        assert!(one.judge_visitor(&parts, Some(kept)).is_ok());
        assert!(other.judge_visitor(&parts, Some(kept)).is_err(), "it is of another process");
        assert!(one.judge_visitor(&parts, Some("s3cret")).is_err() && one.judge_visitor(&parts, None).is_err());
        let bearer = format!("Bearer {kept}");
        assert!(one.judge(&asking("127.0.0.1:1", &[("authorization", &bearer)])).is_err(), "it is no token");
        assert!(one.admit(&parts, kept).is_err() && empty.admit(&parts, "").is_err());
        let own = empty.token.as_ref().expect("a token").kept.expose();
        assert!(empty.judge_visitor(&parts, Some(own)).is_err());
    }
}
