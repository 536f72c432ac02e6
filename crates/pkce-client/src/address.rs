//! Which URLs are used: https, or http where it cannot leave the machine.

use oauth_types::Params;
use url::{Host, Url};

use crate::error::AddressError;

/// Parameters of the authorization request that only the client sets.
const RESERVED: &[&str] = &[
    "client_id",
    "client_secret",
    "code_challenge",
    "code_challenge_method",
    "dpop_jkt",
    "nonce",
    "redirect_uri",
    "request",
    "request_uri",
    "response_mode",
    "response_type",
    "scope",
    "state",
];

/// Parameters that [`LoginRequest`](crate::LoginRequest) has methods for.
const NAMED: &[&str] =
    &["acr_values", "authorization_details", "claims", "login_hint", "max_age", "prompt", "resource", "ui_locales"];

/// Whether a caller may not give `name` as an extra parameter.
pub(crate) fn is_reserved(name: &str) -> bool {
    RESERVED.contains(&name) || NAMED.contains(&name)
}

/// Which http addresses are accepted besides https.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Http {
    /// `localhost` counts as the loopback interface. A name may be resolved elsewhere, hence the opt-in.
    pub(crate) localhost: bool,
}

impl Http {
    /// An issuer identifier: no query, no fragment (RFC 8414 §2).
    pub(crate) fn issuer(self, text: &str) -> Result<Url, AddressError> {
        let url = self.secure(text)?;
        if url.query().is_some() { Err(AddressError::Query) } else { Ok(url) }
    }

    /// An endpoint of the server at `issuer`. A server elsewhere may not send the client to the client's own machine.
    pub(crate) fn endpoint(self, issuer: &Url, text: &str) -> Result<Url, AddressError> {
        let url = self.secure(text)?;
        if url.scheme() == "http" && issuer.scheme() != "http" {
            return Err(AddressError::LoopbackFromAfar);
        }
        Ok(url)
    }

    /// An authorization endpoint: its own query is kept (RFC 6749 §3.1), but must not speak for the client.
    pub(crate) fn authorization_endpoint(self, issuer: &Url, text: &str) -> Result<Url, AddressError> {
        let url = self.endpoint(issuer, text)?;
        let query = Params::parse(url.query().unwrap_or_default()).map_err(|_| AddressError::NotAUrl)?;
        if query.iter().any(|(name, _)| is_reserved(name)) {
            return Err(AddressError::ReservedParameter);
        }
        Ok(url)
    }

    /// A redirect URI: as [`Http::secure`], or of a private-use scheme with a dot (RFC 8252 §7.1).
    pub(crate) fn redirect_uri(self, text: &str) -> Result<(), AddressError> {
        let url = parse(text)?;
        if url.scheme().contains('.') {
            return if url.fragment().is_some() { Err(AddressError::Fragment) } else { Ok(()) };
        }
        self.secure(text).map(drop)
    }

    /// An absolute URL that nobody on the way can listen to.
    pub(crate) fn secure(self, text: &str) -> Result<Url, AddressError> {
        let url = parse(text)?;
        let host = url.host().ok_or(AddressError::NotAUrl)?;
        let near = match host {
            Host::Ipv4(address) => address == std::net::Ipv4Addr::LOCALHOST,
            Host::Ipv6(address) => address == std::net::Ipv6Addr::LOCALHOST,
            Host::Domain(name) => self.localhost && name == "localhost",
        };
        match url.scheme() {
            "https" => {}
            "http" if near => {}
            _ => return Err(AddressError::Insecure),
        }
        if url.fragment().is_some() {
            return Err(AddressError::Fragment);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(AddressError::Userinfo);
        }
        Ok(url)
    }
}

/// Parses without the repairs of the URL standard: no surrounding space, no backslash, no tab or newline inside.
fn parse(text: &str) -> Result<Url, AddressError> {
    if text.bytes().any(|octet| !octet.is_ascii_graphic() || octet == b'\\') {
        return Err(AddressError::NotAUrl);
    }
    Url::parse(text).map_err(|_| AddressError::NotAUrl)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STRICT: Http = Http { localhost: false };

    #[test]
    fn only_https_or_the_loopback_interface_is_secure() {
        for text in ["https://a.example", "https://a.example/x/", "http://127.0.0.1:80", "http://[::1]:8080/x"] {
            assert!(STRICT.issuer(text).is_ok(), "{text}");
        }
        for text in
            ["http://a.example", "http://localhost:1", "http://127.0.0.2", "ftp://a.example", "http://0.0.0.0"]
        {
            assert_eq!(STRICT.issuer(text).err(), Some(AddressError::Insecure), "{text}");
        }
        assert!(Http { localhost: true }.issuer("http://localhost:1").is_ok());
    }

    #[test]
    fn texts_that_a_parser_would_repair_are_refused() {
        for text in ["", "a", " https://a.example", "https:\\\\a.example", "https://a.exa\tmple", "https://é.example"]
        {
            assert_eq!(STRICT.issuer(text).err(), Some(AddressError::NotAUrl), "{text:?}");
        }
        assert_eq!(STRICT.issuer("javascript:alert(1)").err(), Some(AddressError::NotAUrl));
        assert_eq!(STRICT.issuer("https://a.example?x").err(), Some(AddressError::Query));
        assert_eq!(STRICT.issuer("https://a.example#x").err(), Some(AddressError::Fragment));
        assert_eq!(STRICT.issuer("https://u:p@a.example").err(), Some(AddressError::Userinfo));
    }

    #[test]
    fn a_distant_server_may_not_name_the_own_machine() {
        let far = Url::parse("https://a.example").expect("a URL");
        let near = Url::parse("http://127.0.0.1:1").expect("a URL");
        let text = "http://127.0.0.1:2/token";
        assert_eq!(STRICT.endpoint(&far, text).err(), Some(AddressError::LoopbackFromAfar));
        assert!(STRICT.endpoint(&near, text).is_ok());
    }

    #[test]
    fn an_authorization_endpoint_may_have_a_query_of_its_own() {
        let far = Url::parse("https://a.example").expect("a URL");
        assert!(STRICT.authorization_endpoint(&far, "https://a.example/authorize?tenant=1").is_ok());
        let refused = STRICT.authorization_endpoint(&far, "https://a.example/authorize?state=1");
        assert_eq!(refused.err(), Some(AddressError::ReservedParameter));
    }

    #[test]
    fn a_redirect_uri_may_have_a_private_scheme_with_a_dot() {
        assert!(STRICT.redirect_uri("com.example.app:/cb").is_ok());
        assert!(STRICT.redirect_uri("https://a.example/cb?x=1").is_ok());
        assert_eq!(STRICT.redirect_uri("myapp:/cb"), Err(AddressError::NotAUrl));
        assert_eq!(STRICT.redirect_uri("http://a.example/cb"), Err(AddressError::Insecure));
        assert_eq!(STRICT.redirect_uri("com.example.app:/cb#x"), Err(AddressError::Fragment));
    }
}
