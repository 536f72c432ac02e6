//! RFC 6749 §6: refreshing an access token, with rotation (RFC 9700 §4.14.2).
//!
//! Every use gives a new refresh token and spends the old one. A spent one that comes back has been copied: its
//! whole family is revoked. A refresh token ends when it is not used for a while, and with its family.
//!
//! A server may leave rotation out for refresh tokens that nobody else can use: those of a client that authenticates,
//! and those that are bound to a key.

use std::sync::Arc;

use oauth_types::ErrorCode;
use serde::{Deserialize, Serialize};
use serde_json::Map;

use crate::doctor::{self, Handle};
use crate::documents;
use crate::memory::{Authorization, Bound, Life, Note, Notes, Scope};
use crate::ports::Ports;
use crate::ports::store::{Key, Kind, Record};
use crate::refusal::{Document, Refusal, Rule};
use crate::reply::TokenReply;
use crate::request::{Found, Held, Place, Resolved, Spent, TokenKind, TokenRequest};
use crate::spec::{Perhaps, Spec, Spine};
use crate::world::{Amount, Switch};

const GRANT_TYPE: &str = "refresh_token";

#[derive(Debug)]
pub(crate) struct RefreshToken;

/// The first second in which no refresh token of the family is valid any more.
#[derive(Debug, Serialize, Deserialize)]
struct Ends(u64);

impl Note for Ends {
    const NAME: &'static str = "rfc6749/refresh_ends";
    const LIFE: Life = Life::Grant;
}

impl Spec for RefreshToken {
    fn document(&self) -> &'static Document {
        &documents::RFC6749
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

    fn grant<'a>(&'a self, request: &'a TokenRequest<'a>, _spine: &'a dyn Spine) -> Perhaps<'a, Found> {
        Some(Box::pin(async move {
            let (ports, place, params) = (request.ports, request.arrival.place, request.params);
            let token =
                params.get("refresh_token").ok_or_else(|| doctor::missing(&MISSING, params, "refresh_token"))?;
            let key = Key::of(Kind::REFRESH, &place.tenant, token);
            let Some(kept) = ports.store.get(key).await? else {
                let what = doctor::strange(ports, place, token, Handle::RefreshToken).await?;
                return Err(UNKNOWN.because(what).into());
            };
            match kept.spent.is_none() && stays(request, &kept.record) {
                true => Ok(Found::staying(kept.record)),
                false => Ok(Found::once(key, kept, &REPLAYED).with_grace(&GRACE)),
            }
        }))
    }

    fn redeem(&self, request: &TokenRequest<'_>, found: &Found) -> Result<(), Refusal> {
        if request.grant_type != GRANT_TYPE {
            return Ok(());
        }
        let (authorization, now) = (&found.record.authorization, request.arrival.now);
        if authorization.client_id != request.client().client_id {
            let user = request.client().client_id();
            return Err(OTHER_CLIENT.because(doctor::of_another(&authorization.client_id, user)));
        }
        if found.record.expires <= now && !is_replay(request, found) {
            let since = now - found.record.expires;
            return Err(match found.note() {
                Some(Ends(end)) if end <= now => {
                    EXPIRED.because(format!("Its family ended {since} seconds ago: somebody has to log in again"))
                }
                _ => EXPIRED.because(format!("It ended {since} seconds ago, not having been used")),
            });
        }
        let Some(text) = request.params.get("scope") else { return Ok(()) };
        let scope = Scope::parse(text).ok_or_else(|| match doctor::list(text) {
            Some(what) => SCOPE_MALFORMED.because(what),
            None => SCOPE_MALFORMED.refuse(),
        })?;
        match scope.tokens().find(|token| !authorization.scope.contains(token)) {
            Some(token) if token.contains(',') => {
                Err(SCOPE_WIDER.because("Scope tokens are separated by spaces, not by commas"))
            }
            Some(token) => Err(SCOPE_WIDER.because(format!("{token} was not granted"))),
            None => Ok(()),
        }
    }

    /// "If a new refresh token is issued, the refresh token scope MUST be identical to that of the refresh token
    /// included by the client in the request" (§6): a narrowed access token narrows nothing else.
    fn bind(&self, request: &TokenRequest<'_>, spent: &Spent, reply: &mut TokenReply) {
        let record = spent.record();
        if !request.client().may_use(GRANT_TYPE)
            || record.authorization.login.is_none()
            || request.grant_type == "implicit"
        {
            return;
        }
        let refreshed = request.grant_type == GRANT_TYPE;
        if refreshed && let Some(scope) = request.params.get("scope").and_then(Scope::parse) {
            reply.authorization = Arc::new(Authorization { scope, ..Authorization::clone(&record.authorization) });
        }
        let token = match request.params.get("refresh_token").filter(|_| refreshed && stays(request, record)) {
            // It is put again for its time to begin anew, and not said again.
            Some(same) => same.to_owned(),
            None => {
                let token = request.ports.dice.handle();
                reply.set("refresh_token", token.as_str());
                token
            }
        };
        let ends = match spent.note() {
            Some(Ends(ends)) => ends,
            None => begin(request, reply),
        };
        let authorization = if refreshed { &record.authorization } else { &reply.authorization };
        let key = Key::of(Kind::REFRESH, &request.arrival.place.tenant, &token);
        let successor = successor(request, spent, authorization.clone(), ends);
        reply.records.push((key, successor));
    }

    fn resolve<'a>(&'a self, ports: &'a Ports, place: &'a Place, token: &'a str) -> Perhaps<'a, Option<Resolved>> {
        // What has dots is a JWT, and what is not of this length is no handle.
        if token.len() != 43 || token.contains('.') {
            return None;
        }
        let key = Key::of(Kind::REFRESH, &place.tenant, token);
        Some(Box::pin(async move {
            let kept = ports.store.get(key).await?;
            Ok(kept.map(|kept| Resolved { kind: TokenKind::Refresh, kept, key, claims: Map::new() }))
        }))
    }
}

/// Whether a refresh token is used again and again: only if nobody but its client can use it (RFC 9700 §2.2.2).
fn stays(request: &TokenRequest<'_>, record: &Record) -> bool {
    let bound = || record.notes.find::<Bound>().is_some_and(|bound| !bound.0.is_empty());
    request.policy.is_on(&NOT_ROTATED) && (!request.is_public() || bound())
}

/// Whether it was spent so long ago that there is no grace.
fn is_replay(request: &TokenRequest<'_>, found: &Found) -> bool {
    let grace = request.policy.value_of(&GRACE);
    let late = |spent: u64| request.arrival.now >= spent.saturating_add(grace);
    matches!(found.held, Held::Once { spent: Some(spent), .. } if late(spent))
}

/// What is kept of a refresh token that is issued now, or begins anew.
fn successor(request: &TokenRequest<'_>, spent: &Spent, authorization: Arc<Authorization>, ends: u64) -> Record {
    let (now, grant) = (request.arrival.now, spent.record().grant);
    let mut notes = Notes::default();
    // What a refresh token is bound to, its successor is bound to.
    if let Some(bound) = spent.note::<Bound>().filter(|_| request.grant_type == GRANT_TYPE) {
        notes.set(&bound);
    }
    let expires = now.saturating_add(request.policy.value_of(&IDLE)).min(ends);
    Record { grant, issued: now, expires, forget: expires, authorization, notes: notes.into() }
}

/// Says when the family ends, to whatever follows from this answer: the access token too, since another refresh token
/// may be had for it.
fn begin(request: &TokenRequest<'_>, reply: &mut TokenReply) -> u64 {
    let ends = request.arrival.now.saturating_add(request.policy.value_of(&ABSOLUTE));
    Arc::make_mut(&mut reply.authorization).notes.set(&Ends(ends));
    ends
}

static SWITCHES: &[&Switch] = &[&NOT_ROTATED];

static AMOUNTS: &[&Amount] = &[&ABSOLUTE, &GRACE, &IDLE];

/// FAPI 2.0 Security Profile §5.3.2.1: "shall not use refresh token rotation except in extraordinary circumstances".
static NOT_ROTATED: Switch = Switch {
    name: "refresh-not-rotated",
    says: "Refresh tokens that nobody but their client can use are not rotated (FAPI 2.0 Security Profile section 5.3.2.1)",
    relaxes: false,
};

static IDLE: Amount = Amount {
    name: "refresh-idle-seconds",
    says: "How long a refresh token lives without being used",
    default: 30 * 24 * 3600,
};

static ABSOLUTE: Amount = Amount {
    name: "refresh-absolute-seconds",
    says: "How long after the first refresh token of a family the last one ends, however often they are used",
    default: 365 * 24 * 3600,
};

static GRACE: Amount = Amount {
    name: "refresh-grace-seconds",
    says: "How long a rotated refresh token may be used again; other than 0 is a relaxation (RFC 9700 section 4.14.2)",
    default: 0,
};

static RULES: &[&Rule] = &[&EXPIRED, &MISSING, &OTHER_CLIENT, &REPLAYED, &SCOPE_MALFORMED, &SCOPE_WIDER, &UNKNOWN];

static MISSING: Rule = Rule {
    id: "rfc6749-refresh-token-missing",
    document: &documents::RFC6749,
    section: "6",
    error: ErrorCode::InvalidRequest,
    says: "The refresh grant needs refresh_token",
};

static UNKNOWN: Rule = Rule {
    id: "rfc6749-refresh-token-unknown",
    document: &documents::RFC6749,
    section: "5.2",
    error: ErrorCode::InvalidGrant,
    says: "The refresh token has to be one that this issuer issued, not revoked",
};

static EXPIRED: Rule = Rule {
    id: "rfc6749-refresh-token-expired",
    document: &documents::RFC6749,
    section: "5.2",
    error: ErrorCode::InvalidGrant,
    says: "The refresh token must not be expired",
};

static OTHER_CLIENT: Rule = Rule {
    id: "rfc6749-refresh-token-other-client",
    document: &documents::RFC6749,
    section: "6",
    error: ErrorCode::InvalidGrant,
    says: "The refresh token has to be used by the client it was issued to",
};

static REPLAYED: Rule = Rule {
    id: "rfc9700-refresh-token-replayed",
    document: &documents::RFC9700,
    section: "4.14.2",
    error: ErrorCode::InvalidGrant,
    says: "A rotated refresh token must not be used again; keep the new one of each answer",
};

static SCOPE_MALFORMED: Rule = Rule {
    id: "rfc6749-refresh-scope-malformed",
    document: &documents::RFC6749,
    section: "3.3",
    error: ErrorCode::InvalidScope,
    says: "The scope is a list of tokens with one space between them",
};

static SCOPE_WIDER: Rule = Rule {
    id: "rfc6749-refresh-scope-wider",
    document: &documents::RFC6749,
    section: "6",
    error: ErrorCode::InvalidScope,
    says: "A refresh must not ask for a scope that was not granted",
};
