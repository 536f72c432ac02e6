//! RFC 9728: OAuth 2.0 Protected Resource Metadata, and a small protected resource that has it.
//!
//! `/resource` says what the token is that it was asked with; `?scope=` names a scope that it then needs. The issuer
//! itself is a resource as well, since a token that was asked for no other is for it.

use http::{Method, StatusCode};
use oauth_types::ErrorCode;
use oauth_types::fault::Point;
use serde_json::{Map, Value};

use crate::documents;
use crate::memory::Scope;
use crate::ports::store::BoxFuture;
use crate::protected::{self, Resource};
use crate::refusal::{Document, Refusal, Rule};
use crate::reply::{Challenges, Reply};
use crate::request::Resolved;
use crate::spec::{Call, Challenged, Endpoint, Spec};

const PATH: &str = "/resource";
const BEARER: &[&str] = &["header", "body", "query"];

static ISSUER: Resource = Resource { path: "", name: "Mock authorization server", scopes: &[], bearer: BEARER };
static RESOURCE: Resource = Resource { path: PATH, name: "Mock protected resource", scopes: &[], bearer: BEARER };

static ENDPOINTS: &[Endpoint] = &[
    Endpoint { path: PATH, methods: &[Method::GET, Method::POST], at: Point::Resource, page: false },
    metadata_at("/.well-known/oauth-protected-resource"),
    metadata_at("/.well-known/oauth-protected-resource/resource"),
];

const fn metadata_at(path: &'static str) -> Endpoint {
    Endpoint { path, methods: &[Method::GET, Method::HEAD], at: Point::ResourceMetadata, page: false }
}

#[derive(Debug)]
pub(crate) struct ResourceMetadata;

impl Spec for ResourceMetadata {
    fn document(&self) -> &'static Document {
        &DOCUMENT
    }

    fn rules(&self) -> &'static [&'static Rule] {
        RULES
    }

    fn optional(&self) -> bool {
        true
    }

    fn endpoints(&self) -> &'static [Endpoint] {
        ENDPOINTS
    }

    fn serve<'a>(&'a self, call: &'a Call<'a>) -> Option<BoxFuture<'a, Reply>> {
        Some(Box::pin(async move {
            match call.arrival.path {
                PATH => resource(call).await,
                path if path.ends_with(PATH) => RESOURCE.metadata(call),
                _ => ISSUER.metadata(call),
            }
        }))
    }

    /// §5.1. A resource that is none of this document's own names its metadata itself, or is the issuer's.
    fn challenge(&self, refused: &Challenged<'_>, challenges: &mut Challenges) {
        let own = if refused.path == PATH { &RESOURCE } else { &ISSUER };
        let named = challenges.0.iter().flat_map(|challenge| &challenge.params).any(|(name, _)| *name == PARAMETER);
        if !named {
            challenges.everywhere(PARAMETER, &own.metadata_url(refused.place));
        }
    }
}

/// The parameter of a challenge (§5.1).
const PARAMETER: &str = "resource_metadata";

async fn resource(call: &Call<'_>) -> Reply {
    let resolved = match call.spine.access(call.arrival).await {
        Ok(resolved) => resolved,
        Err(denied) => return denied.into(),
    };
    match judge(call, &resolved) {
        Ok(()) => Reply::Document { at: Point::Resource, status: StatusCode::OK, members: told(&resolved) },
        Err((refusal, scope)) => protected::refuse(refusal, &resolved, scope),
    }
}

fn judge(call: &Call<'_>, resolved: &Resolved) -> Result<(), (Refusal, Option<String>)> {
    let place = call.arrival.place;
    let own = RESOURCE.url(place);
    let audience = protected::audience(resolved);
    if !audience.iter().any(|name| *name == own || place.is_called(name)) {
        let hint = format!("It is not for {own}, nor for {}", place.issuer);
        return Err((AUDIENCE.because(hint), None));
    }
    let mut asked = call.arrival.query.all("scope").filter(|scope| !scope.is_empty());
    let Some(wanted) = asked.next() else { return Ok(()) };
    let wanted = Scope::parse(wanted).filter(|_| asked.next().is_none()).ok_or_else(|| {
        (SCOPE_MALFORMED.because("A scope is a list of words, each after one space, and is named once"), None)
    })?;
    let granted = &resolved.kept.record.authorization.scope;
    match wanted.tokens().all(|token| granted.contains(token)) {
        true => Ok(()),
        false => {
            let hint = format!("Its scope is '{}'", granted.as_str());
            Err((SCOPE_MISSING.because(hint), Some(wanted.as_str().to_owned())))
        }
    }
}

/// What the resource says: what the token says of itself, but for its identifier.
fn told(resolved: &Resolved) -> Map<String, Value> {
    let told =
        ["iss", "sub", "aud", "client_id", "scope", "exp", "iat", "auth_time", "acr", "act", "authorization_details"];
    let claim = |name: &str| resolved.claims.get(name).map(|value| (name.to_owned(), value.clone()));
    told.into_iter().filter_map(claim).collect()
}

static RULES: &[&Rule] = &[&AUDIENCE, &SCOPE_MALFORMED, &SCOPE_MISSING];

static AUDIENCE: Rule = Rule {
    id: "rfc9068-audience-other",
    document: &documents::RFC9068,
    section: "4",
    error: ErrorCode::InvalidToken,
    says: "A resource accepts only tokens whose audience names it",
};

static SCOPE_MALFORMED: Rule = Rule {
    id: "rfc6749-needed-scope-malformed",
    document: &documents::RFC6749,
    section: "3.3",
    error: ErrorCode::InvalidRequest,
    says: "A scope is a list of words of printable characters, separated by single spaces",
};

static SCOPE_MISSING: Rule = Rule {
    id: "rfc6750-scope-missing",
    document: &documents::RFC6750,
    section: "3.1",
    error: ErrorCode::InsufficientScope,
    says: "The request needs a token with a scope that it does not have",
};

static DOCUMENT: Document = Document {
    name: "RFC 9728",
    title: "OAuth 2.0 Protected Resource Metadata",
    url: "https://www.rfc-editor.org/rfc/rfc9728",
};
