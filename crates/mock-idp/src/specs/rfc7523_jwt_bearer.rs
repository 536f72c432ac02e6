//! RFC 7523 §2.1: a signed assertion as an authorization grant.
//!
//! Whoever signs it is a client, speaking for itself, or somebody configured who may speak for users
//! ([`Client::trusted_issuer`], or the member `may_speak_for` of a client: names of users, or `*`). Nobody logs in, so
//! there is neither an ID token nor a refresh token. An assertion is for this server alone, and used once.

use std::sync::Arc;

use oauth_types::ErrorCode;
use serde_json::Value;

use crate::client_keys::{self, Unverified};
use crate::clients::Client;
use crate::doctor;
use crate::documents;
use crate::jose::{Jws, JwsError, seconds};
use crate::memory::{Authorization, Notes};
use crate::ports::store::{Key, Kind};
use crate::refusal::{Document, Refusal, Rule};
use crate::reply::Stop;
use crate::request::{Found, TokenRequest};
use crate::spec::{Perhaps, Spec, Spine};
use crate::world::{Amount, Switch};

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
/// Assertions that were used.
const USED: Kind = Kind::new("rfc7523/grant");
/// How many seconds the clock of the issuer may be ahead.
const AHEAD: u64 = 10;

#[derive(Debug)]
pub(crate) struct JwtBearer;

impl Spec for JwtBearer {
    fn document(&self) -> &'static Document {
        &documents::RFC7523
    }

    fn name(&self) -> &'static str {
        "RFC 7523 authorization grant"
    }

    fn optional(&self) -> bool {
        true
    }

    fn rules(&self) -> &'static [&'static Rule] {
        RULES
    }

    fn switches(&self) -> &'static [&'static Switch] {
        SWITCHES
    }

    fn amounts(&self) -> &'static [&'static Amount] {
        AMOUNTS
    }

    fn grant_type(&self) -> Option<&'static str> {
        Some(GRANT_TYPE)
    }

    fn grant<'a>(&'a self, request: &'a TokenRequest<'a>, spine: &'a dyn Spine) -> Perhaps<'a, Found> {
        Some(Box::pin(judge(request, spine)))
    }
}

async fn judge(request: &TokenRequest<'_>, spine: &dyn Spine) -> Result<Found, Stop> {
    let text =
        request.params.get("assertion").ok_or_else(|| doctor::missing(&MISSING, request.params, "assertion"))?;
    let jws = Jws::parse(text).map_err(|error| MALFORMED.because(error.to_string()))?;
    if !(jws.typ().is_none() || jws.is_typ("JWT") || jws.is_typ("authorization-grant+jwt")) {
        return Err(TYP.because("'typ' is authorization-grant+jwt, JWT, or nothing").into());
    }
    let issuer = issuer(&jws, request, spine)?;
    client_keys::verify(&jws, &issuer, request.policy.algorithms, request.ports, request.arrival.now)
        .await
        .map_err(unverified)?;
    addressed(&jws, request)?;
    let expires = in_time(&jws, request)?;
    let jti = claim(&jws, "jti").ok_or_else(|| JTI_MISSING.refuse())?;
    let subject = subject(&jws, &issuer, request, spine)?;
    let scope = match request.params.get("scope") {
        Some(_) => spine.scope(request.client(), request.params)?,
        None => request.client().default_scope(),
    };
    let client_id = request.client().client_id().to_owned();
    let found =
        Found::made(request, Authorization { client_id, subject, scope, login: None, notes: Notes::default() });
    let handle = format!("{}:{}{jti}", issuer.client_id().len(), issuer.client_id());
    let used = Key::of(USED, &request.arrival.place.tenant, &handle);
    Ok(found.made_once(used, expires, &REPLAYED))
}

/// Who signed it (§3, 1.): the client itself, or somebody who is configured.
fn issuer(jws: &Jws<'_>, request: &TokenRequest<'_>, spine: &dyn Spine) -> Result<Arc<Client>, Refusal> {
    let name = claim(jws, "iss").ok_or_else(|| ISSUER.because("There is no 'iss'"))?;
    if name == request.client().client_id() {
        return Ok(request.client().clone());
    }
    let known = spine.clients().find(name).filter(|other| other.member("may_speak_for").is_some());
    known.ok_or_else(|| ISSUER.because("'iss' is neither this client nor anybody who may speak for others"))
}

fn unverified(why: Unverified) -> Refusal {
    match &why {
        Unverified::Jws(JwsError::Signature) => SIGNATURE.because(why.to_string()),
        Unverified::Jws(
            JwsError::Unsigned | JwsError::UnknownAlgorithm | JwsError::NotAllowed(_) | JwsError::KeyedHash(_),
        ) => ALGORITHM.because(why.to_string()),
        _ => KEY.because(why.to_string()),
    }
}

/// "The JWT MUST contain an `aud` (audience) claim containing a value that identifies the authorization server as an
/// intended audience" (§3, 3.). One that also fits another server could be used there.
fn addressed(jws: &Jws<'_>, request: &TokenRequest<'_>) -> Result<(), Refusal> {
    let place = request.arrival.place;
    let aud = jws.claims().get("aud");
    if aud.and_then(Value::as_str) == Some(&place.issuer) {
        return Ok(());
    }
    let endpoint = place.url("/token");
    let is_own = |value: &Value| value.as_str().is_some_and(|text| text == place.issuer || text == endpoint);
    let listed = aud.and_then(Value::as_array).is_some_and(|all| all.iter().any(is_own));
    let relaxed = listed || aud.is_some_and(is_own);
    if relaxed && request.policy.is_on(&AUDIENCE_RELAXED) {
        request.arrival.seen.relaxed(AUDIENCE_RELAXED.name);
        return Ok(());
    }
    let what = match (aud, relaxed) {
        (None, _) => "There is no 'aud'",
        (Some(Value::Array(_)), _) => "'aud' is a list",
        (_, true) => "'aud' is the URL of the token endpoint",
        _ => "'aud' is somebody else, or nearly so",
    };
    Err(AUDIENCE.because(format!("{what}; this issuer is {}", place.issuer)))
}

/// When it expires (§3, 4. to 6.), if that is neither past nor far ahead.
fn in_time(jws: &Jws<'_>, request: &TokenRequest<'_>) -> Result<u64, Refusal> {
    let now = request.arrival.now;
    let time = |name: &str| jws.claims().get(name).map(seconds);
    let expires = match time("exp") {
        None => return Err(EXPIRY.because("There is no 'exp'")),
        Some(None) => return Err(EXPIRY.because("'exp' is no number of seconds; are these milliseconds?")),
        Some(Some(expires)) => expires,
    };
    let most = request.policy.value_of(&LIFE);
    if expires <= now {
        return Err(EXPIRY.because(format!("It expired {} seconds ago", now - expires)));
    }
    if expires - now > most.saturating_add(AHEAD) {
        return Err(EXPIRY.because(format!("It expires in {} seconds, and {most} are allowed", expires - now)));
    }
    for name in ["nbf", "iat"] {
        match time(name) {
            None => {}
            Some(Some(begin)) if begin <= now.saturating_add(AHEAD) => {}
            Some(Some(begin)) => return Err(EARLY.because(format!("'{name}' is in {} seconds", begin - now))),
            Some(None) => return Err(EARLY.because(format!("'{name}' is no number of seconds"))),
        }
    }
    Ok(expires)
}

/// Whom it is about (§3, 2.): the client that signed it, or a user whom whoever signed it may speak for.
fn subject(jws: &Jws<'_>, issuer: &Client, request: &TokenRequest<'_>, spine: &dyn Spine) -> Result<String, Refusal> {
    let client = request.client();
    if claim(jws, "client_id").is_some_and(|named| named != client.client_id()) {
        return Err(SUBJECT.because("It was made for another client"));
    }
    let name = claim(jws, "sub").ok_or_else(|| SUBJECT.because("There is no 'sub'"))?;
    let user = spine.people().all().find(|user| user.subject() == name || spine.subject(client, user) == name);
    let itself = name == client.client_id() && name == issuer.client_id();
    match (user, itself) {
        (None, true) => Ok(name.to_owned()),
        (Some(_), true) => Err(SUBJECT.because("The client is called like a user, and could be taken for them")),
        (Some(user), false) if may_speak_for(issuer, user.subject(), spine) => Ok(spine.subject(client, user)),
        (Some(_), false) => Err(SUBJECT.because("Whoever signed it may not speak for this user")),
        (None, false) => Err(SUBJECT.because("It names neither the client that signed it nor a user")),
    }
}

/// Whether users are told by `issuer` who they are. A client that introduced itself cannot grant itself that.
fn may_speak_for(issuer: &Client, user: &str, spine: &dyn Spine) -> bool {
    let configured = spine.clients().find(issuer.client_id());
    match configured.as_ref().and_then(|own| own.member("may_speak_for")) {
        Some(Value::String(all)) => all == "*",
        Some(Value::Array(users)) => users.iter().any(|own| own == user),
        _ => false,
    }
}

/// A claim that is text, and not empty.
fn claim<'a>(jws: &'a Jws<'_>, name: &str) -> Option<&'a str> {
    jws.claims().get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

static SWITCHES: &[&Switch] = &[&AUDIENCE_RELAXED];

static AUDIENCE_RELAXED: Switch = Switch {
    name: "grant-audience-token-endpoint",
    says: "The audience of an assertion that is a grant may be the token endpoint, and have company (RFC 7523 section 3)",
    relaxes: true,
};

static AMOUNTS: &[&Amount] = &[&LIFE];

static LIFE: Amount = Amount {
    name: "grant-assertion-seconds",
    says: "How many seconds ahead an assertion that is a grant may expire",
    default: 300,
};

static RULES: &[&Rule] = &[
    &ALGORITHM,
    &AUDIENCE,
    &EARLY,
    &EXPIRY,
    &ISSUER,
    &JTI_MISSING,
    &KEY,
    &MALFORMED,
    &MISSING,
    &REPLAYED,
    &SIGNATURE,
    &SUBJECT,
    &TYP,
];

static MISSING: Rule = Rule {
    id: "rfc7523-assertion-missing",
    document: &documents::RFC7523,
    section: "2.1",
    error: ErrorCode::InvalidRequest,
    says: "The JWT bearer grant needs assertion",
};

static MALFORMED: Rule = Rule {
    id: "rfc7523-assertion-malformed",
    document: &documents::RFC7523,
    section: "2.1",
    error: ErrorCode::InvalidGrant,
    says: "An assertion is one well-formed JWT",
};

static TYP: Rule = Rule {
    id: "rfc7523-assertion-typ",
    document: &documents::RFC8725,
    section: "3.12",
    error: ErrorCode::InvalidGrant,
    says: "A token of another kind must not be used as an authorization grant",
};

static ISSUER: Rule = Rule {
    id: "rfc7523-assertion-issuer",
    document: &documents::RFC7523,
    section: "3",
    error: ErrorCode::InvalidGrant,
    says: "The issuer of an assertion has to be the client, or somebody who is trusted",
};

static ALGORITHM: Rule = Rule {
    id: "rfc7523-assertion-algorithm",
    document: &documents::RFC8725,
    section: "3.1",
    error: ErrorCode::InvalidGrant,
    says: "An assertion is signed with a private key, by an algorithm that this server takes",
};

static KEY: Rule = Rule {
    id: "rfc7523-assertion-key",
    document: &documents::RFC7523,
    section: "3",
    error: ErrorCode::InvalidGrant,
    says: "An assertion is verified with a key that its issuer was registered with",
};

static SIGNATURE: Rule = Rule {
    id: "rfc7523-assertion-signature",
    document: &documents::RFC7523,
    section: "3",
    error: ErrorCode::InvalidGrant,
    says: "The signature of an assertion has to be right",
};

static AUDIENCE: Rule = Rule {
    id: "rfc7523-assertion-audience",
    document: &documents::RFC7523,
    section: "3",
    error: ErrorCode::InvalidGrant,
    says: "The audience of an assertion has to be the issuer identifier of this server, alone",
};

static EXPIRY: Rule = Rule {
    id: "rfc7523-assertion-expiry",
    document: &documents::RFC7523,
    section: "3",
    error: ErrorCode::InvalidGrant,
    says: "An assertion expires, soon, and not before it is used",
};

static EARLY: Rule = Rule {
    id: "rfc7523-assertion-early",
    document: &documents::RFC7523,
    section: "3",
    error: ErrorCode::InvalidGrant,
    says: "An assertion is not used before it was issued, nor before it is valid",
};

static JTI_MISSING: Rule = Rule {
    id: "rfc7523-assertion-jti-missing",
    document: &documents::RFC7523,
    section: "3",
    error: ErrorCode::InvalidGrant,
    says: "An assertion has a jti, by which a replay is recognised",
};

static REPLAYED: Rule = Rule {
    id: "rfc7523-assertion-replayed",
    document: &documents::RFC7523,
    section: "3",
    error: ErrorCode::InvalidGrant,
    says: "An assertion is used once: each request needs a new one, with a new jti",
};

static SUBJECT: Rule = Rule {
    id: "rfc7523-assertion-subject",
    document: &documents::RFC7523,
    section: "3",
    error: ErrorCode::InvalidGrant,
    says: "The subject of an assertion has to be a user whom its issuer may speak for, or the client itself",
};
