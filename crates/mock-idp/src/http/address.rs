//! At which address a request came: the one that is configured, or the one that the request names.

use std::borrow::Cow;

use http::Version;
use http::header::HOST;
use http::request::Parts;
use oauth_types::ErrorCode;

use crate::refusal::{Document, Refusal, Rule};
use crate::request::{Host, Place, Seen};
use crate::specs::rfc7239_forwarded::{BACK_CHANNEL_FROM_HOST, Claimed, ISSUER_FROM_HOST, TRUST_FORWARDED, claimed};
use crate::world::Policy;

/// Marks a request that came over a connection: HTTP/1.1 wants a `Host` there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OverHttp;

/// The tenant as the request calls it, if a choice says that it may.
pub(crate) fn place<'a>(
    own: &'a Place,
    policy: &Policy,
    parts: &Parts,
    seen: &Seen,
) -> Result<Cow<'a, Place>, Refusal> {
    let (issuer, back) = (policy.is_on(&ISSUER_FROM_HOST), policy.is_on(&BACK_CHANNEL_FROM_HOST));
    if !issuer && !back {
        host(parts)?;
        return Ok(Cow::Borrowed(own));
    }
    let (origin, prefix) = named(own, policy, parts, seen)?;
    let mut place = own.clone();
    // The back channel of an issuer that is called otherwise begins with what was configured.
    if back {
        place.reached(&origin, &prefix);
    }
    if issuer {
        place.called(&origin, &prefix);
    }
    Ok(Cow::Owned(place))
}

/// The origin that a request names, and what all paths begin with there: as a proxy says, if it is believed.
pub(crate) fn named(own: &Place, policy: &Policy, parts: &Parts, seen: &Seen) -> Result<(String, String), Refusal> {
    let host = host(parts)?;
    let told = if policy.is_on(&TRUST_FORWARDED) { claimed(&parts.headers)? } else { Claimed::default() };
    if told != Claimed::default() {
        seen.relaxed(TRUST_FORWARDED.name);
    }
    let host =
        told.host.or(host).ok_or_else(|| HOST_MISSING.because("The issuer is called as the request calls it"))?;
    // RFC 9112 §3.3: the scheme is the one that the configuration or a trusted gateway gives.
    let configured = if own.issuer.starts_with("https://") { "https" } else { "http" };
    Ok((host.origin(told.proto.unwrap_or(configured)), told.prefix))
}

/// The host that a request is for. "A server MUST respond with a 400 (Bad Request) status code to any HTTP/1.1 request
/// message that lacks a Host header field and to any request message that contains more than one Host header field
/// line or a Host header field with an invalid field value" (RFC 9112 §3.2).
fn host(parts: &Parts) -> Result<Option<Host>, Refusal> {
    let mut lines = parts.headers.get_all(HOST).iter();
    let named = match (lines.next(), lines.next()) {
        (_, Some(_)) => return Err(HOST_TWICE.refuse()),
        (Some(line), None) => {
            let host = line.to_str().ok().and_then(Host::parse);
            Some(host.ok_or_else(|| HOST_MALFORMED.because("It is a name or an address, a colon, and a port"))?)
        }
        (None, None) => None,
    };
    if named.is_none() && parts.version == Version::HTTP_11 && parts.extensions.get::<OverHttp>().is_some() {
        return Err(HOST_MISSING.refuse());
    }
    // "When an origin server receives a request with an absolute-form of request-target, the origin server MUST ignore
    // the received Host header field (if any)" (RFC 9112 §3.2.2).
    match parts.uri.authority() {
        Some(authority) => {
            let host = Host::parse(authority.as_str());
            host.map(Some).ok_or_else(|| HOST_MALFORMED.because("It is the one in the request's first line"))
        }
        None => Ok(named),
    }
}

pub(crate) static RULES: &[&Rule] = &[&HOST_MALFORMED, &HOST_MISSING, &HOST_TWICE];

static HOST_MALFORMED: Rule = Rule {
    id: "rfc9112-host-malformed",
    document: &RFC9112,
    section: "3.2",
    error: ErrorCode::InvalidRequest,
    says: "A request names the host that it is for, as the URL does",
};

static HOST_MISSING: Rule = Rule {
    id: "rfc9112-host-missing",
    document: &RFC9112,
    section: "3.2",
    error: ErrorCode::InvalidRequest,
    says: "Every request has a Host header",
};

static HOST_TWICE: Rule = Rule {
    id: "rfc9112-host-twice",
    document: &RFC9112,
    section: "3.2",
    error: ErrorCode::InvalidRequest,
    says: "A request has one Host header, and no other",
};

static RFC9112: Document =
    Document { name: "RFC 9112", title: "HTTP/1.1", url: "https://www.rfc-editor.org/rfc/rfc9112" };

#[cfg(test)]
mod tests {
    use super::super::router::SPINE;
    use crate::MockIdp;
    use crate::pipeline;

    #[test]
    fn metadata_puts_what_browsers_visit_in_front_and_what_clients_call_behind() {
        let (front, back) = ("https://front.example/idp", "http://back:8080");
        let described = MockIdp::builder().front_channel(front).back_channel(back).legacy().on("check-session");
        let idp = described.in_process().expect("a server");
        for (tenant, below) in [("", ""), ("acme", "/acme")] {
            let live = idp.app().tenants.find(tenant).expect("a tenant").live();
            let members = pipeline::metadata(&live.world, &live.place);
            let (mut pages, mut others) = (0, 0);
            for (name, value) in members.iter().filter(|(name, _)| *name != "issuer") {
                let Some(url) = value.as_str().filter(|text| text.contains("://")) else { continue };
                let path = [front, back].iter().find_map(|base| url.strip_prefix(&format!("{base}{below}")));
                let path = path.unwrap_or_else(|| panic!("{name} is at neither: {url}"));
                let mut endpoints = SPINE.iter().chain(pipeline::endpoints(&live.world));
                let endpoint = endpoints.find(|own| own.path == path).unwrap_or_else(|| panic!("{name}: {url}"));
                assert_eq!(endpoint.page, url.starts_with(front), "{name}: {url}");
                *(if endpoint.page { &mut pages } else { &mut others }) += 1;
            }
            assert_eq!((pages, others), (3, 9), "{members:?}");
        }
    }
}
