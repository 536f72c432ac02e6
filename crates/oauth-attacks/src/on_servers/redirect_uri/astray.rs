//! Whether an answer leads the browser to an address that the client never registered.
//!
//! RFC 6749 section 4.1.2.1: with a redirect URI that does not match, the server tells the user, and does not redirect.
//! So a redirect to that address, or a page that goes on to it by itself, is a vulnerability, whatever it carries, and so
//! is a code that goes anywhere but to a registered one. A page with a status of 4xx is what the specification asks for.

use std::fmt;

use oauth_types::Params;
use url::Url;

use crate::answer::Answer;
use crate::attack::Inconclusive;
use crate::bench::Bench;
use crate::judge::Finding;
use crate::target::Registration;
use crate::user_agent::forms_of;
use crate::verdict::Verdict;

/// The host of the attacker. Nobody listens there.
pub(in crate::on_servers) const FOREIGN: &str = "evil.example";

/// The parameters of authorization responses. In an answer of the server's own making each of them occurs once.
const OF_RESPONSES: [&str; 13] = [
    "code",
    "state",
    "iss",
    "response",
    "error",
    "error_description",
    "error_uri",
    "session_state",
    "access_token",
    "token_type",
    "expires_in",
    "scope",
    "id_token",
];

/// Sends the client's honest request to each of these addresses, which are called as they are named here.
pub(super) async fn try_each(
    bench: &Bench,
    client: &Registration,
    addresses: impl Into<Vec<(&'static str, String)>>,
) -> Result<(), Inconclusive> {
    for (what, address) in addresses.into() {
        let answer = bench.authorization(client).set("redirect_uri", &address).open().await?;
        judge(bench, client, &answer, (&address, what));
    }
    Ok(())
}

/// Judges the answer to a request of the client for an address that is not registered, and called `what`.
pub(in crate::on_servers) fn judge(
    bench: &Bench,
    client: &Registration,
    answer: &Answer,
    (address, what): (&str, &str),
) -> Verdict {
    let endpoint = bench.target().metadata().authorization_endpoint.as_deref().unwrap_or_default();
    let asked = Asked { registered: &client.redirect_uris, address, endpoint };
    bench.found(asked.judge(answer, what), Some(answer))
}

/// What was asked for, and where an answer may lead.
#[derive(Debug, Clone, Copy)]
struct Asked<'a> {
    registered: &'a [String],
    address: &'a str,
    endpoint: &'a str,
}

/// How an answer makes a browser go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Redirect,
    Refresh,
    Form,
    Script,
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Redirect => "a redirect",
            Self::Refresh => "a refresh",
            Self::Form => "a form",
            Self::Script => "a script",
        })
    }
}

/// Where a browser gets to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    /// A registered redirect URI, with nothing but the response.
    Registered,
    /// Another page of the server.
    Server,
    /// A place that has nothing to do with the request, such as a page for errors at another of the server's names.
    Unrelated,
    /// The address that was asked for, or one near it, or anywhere else with a code.
    Astray,
}

impl Asked<'_> {
    fn judge(self, answer: &Answer, what: &str) -> Finding {
        let summary = answer.summary();
        if answer.status >= 500 {
            return Finding::new(Verdict::Vulnerable, format!("the server broke down ({summary}) at {what}"));
        }
        let ways = ways_on(answer, self.address, self.endpoint);
        let worst = ways.iter().map(|(way, to)| (self.place(to), *way, to)).max_by_key(|(place, _, _)| *place);
        match worst {
            Some((Place::Astray, way, to)) => {
                let brings = if sent(to).raw("code").is_some() { "a code" } else { "the browser" };
                Finding::new(Verdict::Vulnerable, format!("{what} is given {brings} by {way}"))
            }
            _ if (400..500).contains(&answer.status) => refused(answer, what),
            Some((Place::Registered, way, _)) => Finding::new(
                Verdict::Tolerated,
                format!("{what} is not used, but {way} to a registered one is no refusal"),
            ),
            Some((Place::Server | Place::Unrelated, _, _)) => {
                Finding::new(Verdict::Inconclusive, format!("{what} led to a page that nobody opened"))
            }
            None => {
                Finding::new(Verdict::Inconclusive, format!("{what} led to a page that nobody can read ({summary})"))
            }
        }
    }

    fn place(self, to: &str) -> Place {
        let taken_over =
            self.registered.iter().any(|own| self.address.starts_with(own)) && to.starts_with(self.address);
        if !taken_over && self.registered.iter().any(|own| responds(to, own)) {
            return Place::Registered;
        }
        let Some(endpoint) = Url::parse(self.endpoint).ok() else { return Place::Astray };
        let Ok(resolved) = endpoint.join(to) else { return Place::Astray };
        if endpoint.origin().is_tuple() && endpoint.origin() == resolved.origin() {
            return Place::Server;
        }
        let sent = sent(to);
        let brings = ["code", "response", "access_token", "id_token"].iter().any(|name| sent.raw(name).is_some());
        if brings || self.is_near(to, &resolved) { Place::Astray } else { Place::Unrelated }
    }

    /// Whether an address is the one that was asked for, or at the same host, or at a host of the client's, or one that
    /// is not on the web at all.
    fn is_near(self, to: &str, resolved: &Url) -> bool {
        let is_host_of = |uri: &str| {
            let host = Url::parse(uri).ok().and_then(|url| Some(url.host_str()?.to_owned()));
            host.is_some() && host.as_deref() == resolved.host_str()
        };
        let asked_for = !self.address.is_empty() && to.starts_with(self.address);
        asked_for
            || to.contains(FOREIGN)
            || !["http", "https"].contains(&resolved.scheme())
            || is_host_of(self.address)
            || self.registered.iter().any(|own| is_host_of(own))
    }
}

/// A refusal on a page, or as an answer in JSON to a request that was pushed (RFC 9126 section 2.3).
fn refused(answer: &Answer, what: &str) -> Finding {
    let summary = answer.summary();
    match answer.member("error") {
        Some(error) if answer.status != 400 || error != "invalid_request" => Finding::new(
            Verdict::Tolerated,
            format!("{what} is refused with {summary}, but it should be 400 invalid_request"),
        ),
        _ => Finding::new(Verdict::Stopped, format!("{what} is refused with {summary}")),
    }
}

/// Whether `to` is the redirect URI `own` with an authorization response and nothing else.
fn responds(to: &str, own: &str) -> bool {
    let Some(rest) = to.strip_prefix(own) else { return false };
    let begins = rest.starts_with(['?', '#']) || (own.contains('?') && rest.starts_with('&'));
    if !rest.is_empty() && !begins {
        return false;
    }
    let (sent, before) = (sent(to), sent(own));
    let known = |name: &str| OF_RESPONSES.contains(&name) || before.raw(name).is_some();
    sent.duplicate(&[]).is_none() && sent.iter().all(|(name, _)| known(name))
}

/// What an address carries in its query and its fragment.
fn sent(to: &str) -> Params {
    let rest = to.find(['?', '#']).map_or("", |at| &to[at + 1..]);
    let unreadable = || Params::new().with("", rest);
    Params::parse(&rest.replace(['?', '#'], "&")).unwrap_or_else(|_| unreadable())
}

/// Everything by which this answer makes a browser go on to another address.
fn ways_on(answer: &Answer, address: &str, endpoint: &str) -> Vec<(Way, String)> {
    let text = |name: &str| -> Vec<String> {
        let values = answer.headers.get_all(name).iter();
        values.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect()
    };
    let mut ways = Vec::new();
    if (300..400).contains(&answer.status) {
        ways.extend(text("location").into_iter().map(|to| (Way::Redirect, to)));
    }
    let refreshes = text("refresh").into_iter();
    ways.extend(refreshes.filter_map(|value| Some((Way::Refresh, refreshed(&value)?))));
    if answer.media_type().contains("html") {
        ways.extend(forms_of(endpoint, answer).into_iter().map(|form| (Way::Form, form.action)));
        ways.extend(ways_on_page(&answer.body, address));
    }
    ways
}

/// The same for the page: what it says of refreshing, and scripts that go to the address asked for.
fn ways_on_page(page: &str, address: &str) -> Vec<(Way, String)> {
    let mut ways = Vec::new();
    for tag in page.split('<').skip(1) {
        let (inside, after) = tag.split_once('>').unwrap_or((tag, ""));
        let name =
            inside.split(|c: char| c.is_whitespace() || c == '/').next().unwrap_or_default().to_ascii_lowercase();
        match name.as_str() {
            "meta" if inside.to_ascii_lowercase().contains("refresh") => {
                let content = attribute(inside, "content");
                ways.extend(content.and_then(|content| Some((Way::Refresh, refreshed(&content)?))));
            }
            "script" => {
                let script = unescaped(after);
                let goes = script.contains("location") || script.contains("submit");
                if goes && !address.is_empty() && script.contains(address) {
                    ways.push((Way::Script, address.to_owned()));
                }
            }
            _ => {}
        }
    }
    ways
}

/// The address in a `Refresh` header, or in what a page says in its stead.
fn refreshed(value: &str) -> Option<String> {
    let (_, rest) = value.split_once([';', ','])?;
    let (name, to) = rest.split_once('=')?;
    name.trim().eq_ignore_ascii_case("url").then(|| to.trim().trim_matches(['"', '\'']).to_owned())
}

/// The value of an attribute inside a tag.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let found = tag.to_ascii_lowercase().find(&format!(" {name}="))?;
    let value = tag.get(found + name.len() + 2..)?;
    let value = match value.chars().next()? {
        quote @ ('"' | '\'') => value[1..].split(quote).next()?,
        _ => value.split_whitespace().next()?,
    };
    Some(unescaped(value))
}

/// Text without the escapes by which pages and scripts write addresses.
fn unescaped(text: &str) -> String {
    let pairs = [("\\/", "/"), ("\\u0026", "&"), ("&#x2F;", "/"), ("&#47;", "/"), ("&#x3D;", "="), ("&amp;", "&")];
    pairs.iter().fold(text.to_owned(), |text, (escaped, plain)| text.replace(escaped, plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "https://a.example/cb";

    fn judged(answer: &Answer, address: &str) -> (Verdict, String) {
        let registered = [OWN.to_owned(), "https://a.example/other?x=1".to_owned()];
        let asked = Asked { registered: &registered, address, endpoint: "https://as.example/authorize" };
        let finding = asked.judge(answer, "it");
        (finding.verdict, finding.because)
    }

    fn redirected(address: &str, location: &str) -> Verdict {
        judged(&Answer::of(302, &[("location", location)], ""), address).0
    }

    fn page(status: u16, html: &str) -> Verdict {
        judged(&Answer::of(status, &[("content-type", "text/html")], html), "https://evil.example/cb").0
    }

    #[test]
    fn a_page_with_an_error_stops_and_a_redirect_to_anywhere_does_not() {
        assert_eq!(page(400, "no: https://evil.example/cb"), Verdict::Stopped);
        let evil = "https://evil.example/cb";
        assert_eq!(redirected(evil, "https://evil.example/cb?code=1"), Verdict::Vulnerable);
        assert_eq!(redirected(evil, "https://evil.example/cb?error=invalid_request"), Verdict::Vulnerable);
        assert_eq!(redirected(evil, "//evil.example/cb"), Verdict::Vulnerable);
        assert_eq!(redirected(evil, "javascript:alert(1)"), Verdict::Vulnerable);
        assert_eq!(judged(&Answer::of(502, &[], ""), evil).0, Verdict::Vulnerable);
    }

    #[test]
    fn the_registered_one_is_tolerated_as_long_as_only_the_response_is_added() {
        let evil = "https://evil.example/cb";
        for location in
            ["https://a.example/cb?code=1&state=2", "https://a.example/cb#error=x", "https://a.example/cb"]
        {
            assert_eq!(redirected(evil, location), Verdict::Tolerated, "{location}");
        }
        assert_eq!(redirected(evil, "https://a.example/other?x=1&code=1"), Verdict::Tolerated);
        for location in [
            "https://a.example/cb/x?code=1",
            "https://a.example/cb?x=1&code=1",
            "https://a.example/cb?code=EVIL&code=1",
            "https://a.example/cb?code=1#x",
            "https://a.example/cb#x?code=1",
            "https://a.example/cb;x=1?code=1",
            "https://a.example/other?x=1&x=2&code=1",
            "https://a.example/cb?code=%zz",
        ] {
            assert_eq!(redirected(evil, location), Verdict::Vulnerable, "{location}");
        }
        let planted = "https://a.example/cb?code=EVIL";
        assert_eq!(redirected(planted, "https://a.example/cb?code=EVIL&state=1"), Verdict::Vulnerable);
        assert_eq!(redirected("https://a.example/", "https://a.example/cb?code=1"), Verdict::Tolerated);
    }

    #[test]
    fn forms_scripts_and_refreshes_lead_as_well() {
        let form = r#"<FORM method=post Action="https://evil.example/cb"><input name=code value=1></form>"#;
        assert_eq!(page(200, form), Verdict::Vulnerable);
        let script = r#"<script>window.location="https:\/\/evil.example\/cb?code=1"</script>"#;
        assert_eq!(page(200, script), Verdict::Vulnerable);
        let refresh = r#"<meta http-equiv="refresh" content="0; url=https://evil.example/cb">"#;
        assert_eq!(page(400, refresh), Verdict::Vulnerable);
        let header = Answer::of(200, &[("refresh", "0;url=https://evil.example/cb")], "");
        assert_eq!(judged(&header, "https://evil.example/cb").0, Verdict::Vulnerable);
    }

    #[test]
    fn the_servers_own_pages_say_nothing() {
        let evil = "https://evil.example/cb";
        assert_eq!(redirected(evil, "/login?redirect_uri=https://evil.example/cb"), Verdict::Inconclusive);
        assert_eq!(page(200, r#"<form method="post" action="/login"></form>"#), Verdict::Inconclusive);
        assert_eq!(page(200, "<p>https://evil.example/cb</p>"), Verdict::Inconclusive);
        assert_eq!(redirected(evil, "https://help.example/error?error=invalid_request"), Verdict::Inconclusive);
        assert_eq!(redirected(evil, "https://help.example/error?code=1"), Verdict::Vulnerable);
        let search = r#"<form action="https://help.example/search"></form>"#;
        assert_eq!(page(400, search), Verdict::Stopped);
    }

    #[test]
    fn a_pushed_request_is_refused_in_json() {
        let refused = |status, error| {
            let answer = Answer::of(status, &[("content-type", "application/json")], error);
            judged(&answer, "https://evil.example/cb").0
        };
        assert_eq!(refused(400, r#"{"error":"invalid_request"}"#), Verdict::Stopped);
        assert_eq!(refused(400, r#"{"error":"invalid_client"}"#), Verdict::Tolerated);
        assert_eq!(refused(401, r#"{"error":"invalid_request"}"#), Verdict::Tolerated);
    }
}
