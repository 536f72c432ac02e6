//! Requests that other sites have a browser send (cross-site request forgery).

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::header::{ORIGIN, UPGRADE};
use http::{HeaderMap, Method, StatusCode};

use super::{Bff, BffFailure, page};

/// The header that requests of the application's own scripts have, with the value `1`. No page of another origin can add
/// it without being asked by the browser whether it may (CORS).
pub const CSRF_HEADER: &str = "x-csrf";

const SITE: &str = "sec-fetch-site";

/// Why a request may be of another site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CsrfError {
    /// The browser says that another site, or another origin of this one, caused it (`Sec-Fetch-Site`).
    #[error("the browser says that it comes from elsewhere")]
    CrossSite,
    /// Its `Origin` is another.
    #[error("its Origin is another")]
    Origin,
    /// It has no header `x-csrf: 1`, which only pages of this origin can add.
    #[error("it has no header x-csrf: 1 (plain HTML forms: BffBuilder::allow_plain_forms)")]
    NoHeader,
    /// It does not say where it comes from: neither `Sec-Fetch-Site` nor `Origin`, and no `x-csrf`.
    #[error("it does not say where it comes from")]
    Unknown,
}

/// What shows that a request is of this application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Proof {
    /// The header.
    Header,
    /// The header, or that the browser says where it comes from.
    HeaderOrOrigin,
    /// That the browser says where it comes from: no script can add a header.
    Origin,
}

/// Stands before every handler of the application.
pub(super) async fn guard(State(bff): State<Bff>, request: Request, next: Next) -> Response {
    let proof = match (request.method(), request.headers().contains_key(UPGRADE)) {
        // A WebSocket begins with a GET, and is not kept from being read by other origins.
        (&Method::GET, true) => Some(Proof::Origin),
        (&Method::GET | &Method::HEAD | &Method::OPTIONS, _) => None,
        _ if bff.0.plain_forms => Some(Proof::HeaderOrOrigin),
        _ => Some(Proof::Header),
    };
    match proof.and_then(|proof| bff.refusal(request.headers(), proof)) {
        None => next.run(request).await,
        Some(refusal) => refusal,
    }
}

impl Bff {
    /// What a request that changes something is refused with, if it may be of another site.
    pub(super) fn refusal(&self, headers: &HeaderMap, proof: Proof) -> Option<Response> {
        let error = judge(headers, &self.origin(), proof).err()?;
        self.tell(&BffFailure::Csrf(error));
        Some(page::refused(StatusCode::FORBIDDEN))
    }
}

fn judge(headers: &HeaderMap, own: &str, proof: Proof) -> Result<(), CsrfError> {
    let all = |name: &str| headers.get_all(name).iter().map(|value| value.as_bytes().to_vec()).collect::<Vec<_>>();
    let (site, origin) = (all(SITE), all(ORIGIN.as_str()));
    if site.iter().any(|site| site != b"same-origin") {
        return Err(CsrfError::CrossSite);
    }
    if origin.iter().any(|origin| origin != own.as_bytes()) {
        return Err(CsrfError::Origin);
    }
    let said = !site.is_empty() || !origin.is_empty();
    let has_header = all(CSRF_HEADER) == [b"1"];
    match proof {
        Proof::Header if !has_header => Err(CsrfError::NoHeader),
        Proof::HeaderOrOrigin if !has_header && !said => Err(CsrfError::Unknown),
        Proof::Origin if !said => Err(CsrfError::Unknown),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderName;

    use super::*;

    const OWN: &str = "https://app.example";

    fn judged(headers: &[(&'static str, &'static str)], proof: Proof) -> Result<(), CsrfError> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_static(name), http::HeaderValue::from_static(value));
        }
        judge(&map, OWN, proof)
    }

    #[test]
    fn the_header_is_asked_for_and_does_not_outweigh_what_the_browser_says() {
        use Proof::Header;
        assert_eq!(judged(&[("x-csrf", "1")], Header), Ok(()));
        assert_eq!(judged(&[("x-csrf", "1"), ("sec-fetch-site", "same-origin"), ("origin", OWN)], Header), Ok(()));
        assert_eq!(judged(&[], Header), Err(CsrfError::NoHeader));
        assert_eq!(judged(&[("x-csrf", "0")], Header), Err(CsrfError::NoHeader));
        assert_eq!(judged(&[("sec-fetch-site", "same-origin"), ("origin", OWN)], Header), Err(CsrfError::NoHeader));
        for site in ["cross-site", "same-site", "none", "", "Same-Origin"] {
            assert_eq!(judged(&[("x-csrf", "1"), ("sec-fetch-site", site)], Header), Err(CsrfError::CrossSite));
        }
        let twice = [("x-csrf", "1"), ("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")];
        assert_eq!(judged(&twice, Header), Err(CsrfError::CrossSite));
        for origin in ["null", "https://evil.example", "http://app.example", "https://app.example:444", ""] {
            assert_eq!(judged(&[("x-csrf", "1"), ("origin", origin)], Header), Err(CsrfError::Origin), "{origin}");
        }
    }

    #[test]
    fn where_forms_are_allowed_the_browser_has_to_say_where_they_come_from() {
        use Proof::HeaderOrOrigin;
        assert_eq!(judged(&[("origin", OWN)], HeaderOrOrigin), Ok(()));
        assert_eq!(judged(&[("sec-fetch-site", "same-origin")], HeaderOrOrigin), Ok(()));
        assert_eq!(judged(&[("x-csrf", "1")], HeaderOrOrigin), Ok(()));
        assert_eq!(judged(&[], HeaderOrOrigin), Err(CsrfError::Unknown));
        assert_eq!(judged(&[("origin", "null")], HeaderOrOrigin), Err(CsrfError::Origin));
        assert_eq!(judged(&[("x-csrf", "1")], Proof::Origin), Err(CsrfError::Unknown));
        assert_eq!(judged(&[("origin", OWN)], Proof::Origin), Ok(()));
    }
}
