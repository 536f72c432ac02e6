//! The authorization endpoint (RFC 6749 §3.1).
//!
//! First the client and its redirect URI; as long as these are in doubt, nothing is redirected (RFC 6749 §4.1.2.1).

use oauth_types::params::display_name;
use oauth_types::{ErrorCode, Params, ResponseMode};

use crate::clients::{self, Identified};
use crate::documents;
use crate::memory::{Authorization, Scope};
use crate::pipeline;
use crate::ports::store::{GrantId, Key, Kind, Record};
use crate::refusal::{Refusal, Rule};
use crate::reply::{AuthorizationResponse, Reply, Stop};
use crate::request::{Arrival, AuthorizationRequest, Draft};
use crate::world::World;

pub(crate) async fn authorize(world: &World, arrival: &Arrival<'_>) -> Reply {
    let params = match (arrival.posted, arrival.form) {
        (false, _) => arrival.query,
        (true, Some(form)) if arrival.query.is_empty() => form,
        (true, _) => return Reply::Page(QUERY_AND_BODY.refuse()),
    };
    let identified = match identify(world, arrival, params) {
        Ok(identified) => identified,
        Err(refusal) => return Reply::Page(refusal),
    };
    let mut response = AuthorizationResponse {
        redirect_uri: identified.redirect_uri().to_owned(),
        mode: mode(world, params).unwrap_or(ResponseMode::Query),
        params: Params::new(),
    };
    let outcome = grant(world, arrival, &identified, params).await;
    let refusal = match outcome {
        Ok(code) => {
            response.params.push("code", code);
            None
        }
        Err(Stop::Refused(refusal)) => {
            response.params.push("error", refusal.error().as_str());
            response.params.push("error_description", refusal.description());
            response.params.push("error_uri", refusal.uri());
            Some(refusal)
        }
        Err(Stop::Broken(what)) => {
            response.params.push("error", ErrorCode::ServerError.as_str());
            finish(world, arrival, params, &mut response);
            return Reply::Broken { what, to: Some(response) };
        }
    };
    finish(world, arrival, params, &mut response);
    Reply::Authorization { response, refusal }
}

/// Whether the request may be answered at the redirect URI it names.
fn identify(world: &World, arrival: &Arrival<'_>, params: &Params) -> Result<Identified, Refusal> {
    for name in ["client_id", "redirect_uri"] {
        if params.all(name).count() > 1 {
            return Err(DUPLICATE.because(format!("{name} occurs twice; neither can be trusted")));
        }
    }
    if let Some(client_id) = params.get("client_id") {
        arrival.seen.client(client_id);
    }
    let (client_id, redirect_uri) = (params.get("client_id"), params.get("redirect_uri"));
    let (identified, relaxed) = clients::identify(&world.clients, client_id, redirect_uri)?;
    if relaxed {
        arrival.seen.relaxed("any-client");
    }
    Ok(identified)
}

/// Everything that is judged once the client may be answered, and the code.
async fn grant(world: &World, arrival: &Arrival<'_>, client: &Identified, params: &Params) -> Result<String, Stop> {
    if let Some(name) = params.duplicate(&[]) {
        return Err(DUPLICATE.because(format!("{} occurs twice", display_name(name))).into());
    }
    if mode(world, params).is_none() {
        let known = pipeline::response_modes(world).map(ResponseMode::as_str).collect::<Vec<_>>().join(", ");
        return Err(MODE_UNKNOWN.because(format!("Supported: {known}")).into());
    }
    match params.get("response_type") {
        Some("code") => {}
        Some(_) => return Err(RESPONSE_TYPE_UNSUPPORTED.refuse().into()),
        None => return Err(RESPONSE_TYPE_MISSING.refuse().into()),
    }
    if !client.client().may_use("authorization_code") {
        return Err(GRANT_FORBIDDEN.refuse().into());
    }
    let scope = scope(client, params)?;
    let request = AuthorizationRequest { arrival, params, policy: &world.policy };
    let mut draft = Draft::new(scope, params.get("login_hint").map(str::to_owned));
    pipeline::authorize(world, &request, &mut draft)?;
    let user = world.people.log_in(draft.login_hint.as_deref())?;
    let authorization = Authorization {
        client_id: client.client().client_id().to_owned(),
        subject: user.subject().to_owned(),
        scope: draft.scope,
        auth_time: arrival.now,
        notes: draft.grant_notes,
    };
    let mut grant = GrantId([0; 16]);
    world.ports.dice.fill(&mut grant.0);
    let expires = arrival.now.saturating_add(world.policy.code_lifetime);
    let record = Record {
        grant,
        issued: arrival.now,
        expires,
        forget: expires.saturating_add(world.policy.remembered()),
        authorization: authorization.into(),
        code_notes: draft.code_notes.into(),
    };
    let code = world.ports.dice.handle();
    world.ports.store.put(Key::of(Kind::Code, &arrival.place.tenant, &code), record).await?;
    Ok(code)
}

/// The scope that is granted: what was asked for, if the client may have it (RFC 6749 §3.3).
fn scope(client: &Identified, params: &Params) -> Result<Scope, Refusal> {
    let Some(text) = params.get("scope") else { return Ok(Scope::default()) };
    let scope = Scope::parse(text).ok_or_else(|| SCOPE_MALFORMED.refuse())?;
    if let Some(allowed) = &client.client().scope
        && let Some(token) = scope.tokens().find(|token| !allowed.iter().any(|own| own == token))
    {
        return Err(SCOPE_FORBIDDEN.because(format!("{token} is not; allowed: {}", allowed.join(" "))));
    }
    Ok(scope)
}

/// The response mode asked for, or the default; `None` if there is none of that name or it is asked for twice.
fn mode(world: &World, params: &Params) -> Option<ResponseMode> {
    if params.all("response_mode").count() > 1 {
        return None;
    }
    let Some(name) = params.get("response_mode") else { return Some(ResponseMode::Query) };
    let mode = ResponseMode::from_wire(name)?;
    pipeline::response_modes(world).any(|own| own == mode).then_some(mode)
}

/// What every authorization response carries: the state exactly as it was sent (RFC 6749 §4.1.2), and what specs add.
fn finish(world: &World, arrival: &Arrival<'_>, params: &Params, response: &mut AuthorizationResponse) {
    let mut states = params.all("state");
    if let (Some(state), None) = (states.next().filter(|state| !state.is_empty()), states.next()) {
        response.params.push("state", state);
    }
    pipeline::respond(world, arrival.place, response);
}

pub(crate) static RULES: &[&Rule] = &[
    &DUPLICATE,
    &GRANT_FORBIDDEN,
    &MODE_UNKNOWN,
    &QUERY_AND_BODY,
    &RESPONSE_TYPE_MISSING,
    &RESPONSE_TYPE_UNSUPPORTED,
    &SCOPE_FORBIDDEN,
    &SCOPE_MALFORMED,
];

static DUPLICATE: Rule = Rule {
    id: "rfc6749-authorization-parameter-twice",
    document: &documents::RFC6749,
    section: "3.1",
    error: ErrorCode::InvalidRequest,
    says: "Parameters must not be included more than once",
};

static QUERY_AND_BODY: Rule = Rule {
    id: "rfc6749-authorization-query-and-body",
    document: &documents::RFC6749,
    section: "3.1",
    error: ErrorCode::InvalidRequest,
    says: "A POST to the authorization endpoint carries its parameters in the body alone",
};

static MODE_UNKNOWN: Rule = Rule {
    id: "oauth-response-mode-unsupported",
    document: &documents::RESPONSE_TYPES,
    section: "2.1",
    error: ErrorCode::InvalidRequest,
    says: "The response_mode has to be one that this server supports",
};

static RESPONSE_TYPE_MISSING: Rule = Rule {
    id: "rfc6749-response-type-missing",
    document: &documents::RFC6749,
    section: "3.1.1",
    error: ErrorCode::InvalidRequest,
    says: "An authorization request needs response_type",
};

static RESPONSE_TYPE_UNSUPPORTED: Rule = Rule {
    id: "rfc6749-response-type-unsupported",
    document: &documents::RFC6749,
    section: "4.1.2.1",
    error: ErrorCode::UnsupportedResponseType,
    says: "The response_type has to be code; values are case-sensitive",
};

static GRANT_FORBIDDEN: Rule = Rule {
    id: "rfc6749-code-grant-not-allowed",
    document: &documents::RFC6749,
    section: "4.1.2.1",
    error: ErrorCode::UnauthorizedClient,
    says: "The client has to be allowed to use the authorization code grant",
};

static SCOPE_MALFORMED: Rule = Rule {
    id: "rfc6749-scope-malformed",
    document: &documents::RFC6749,
    section: "3.3",
    error: ErrorCode::InvalidScope,
    says: "The scope is a list of tokens with one space between them",
};

static SCOPE_FORBIDDEN: Rule = Rule {
    id: "rfc6749-scope-not-allowed",
    document: &documents::RFC6749,
    section: "3.3",
    error: ErrorCode::InvalidScope,
    says: "Every scope token has to be one that the client may ask for",
};
