//! RFC 8707: Resource Indicators for OAuth 2.0.
//!
//! A client says for which protected resources it wants a token, and the token is for these and no others. What was
//! authorized can be narrowed by a token request, never widened.

use oauth_types::{ErrorCode, Params};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::clients::Client;
use crate::doctor::uris;
use crate::memory::{Life, Note};
use crate::redirect;
use crate::refusal::{Document, Refusal, Rule};
use crate::reply::TokenReply;
use crate::request::{Attempt, AuthorizationRequest, Draft, Found, Spent, TokenRequest};
use crate::spec::Spec;
use crate::world::{Policy, Switch};

#[derive(Debug)]
pub(crate) struct ResourceIndicators;

/// The most resources of one request, and the most octets of one of them.
const MOST: usize = 16;
const LONGEST: usize = 2048;

/// The resources that a grant is for. Every token that follows from it is for some of them.
#[derive(Debug, Serialize, Deserialize)]
struct Resources(Vec<String>);

impl Note for Resources {
    const NAME: &'static str = "rfc8707/resources";
    const LIFE: Life = Life::Grant;
}

impl Spec for ResourceIndicators {
    fn document(&self) -> &'static Document {
        &DOCUMENT
    }

    fn rules(&self) -> &'static [&'static Rule] {
        RULES
    }

    fn optional(&self) -> bool {
        true
    }

    fn switches(&self) -> &'static [&'static Switch] {
        SWITCHES
    }

    /// "Multiple `resource` parameters MAY be used" (§2).
    fn repeatable(&self) -> &'static [&'static str] {
        &["resource"]
    }

    fn authorize(&self, request: &AuthorizationRequest<'_>, draft: &mut Draft) -> Result<(), Refusal> {
        remember(request.params, request.policy, draft)
    }

    fn authorize_elsewhere(&self, attempt: &Attempt<'_>, _client: &Client, draft: &mut Draft) -> Result<(), Refusal> {
        remember(attempt.params, attempt.policy, draft)
    }

    /// A token request may name "a subset of the resources for which the authorization grant was issued" (§2.2).
    fn redeem(&self, request: &TokenRequest<'_>, found: &Found) -> Result<(), Refusal> {
        let named = read(request.params, request.policy)?;
        if named.is_empty() || found.is_made() {
            return Ok(());
        }
        let Some(Resources(authorized)) = found.note() else {
            if !request.policy.is_on(&LATE) {
                return Err(NOT_AUTHORIZED.because("Send the resource in the authorization request as well"));
            }
            request.arrival.seen.relaxed(LATE.name);
            return Ok(());
        };
        match named.iter().find(|resource| !authorized.iter().any(|own| own == *resource)) {
            Some(other) => Err(NOT_AUTHORIZED.because(nearest(&authorized, other))),
            None => Ok(()),
        }
    }

    /// "the authorization server SHOULD audience-restrict issued access tokens to the resource(s)" (§2).
    fn bind(&self, request: &TokenRequest<'_>, spent: &Spent, reply: &mut TokenReply) {
        let granted = spent.note().map(|Resources(list)| list).unwrap_or_default();
        let audience = match read(request.params, request.policy) {
            Ok(named) if !named.is_empty() => {
                // For what was not authorized before, what follows from this token is authorized now.
                if !named.iter().all(|resource| granted.contains(resource)) {
                    reply.inherit(&Resources(named.clone()));
                }
                named
            }
            _ => granted,
        };
        let claim = match audience.as_slice() {
            [] => return,
            [only] => json!(only),
            several => json!(several),
        };
        if let Some(token) = reply.token("access_token") {
            token.claims.insert("aud".to_owned(), claim);
        }
    }
}

fn remember(params: &Params, policy: &Policy, draft: &mut Draft) -> Result<(), Refusal> {
    let named = read(params, policy)?;
    if !named.is_empty() {
        draft.remember(&Resources(named));
    }
    Ok(())
}

/// The resources that a request names, each once. An empty value counts as none (RFC 6749 §3.1).
fn read(params: &Params, policy: &Policy) -> Result<Vec<String>, Refusal> {
    let mut named: Vec<String> = Vec::new();
    for resource in params.all("resource").filter(|resource| !resource.is_empty()) {
        if let Some(defect) = defect(resource) {
            return Err(MALFORMED.because(defect));
        }
        if !policy.resources.is_empty() && !policy.resources.iter().any(|known| known == resource) {
            return Err(UNKNOWN.because(nearest(&policy.resources, resource)));
        }
        if !named.iter().any(|own| own == resource) {
            named.push(resource.to_owned());
        }
    }
    match named.len() > MOST {
        true => Err(MALFORMED.because(format!("There are more than {MOST} of them"))),
        false => Ok(named),
    }
}

/// "Its value MUST be an absolute URI [...]. The URI MUST NOT include a fragment component" (§2).
fn defect(resource: &str) -> Option<&'static str> {
    let host = ["https://", "http://"].into_iter().find_map(|scheme| resource.strip_prefix(scheme));
    if resource.contains('#') {
        Some("It has a fragment")
    } else if resource.len() > LONGEST {
        Some("It has more than 2048 octets")
    } else if !redirect::well_formed(resource) {
        Some("It is not absolute: it has to begin with a scheme, such as https, and be percent-encoded")
    } else if host.is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?', ':'])) {
        Some("It has no host")
    } else {
        None
    }
}

/// The one of `known` that `resource` was probably meant to be.
fn nearest(known: &[String], resource: &str) -> String {
    let common = |own: &&String| own.chars().zip(resource.chars()).take_while(|(one, other)| one == other).count();
    match known.iter().max_by_key(common) {
        Some(own) => format!("The nearest is {own}. {}", uris::difference(own, resource)),
        None => String::new(),
    }
}

static SWITCHES: &[&Switch] = &[&LATE];

static LATE: Switch = Switch {
    name: "resource-at-token-alone",
    says: "A token request may name resources although the authorization request named none",
    relaxes: true,
};

static DOCUMENT: Document = Document {
    name: "RFC 8707",
    title: "Resource Indicators for OAuth 2.0",
    url: "https://www.rfc-editor.org/rfc/rfc8707",
};

static RULES: &[&Rule] = &[&MALFORMED, &NOT_AUTHORIZED, &UNKNOWN];

static MALFORMED: Rule = Rule {
    id: "rfc8707-resource-malformed",
    document: &DOCUMENT,
    section: "2",
    error: ErrorCode::InvalidTarget,
    says: "A resource is an absolute URI without a fragment",
};

static UNKNOWN: Rule = Rule {
    id: "rfc8707-resource-unknown",
    document: &DOCUMENT,
    section: "2",
    error: ErrorCode::InvalidTarget,
    says: "A resource has to be one that this server issues tokens for",
};

static NOT_AUTHORIZED: Rule = Rule {
    id: "rfc8707-resource-not-authorized",
    document: &DOCUMENT,
    section: "2.2",
    error: ErrorCode::InvalidTarget,
    says: "A token request may name only resources that were authorized, character for character",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_is_an_absolute_uri_without_a_fragment() {
        for resource in
            ["https://rs.example", "https://rs.example/a?b=c", "http://127.0.0.1:1/mcp", "urn:example:rs", "mcp://x"]
        {
            assert_eq!(defect(resource), None, "{resource}");
        }
        for (resource, says) in [
            ("https://rs.example/#", "fragment"),
            ("urn:example:rs#a", "fragment"),
            ("rs.example", "not absolute"),
            ("/mcp", "not absolute"),
            ("//rs.example", "not absolute"),
            ("https:", "not absolute"),
            ("https://rs.example/\u{e9}", "percent-encoded"),
            ("https://rs.example/ a", "percent-encoded"),
            ("https://", "no host"),
            ("https:///mcp", "no host"),
            ("http://:80/", "no host"),
        ] {
            assert!(
                defect(resource).is_some_and(|defect| defect.contains(says)),
                "{resource}: {:?}",
                defect(resource)
            );
        }
        assert!(defect(&format!("https://rs.example/{}", "x".repeat(LONGEST))).is_some());
    }
}
