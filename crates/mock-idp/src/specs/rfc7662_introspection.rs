//! RFC 7662: OAuth 2.0 Token Introspection.
//!
//! A protected resource asks what a token stands for. It authenticates as a client does; a public client is told
//! nothing. A token that is not alive, or is not meant for whoever asks, is not active, and nothing else is said of it.

use std::sync::Arc;

use http::Method;
use http::header::AUTHORIZATION;
use oauth_types::fault::Point;
use oauth_types::{ErrorCode, Params};
use serde_json::{Map, Value, json};

use crate::clients::Client;
use crate::doctor;
use crate::memory::Bound;
use crate::ports::store::BoxFuture;
use crate::refusal::{Document, Rule};
use crate::reply::{Reply, Stop};
use crate::request::{Resolved, TokenKind};
use crate::spec::{Call, Denied, Endpoint, Facts, Spec};
use crate::world::Switch;

const PATH: &str = "/introspect";

static ENDPOINTS: &[Endpoint] =
    &[Endpoint { path: PATH, methods: &[Method::POST], at: Point::Introspection, page: false }];

/// The members of an answer that are claims of the token: §2.2, RFC 8693 §7.4, RFC 8705 §3.2, RFC 9396 §9.2, RFC 9470
/// §6.2.
const CLAIMS: &[&str] = &[
    "scope",
    "client_id",
    "exp",
    "iat",
    "nbf",
    "sub",
    "aud",
    "iss",
    "jti",
    "cnf",
    "auth_time",
    "acr",
    "authorization_details",
    "act",
    "may_act",
];

#[derive(Debug)]
pub(crate) struct Introspection;

impl Spec for Introspection {
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

    fn endpoints(&self) -> &'static [Endpoint] {
        ENDPOINTS
    }

    fn metadata(&self, facts: &Facts<'_>, document: &mut Map<String, Value>) {
        document.insert("introspection_endpoint".to_owned(), facts.place.url(PATH).into());
        let mut methods: Vec<&str> = facts.auth_methods.iter().copied().filter(|method| *method != "none").collect();
        // "The valid client authentication method values are those registered in the IANA 'OAuth Token Endpoint
        // Authentication Methods' registry or those registered in the IANA 'OAuth Access Token Types' registry"
        // (RFC 8414 §2).
        methods.extend(facts.policy.is_on(&BY_BEARER).then_some("Bearer"));
        document.insert("introspection_endpoint_auth_methods_supported".to_owned(), json!(methods));
        if let Some(algorithms) = document.get("token_endpoint_auth_signing_alg_values_supported").cloned() {
            document.insert("introspection_endpoint_auth_signing_alg_values_supported".to_owned(), algorithms);
        }
    }

    fn serve<'a>(&'a self, call: &'a Call<'a>) -> Option<BoxFuture<'a, Reply>> {
        Some(Box::pin(async move {
            match by_bearer(call) {
                true => match bearer(call).await {
                    Ok(client) => introspect(call, &client).await.unwrap_or_else(Reply::stopped),
                    Err(denied) => denied.into(),
                },
                false => match authenticated(call).await {
                    Ok(client) => introspect(call, &client).await.unwrap_or_else(Reply::stopped),
                    Err(stop) => Reply::stopped(stop),
                },
            }
        }))
    }
}

async fn authenticated(call: &Call<'_>) -> Result<Arc<Client>, Stop> {
    let params = call.spine.form(call.arrival)?;
    let client = call.spine.authenticate(call.arrival, params).await?;
    match client.is_public() {
        true => Err(PUBLIC.because("Whoever asks is a resource, and authenticates with a secret or a key").into()),
        false => Ok(client.client().clone()),
    }
}

fn by_bearer(call: &Call<'_>) -> bool {
    let header = call.arrival.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let scheme = header.and_then(|text| text.split(' ').next()).unwrap_or_default();
    call.policy.is_on(&BY_BEARER) && scheme.eq_ignore_ascii_case("bearer")
}

/// The client whose own access token comes with the request (§2.1).
async fn bearer(call: &Call<'_>) -> Result<Arc<Client>, Denied> {
    let resolved = call.spine.access(call.arrival).await?;
    let denied = |stop: Stop| Denied { stop, scheme: "Bearer" };
    let authorization = &resolved.kept.record.authorization;
    // A token of the client's own account is one that it authenticated for (RFC 6749 §4.4).
    if authorization.login.is_some() || authorization.subject != authorization.client_id {
        return Err(denied(NOT_ITS_OWN.refuse().into()));
    }
    let client = call.spine.client(call.arrival, &authorization.client_id).await.map_err(denied)?;
    client.ok_or_else(|| denied(NOT_ITS_OWN.because("Its client is known no longer").into()))
}

async fn introspect(call: &Call<'_>, client: &Arc<Client>) -> Result<Reply, Stop> {
    let params: &Params = call.spine.form(call.arrival)?;
    let token = params.get("token").ok_or_else(|| doctor::missing(&MISSING, params, "token"))?;
    let resolved = call.spine.resolve(call.arrival.place, token).await?;
    let active = resolved.filter(|resolved| resolved.is_alive(call.arrival.now) && may_see(call, client, resolved));
    let members = match active {
        Some(resolved) => describe(call, resolved),
        None => [("active".to_owned(), false.into())].into_iter().collect(),
    };
    Ok(call.spine.represent(call.arrival, Point::Introspection, client, members))
}

fn may_see(call: &Call<'_>, client: &Client, resolved: &Resolved) -> bool {
    if resolved.concerns(client, &call.arrival.place.issuer) {
        return true;
    }
    let relaxed = resolved.kind == TokenKind::Access && call.policy.is_on(&ANY_AUDIENCE);
    if relaxed {
        call.arrival.seen.relaxed(ANY_AUDIENCE.name);
    }
    relaxed
}

/// What is said of an active token (§2.2).
fn describe(call: &Call<'_>, resolved: Resolved) -> Map<String, Value> {
    let record = &resolved.kept.record;
    let authorization = &record.authorization;
    let mut members = Map::new();
    let mut set = |name: &str, value: Value| members.insert(name.to_owned(), value);
    set("active", true.into());
    let user = authorization.login.as_ref().and_then(|login| call.people.find(&login.user));
    if let Some(user) = user {
        let name = user.claims().get("preferred_username").cloned();
        set("username", name.unwrap_or_else(|| user.subject().into()));
    }
    let claims = match resolved.kind {
        TokenKind::Access => {
            let bound = resolved.claims.get("cnf").and_then(|cnf| cnf.get("jkt"));
            set("token_type", if bound.is_some() { "DPoP" } else { "Bearer" }.into());
            resolved.claims
        }
        TokenKind::Refresh => of_refresh_token(call, &resolved),
    };
    members.extend(claims.into_iter().filter(|(name, _)| CLAIMS.contains(&name.as_str())));
    members
}

/// What a refresh token would say of itself, if it said anything.
fn of_refresh_token(call: &Call<'_>, resolved: &Resolved) -> Map<String, Value> {
    let record = &resolved.kept.record;
    let authorization = &record.authorization;
    let mut claims = Map::new();
    let mut claim = |name: &str, value: Value| claims.insert(name.to_owned(), value);
    claim("iss", call.arrival.place.issuer.clone().into());
    claim("sub", authorization.subject.clone().into());
    claim("client_id", authorization.client_id.clone().into());
    claim("exp", record.expires.into());
    claim("iat", record.issued.into());
    if !authorization.scope.is_empty() {
        claim("scope", authorization.scope.as_str().into());
    }
    if let Some(login) = &authorization.login {
        claim("auth_time", login.auth_time.into());
        login.acr.iter().for_each(|acr| drop(claim("acr", acr.as_str().into())));
    }
    if let Some(Bound(bound)) = record.notes.find() {
        let cnf = bound.into_iter().map(|own| (own.method.into_owned(), own.value.into()));
        claim("cnf", Value::Object(cnf.collect()));
    }
    claims
}

static SWITCHES: &[&Switch] = &[&ANY_AUDIENCE, &BY_BEARER];

static ANY_AUDIENCE: Switch = Switch {
    name: "introspect-any-audience",
    says: "Whoever may introspect is told of access tokens that are meant for others (RFC 7662 section 4 warns of it)",
    relaxes: true,
};

static BY_BEARER: Switch = Switch {
    name: "introspect-by-bearer",
    says: "An access token of the client credentials grant may be presented in place of credentials (RFC 7662 section 2.1)",
    relaxes: false,
};

static DOCUMENT: Document = Document {
    name: "RFC 7662",
    title: "OAuth 2.0 Token Introspection",
    url: "https://www.rfc-editor.org/rfc/rfc7662",
};

static RULES: &[&Rule] = &[&MISSING, &NOT_ITS_OWN, &PUBLIC];

static MISSING: Rule = Rule {
    id: "rfc7662-token-missing",
    document: &DOCUMENT,
    section: "2.1",
    error: ErrorCode::InvalidRequest,
    says: "An introspection request needs token",
};

static PUBLIC: Rule = Rule {
    id: "rfc7662-public-client",
    document: &DOCUMENT,
    section: "2.1",
    error: ErrorCode::InvalidClient,
    says: "Whoever introspects has to authenticate, or tokens could be found by trying",
};

static NOT_ITS_OWN: Rule = Rule {
    id: "rfc7662-bearer-of-somebody-else",
    document: &DOCUMENT,
    section: "2.1",
    error: ErrorCode::InsufficientScope,
    says: "The token that authorizes introspection has to be one that a client got on its own account",
};
