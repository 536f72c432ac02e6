//! Judges an authorization request (RFC 6749 §4.1.1): what it refers to or carries, what everybody asks of it, and
//! what each document does.

use std::sync::Arc;

use oauth_types::params::display_name;
use oauth_types::{ErrorCode, Params, ResponseMode};

use crate::clients::{Client, Identified};
use crate::doctor;
use crate::documents;
use crate::memory::{Confirmation, Scope};
use crate::refusal::{Refusal, Rule};
use crate::reply::Stop;
use crate::request::{Arrival, Attempt, AuthorizationRequest, Draft, Unpacked};
use crate::world::World;

/// An authorization request whose client may be answered.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    /// Its parameters and how they came.
    pub unpacked: &'a Unpacked,
    /// Its client.
    pub client: &'a Identified,
    /// What the client proved to hold, if it made the request itself.
    pub proofs: &'a [Confirmation],
}

impl<'a> Asked<'a> {
    /// The request as documents see it.
    pub(crate) fn request(self, world: &'a World, arrival: &'a Arrival<'a>) -> AuthorizationRequest<'a> {
        AuthorizationRequest {
            arrival,
            params: &self.unpacked.params,
            origin: self.unpacked.origin,
            client: self.client,
            proofs: self.proofs,
            people: &world.people,
            ports: &world.ports,
            policy: &world.policy,
        }
    }
}

/// The parameters of a request, those that it refers to or carries in place of its own.
pub(crate) async fn unpacked(
    world: &World,
    arrival: &Arrival<'_>,
    client: &Arc<Client>,
    params: &Params,
) -> Result<Unpacked, Stop> {
    let twice = |name: &&&str| params.all(name).count() > 1;
    if let Some(name) = ["request", "request_uri"].iter().find(twice) {
        return Err(in_doubt(name).into());
    }
    let unpacked = super::unpack(world, arrival, client, params).await?;
    Ok(unpacked.unwrap_or_else(|| Unpacked { params: params.clone(), ..Unpacked::default() }))
}

/// Judges a request whose client may be answered.
pub(crate) fn judge(
    world: &World,
    request: &AuthorizationRequest<'_>,
    unpacked: &Unpacked,
) -> Result<Draft, Refusal> {
    let (params, client) = (request.params, request.client());
    if let Some(name) = params.duplicate(&super::repeatable(world)) {
        return Err(DUPLICATE.because(format!("{} occurs twice", display_name(name))));
    }
    let kinds = response_type(world, params)?;
    let Some(mode) = mode(world, params) else {
        let known: Vec<&str> = response_modes(world).map(ResponseMode::as_str).collect();
        let sent = params.get("response_mode").unwrap_or_default();
        let meant = doctor::did_you_mean(sent, known.iter().copied());
        return Err(MODE_UNKNOWN.because(format!("{meant}Supported: {}", known.join(", "))));
    };
    if kinds != "code" && matches!(mode, ResponseMode::Query | ResponseMode::QueryJwt) {
        return Err(MODE_LEAKS.refuse());
    }
    let grants = [("code", "authorization_code"), ("token", "implicit"), ("id_token", "implicit")];
    for (kind, grant_type) in grants {
        if kinds.split(' ').any(|own| own == kind) && !client.may_use(grant_type) {
            return Err(GRANT_FORBIDDEN.because(format!("It is not registered for {grant_type}")));
        }
    }
    let mut draft = Draft::new(scope(client, params)?);
    if let Some((code_notes, grant_notes)) = &unpacked.notes {
        draft.code_notes = code_notes.clone();
        draft.grant_notes = grant_notes.clone();
    }
    super::authorize(world, request, &mut draft)?;
    Ok(draft)
}

/// Judges a request that is authorized on another device.
pub(super) fn elsewhere(world: &World, attempt: &Attempt<'_>, client: &Client) -> Result<Draft, Refusal> {
    let mut draft = Draft::new(scope(client, attempt.params)?);
    world.specs.iter().try_for_each(|spec| spec.authorize_elsewhere(attempt, client, &mut draft))?;
    Ok(draft)
}

/// The refusal of a request whose client, redirect URI or content is named twice.
pub(crate) fn in_doubt(name: &'static str) -> Refusal {
    DUPLICATE.because(format!("{name} occurs twice; neither can be trusted"))
}

/// Every response type of the documents in force.
pub(crate) fn response_types(world: &World) -> impl Iterator<Item = &'static str> {
    world.specs.iter().flat_map(|spec| spec.response_types()).copied()
}

/// The response type, as the document that defines it writes it (RFC 6749 §3.1.1: the order does not matter).
fn response_type(world: &World, params: &Params) -> Result<&'static str, Refusal> {
    let text = params
        .get("response_type")
        .ok_or_else(|| doctor::missing(&RESPONSE_TYPE_MISSING, params, "response_type"))?;
    let mut words: Vec<&str> = text.split(' ').collect();
    words.sort_unstable();
    response_types(world).find(|known| known.split(' ').eq(words.iter().copied())).ok_or_else(|| {
        let known: Vec<&str> = response_types(world).collect();
        let meant = match text {
            "authorization_code" => "Did you mean code? authorization_code is a grant_type. ".to_owned(),
            _ => doctor::did_you_mean(text, known.iter().copied()),
        };
        RESPONSE_TYPE_UNSUPPORTED.because(format!("{meant}Supported: {}", known.join(", ")))
    })
}

/// The scope that is granted: what was asked for, if the client may have it (RFC 6749 §3.3).
pub(crate) fn scope(client: &Client, params: &Params) -> Result<Scope, Refusal> {
    let Some(text) = params.get("scope") else { return Ok(Scope::default()) };
    let scope = Scope::parse(text).ok_or_else(|| match doctor::list(text) {
        Some(what) => SCOPE_MALFORMED.because(what),
        None => SCOPE_MALFORMED.refuse(),
    })?;
    if let Some(allowed) = &client.scope
        && let Some(token) = scope.tokens().find(|token| !allowed.iter().any(|own| own == token))
    {
        let allowed = allowed.join(" ");
        return Err(SCOPE_FORBIDDEN.because(match token.contains(',') {
            true => format!("Scope tokens are separated by spaces, not by commas; allowed: {allowed}"),
            false => format!("{token} is not; allowed: {allowed}"),
        }));
    }
    Ok(scope)
}

/// Every response mode of the documents in force. A token travels in a form only where forms are posted.
pub(crate) fn response_modes(world: &World) -> impl Iterator<Item = ResponseMode> {
    let all = || world.specs.iter().flat_map(|spec| spec.response_modes()).copied();
    let posts = all().any(|mode| mode == ResponseMode::FormPost);
    all().filter(move |mode| posts || *mode != ResponseMode::FormPostJwt)
}

/// The response mode asked for, or the default of the response type; `None` if there is none of that name or it is
/// asked for twice.
pub(crate) fn mode(world: &World, params: &Params) -> Option<ResponseMode> {
    if params.all("response_mode").count() > 1 {
        return None;
    }
    match params.get("response_mode") {
        Some(name) => {
            let mode = ResponseMode::from_wire(name)?;
            let known = response_modes(world).any(|own| own == mode);
            known.then(|| if mode == ResponseMode::Jwt { default_jwt_mode(params) } else { mode })
        }
        None => Some(default_mode(params)),
    }
}

/// "`jwt` [...] indicates the default redirect encoding using the response mode JWT for the requested response type"
/// (JARM §2.3.4).
fn default_jwt_mode(params: &Params) -> ResponseMode {
    match default_mode(params) {
        ResponseMode::Fragment => ResponseMode::FragmentJwt,
        _ => ResponseMode::QueryJwt,
    }
}

/// "The default Response Mode for the OAuth 2.0 code Response Type is the query encoding", for the others it is the
/// fragment encoding (OAuth 2.0 Multiple Response Type Encoding Practices §2.1 and §5).
fn default_mode(params: &Params) -> ResponseMode {
    let at_once = params
        .get("response_type")
        .is_some_and(|kinds| kinds.split(' ').any(|kind| kind == "token" || kind == "id_token"));
    if at_once { ResponseMode::Fragment } else { ResponseMode::Query }
}

pub(super) static RULES: &[&Rule] = &[
    &DUPLICATE,
    &GRANT_FORBIDDEN,
    &MODE_LEAKS,
    &MODE_UNKNOWN,
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

static MODE_UNKNOWN: Rule = Rule {
    id: "oauth-response-mode-unsupported",
    document: &documents::RESPONSE_TYPES,
    section: "2.1",
    error: ErrorCode::InvalidRequest,
    says: "The response_mode has to be one that this server supports",
};

static MODE_LEAKS: Rule = Rule {
    id: "oauth-response-mode-query-with-tokens",
    document: &documents::RESPONSE_TYPES,
    section: "5",
    error: ErrorCode::InvalidRequest,
    says: "A response that carries tokens must not be returned in the query",
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
    says: "The response_type has to be one that this server supports; values are case-sensitive",
};

static GRANT_FORBIDDEN: Rule = Rule {
    id: "rfc6749-code-grant-not-allowed",
    document: &documents::RFC6749,
    section: "4.1.2.1",
    error: ErrorCode::UnauthorizedClient,
    says: "The client has to be allowed to use the grant that the response_type belongs to",
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
