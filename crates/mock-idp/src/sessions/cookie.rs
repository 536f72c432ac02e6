//! Cookies: what they are called, which requests bring them, and how they are set (RFC 6265).

use http::HeaderValue;
use http::header::{COOKIE, SET_COOKIE};

use crate::request::{Arrival, Place};

/// A cookie of this server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cookie {
    /// Its name, without a prefix.
    pub name: &'static str,
    /// Whether scripts may read it, also in a frame on somebody else's page.
    pub scripts: bool,
}

impl Cookie {
    /// The values that a request brings, the most specific path first. There may be several: a tenant's, and that of
    /// the tenant at the root.
    pub(crate) fn values<'a>(self, arrival: &Arrival<'a>) -> Vec<&'a str> {
        let name = self.full_name(arrival.place);
        let headers = arrival.headers.get_all(COOKIE).iter().filter_map(|header| header.to_str().ok());
        let pairs = headers.flat_map(|header| header.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.filter(|(own, _)| *own == name).map(|(_, value)| value).collect()
    }

    /// Sets it in the answer, for as long as the browser runs. No value takes it away.
    pub(crate) fn set(self, arrival: &Arrival<'_>, value: Option<&str>) {
        let (name, path) = (self.full_name(arrival.place), arrival.place.path());
        let path = if path.is_empty() { "/" } else { path };
        let mut text = format!("{name}={}; Path={path}", value.unwrap_or_default());
        if value.is_none() {
            text.push_str("; Max-Age=0");
        }
        match (self.scripts, arrival.place.is_secure()) {
            (false, true) => text.push_str("; HttpOnly; SameSite=Lax; Secure"),
            (false, false) => text.push_str("; HttpOnly; SameSite=Lax"),
            // Without TLS a browser takes no cookie that goes along everywhere.
            (true, true) => text.push_str("; SameSite=None; Secure"),
            (true, false) => {}
        }
        if let Ok(value) = HeaderValue::try_from(text) {
            arrival.seen.answer_with(SET_COOKIE, value);
        }
    }

    /// Its name with the prefix that lets nobody else set it (RFC 6265bis §4.1.3): `__Host-` is for a whole host alone.
    pub(crate) fn full_name(self, place: &Place) -> String {
        let prefix = match (place.is_secure(), place.path().is_empty()) {
            (true, true) => "__Host-",
            (true, false) => "__Secure-",
            (false, _) => "",
        };
        format!("{prefix}{}", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_says_what_the_browser_has_to_hold_to() {
        let name = |issuer: &str| Cookie { name: "c", scripts: false }.full_name(&Place::root(issuer));
        assert_eq!(name("http://127.0.0.1:8080"), "c");
        assert_eq!(name("http://127.0.0.1:8080/acme"), "c");
        assert_eq!(name("https://idp.example"), "__Host-c");
        assert_eq!(name("https://idp.example/acme"), "__Secure-c");
    }
}
