//! A registered redirect URI in parts, from which others are made that differ in one of them.

use std::fmt;

use crate::attack::Inconclusive;
use crate::target::Registration;

/// An address with a host, as it is written: nothing is decoded or normalised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    /// Without the colon.
    pub(super) scheme: String,
    /// With the brackets of IPv6.
    pub(super) host: String,
    /// With its colon, or empty.
    pub(super) port: String,
    /// From the first slash to the query, or empty.
    pub(super) path: String,
    /// With its question mark, or empty.
    pub(super) query: String,
}

impl Address {
    /// The redirect URI that the client uses.
    ///
    /// # Errors
    /// [`Inconclusive`] when it has no host, as with a scheme of the client's own.
    pub(super) fn of(client: &Registration) -> Result<Self, Inconclusive> {
        let missing = || Inconclusive::new("the target has no client whose redirect URI names a host");
        Self::parse(client.redirect_uri()).ok_or_else(missing)
    }

    /// The address in parts, if it has a host.
    pub(super) fn parse(uri: &str) -> Option<Self> {
        let (scheme, rest) = uri.split_once("://")?;
        let (before, query) = rest.split_at(rest.find('?').unwrap_or(rest.len()));
        let (authority, path) = before.split_at(before.find('/').unwrap_or(before.len()));
        let after_brackets = authority.rfind(']').unwrap_or_default();
        let colon = authority[after_brackets..].find(':').map_or(authority.len(), |at| after_brackets + at);
        let (host, port) = authority.split_at(colon);
        let text = str::to_owned;
        let whole =
            Self { scheme: text(scheme), host: text(host), port: text(port), path: text(path), query: text(query) };
        (!host.is_empty()).then_some(whole)
    }

    /// The same with another host.
    pub(super) fn at_host(&self, host: impl Into<String>) -> Self {
        Self { host: host.into(), ..self.clone() }
    }

    /// The same with another path.
    pub(super) fn at_path(&self, path: impl Into<String>) -> Self {
        Self { path: path.into(), ..self.clone() }
    }

    /// The same with another scheme.
    pub(super) fn by_scheme(&self, scheme: impl Into<String>) -> Self {
        Self { scheme: scheme.into(), ..self.clone() }
    }

    /// What follows the scheme and the two slashes.
    pub(super) fn rest(&self) -> String {
        let Self { host, port, path, query, .. } = self;
        format!("{host}{port}{path}{query}")
    }

    /// Whether any port may stand in it (RFC 8252 section 7.3).
    pub(super) fn is_loopback(&self) -> bool {
        self.scheme == "http" && ["127.0.0.1", "[::1]"].contains(&self.host.as_str())
    }
}

/// The loopback addresses of a native client, which does not know its port when it is registered (RFC 8252 section
/// 7.3).
///
/// # Errors
/// [`Inconclusive`] when it has none.
pub(super) fn loopback(client: &Registration) -> Result<Vec<Address>, Inconclusive> {
    let own = client.redirect_uris.iter().filter_map(|uri| Address::parse(uri));
    let own: Vec<_> = own.filter(Address::is_loopback).collect();
    if own.is_empty() {
        return Err(Inconclusive::new("the target has no native client with a loopback redirect URI"));
    }
    Ok(own)
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.rest())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_falls_into_parts_and_is_put_together_again() {
        for (uri, host, port, path, query) in [
            ("https://a.example/cb", "a.example", "", "/cb", ""),
            ("http://127.0.0.1:9/cb?x=/1:2", "127.0.0.1", ":9", "/cb", "?x=/1:2"),
            ("http://[::1]:80", "[::1]", ":80", "", ""),
            ("http://[::1]/", "[::1]", "", "/", ""),
        ] {
            let address = Address::parse(uri).expect("an address");
            let parts = [&address.host, &address.port, &address.path, &address.query];
            assert_eq!(parts, [host, port, path, query], "{uri}");
            assert_eq!(address.to_string(), uri);
        }
        assert_eq!(Address::parse("com.example.app:/cb"), None);
        assert_eq!(Address::parse("com.example.app:///cb"), None);
    }
}
