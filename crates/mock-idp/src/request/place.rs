//! One issuer of a server: what it is called, and where it is reached.

use super::host::Host;

/// One issuer of a server: where its endpoints are, and how its records are told from others'.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// The issuer identifier, without a trailing slash (RFC 8414 §2).
    pub issuer: String,
    /// The tenant's name; empty for the one at the root.
    pub tenant: String,
    /// What the URLs of pages begin with, if not with the issuer: where browsers go.
    pub front: Option<String>,
    /// What the URLs of other endpoints begin with, if not with the issuer: where clients go.
    pub back: Option<String>,
    /// Whether the issuer is called as each request calls it.
    pub follows: bool,
}

impl Place {
    /// The tenant at the root, which browsers and clients reach at its issuer.
    pub(crate) fn root(issuer: impl Into<String>) -> Self {
        Self { issuer: issuer.into(), tenant: String::new(), front: None, back: None, follows: false }
    }

    /// The tenant called `name`, whose path is below every address of this one.
    pub(crate) fn below(&self, name: &str) -> Self {
        let below = |base: &String| format!("{base}/{name}");
        Self {
            issuer: below(&self.issuer),
            tenant: name.to_owned(),
            front: self.front.as_ref().map(below),
            back: self.back.as_ref().map(below),
            follows: self.follows,
        }
    }

    /// The same tenant with the issuer as `origin` and a prefix of all paths call it.
    pub(crate) fn called(&mut self, origin: &str, prefix: &str) {
        self.issuer = format!("{origin}{prefix}{}", path_of(&self.issuer));
        self.follows = true;
    }

    /// The same tenant, whose clients reach it at `origin` and below a prefix of all paths.
    pub(crate) fn reached(&mut self, origin: &str, prefix: &str) {
        self.back = Some(format!("{origin}{prefix}{}", path_of(self.back())));
    }

    /// The URL of an endpoint that clients call, such as `/token`.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.back())
    }

    /// The URL of an endpoint that browsers visit, such as `/authorize`.
    pub(crate) fn page(&self, path: &str) -> String {
        format!("{}{path}", self.front())
    }

    /// Every URL that an endpoint may be called by, the announced one first.
    pub(crate) fn urls<'a>(&'a self, path: &'a str) -> impl Iterator<Item = String> + 'a {
        let front = Some(self.front()).filter(|front| *front != self.back());
        let issuer = Some(&*self.issuer).filter(|own| *own != self.back() && *own != self.front());
        [self.back()].into_iter().chain(front).chain(issuer).map(move |base| format!("{base}{path}"))
    }

    /// The URL of a well-known document about an endpoint, or about all of them: the well-known part comes between
    /// the host and the path (RFC 8414 §3.1, RFC 9728 §3.1).
    pub(crate) fn well_known(&self, well_known: &str, path: &str) -> String {
        let below = path_of(self.back());
        let origin = self.back().strip_suffix(below).unwrap_or(self.back());
        format!("{origin}{well_known}{below}{path}")
    }

    /// What the path of a page begins with, as browsers see it: nothing, or `/acme`.
    pub(crate) fn path(&self) -> &str {
        path_of(self.front())
    }

    /// Whether browsers reach it by TLS.
    pub(crate) fn is_secure(&self) -> bool {
        self.front().starts_with("https://")
    }

    /// Whether `issuer` is this tenant: under its name, or under another that a request may have called it by. It is
    /// asked of what this server has signed.
    pub(crate) fn is_called(&self, issuer: &str) -> bool {
        let otherwise = || {
            let (_, rest) = issuer.split_once("://").filter(|(scheme, _)| matches!(*scheme, "http" | "https"))?;
            let path = path_of(issuer);
            Host::parse(rest.strip_suffix(path)?).map(|_| path == path_of(&self.issuer))
        };
        issuer == self.issuer || self.follows && otherwise().unwrap_or(false)
    }

    fn front(&self) -> &str {
        self.front.as_ref().unwrap_or(&self.issuer)
    }

    fn back(&self) -> &str {
        self.back.as_ref().unwrap_or(&self.issuer)
    }
}

fn path_of(base: &str) -> &str {
    let rest = base.split_once("://").map_or("", |(_, rest)| rest);
    rest.find('/').map_or("", |at| &rest[at..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_is_below_every_address() {
        let mut root = Place::root("http://localhost:8080");
        root.front = Some("http://localhost:8080/idp".to_owned());
        root.back = Some("http://idp:80".to_owned());
        let acme = root.below("acme");
        assert_eq!(acme.issuer, "http://localhost:8080/acme");
        assert_eq!(acme.page("/authorize"), "http://localhost:8080/idp/acme/authorize");
        assert_eq!(acme.url("/token"), "http://idp:80/acme/token");
        assert_eq!(acme.well_known("/.well-known/x", "/mcp"), "http://idp:80/.well-known/x/acme/mcp");
        assert_eq!(acme.path(), "/idp/acme");
        let urls = ["http://idp:80/acme/t", "http://localhost:8080/idp/acme/t", "http://localhost:8080/acme/t"];
        assert_eq!(acme.urls("/t").collect::<Vec<_>>(), urls);
        assert_eq!(Place::root("http://a").urls("/t").collect::<Vec<_>>(), ["http://a/t"]);
    }

    #[test]
    fn what_follows_the_host_has_many_names_but_one_path() {
        let mut acme = Place::root("http://localhost:8080").below("acme");
        assert!(acme.is_called("http://localhost:8080/acme") && !acme.is_called("http://idp/acme"));
        acme.called("https://idp", "");
        for issuer in ["https://idp/acme", "http://localhost:8080/acme", "http://[::1]:1/acme"] {
            assert!(acme.is_called(issuer), "{issuer}");
        }
        for issuer in ["https://idp", "https://idp/other", "ftp://idp/acme", "https:///acme", "http://a b/acme", ""] {
            assert!(!acme.is_called(issuer), "{issuer}");
        }
    }
}
