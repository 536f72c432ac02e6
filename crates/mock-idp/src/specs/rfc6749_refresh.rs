//! RFC 6749 §6: refreshing an access token, with rotation (RFC 9700 §4.14.2).
//!
//! Every use gives a new refresh token and spends the old one. A spent one that comes back has been copied: its
//! whole family is revoked.

use std::sync::Arc;

use oauth_types::ErrorCode;

use crate::documents;
use crate::memory::{Authorization, Scope};
use crate::ports::store::{Key, Kind, Record};
use crate::refusal::{Document, Refusal, Rule};
use crate::reply::TokenReply;
use crate::request::{Found, Spent, TokenRequest};
use crate::spec::{Perhaps, Spec, Spine};

const GRANT_TYPE: &str = "refresh_token";

#[derive(Debug)]
pub(crate) struct RefreshToken;

impl Spec for RefreshToken {
    fn document(&self) -> &'static Document {
        &documents::RFC6749
    }

    fn rules(&self) -> &'static [&'static Rule] {
        RULES
    }

    fn grant_type(&self) -> Option<&'static str> {
        Some(GRANT_TYPE)
    }

    fn grant<'a>(&'a self, request: &'a TokenRequest<'a>, _spine: &'a dyn Spine) -> Perhaps<'a, Found> {
        Some(Box::pin(async move {
            let token = request.params.get("refresh_token").ok_or_else(|| MISSING.refuse())?;
            let key = Key::of(Kind::REFRESH, &request.arrival.place.tenant, token);
            let kept = request.ports.store.get(key).await?;
            let kept =
                kept.ok_or_else(|| UNKNOWN.because("It is no refresh token of this issuer, or was revoked"))?;
            Ok(Found::once(key, kept, &REPLAYED))
        }))
    }

    fn redeem(&self, request: &TokenRequest<'_>, found: &Found) -> Result<(), Refusal> {
        if request.grant_type != GRANT_TYPE {
            return Ok(());
        }
        let authorization = &found.record.authorization;
        if authorization.client_id != request.client().client_id {
            return Err(OTHER_CLIENT.refuse());
        }
        if found.record.expires <= request.arrival.now && !found.is_spent() {
            let since = request.arrival.now - found.record.expires;
            return Err(EXPIRED.because(format!("It ended {since} seconds ago")));
        }
        let Some(text) = request.params.get("scope") else { return Ok(()) };
        let scope = Scope::parse(text).ok_or_else(|| SCOPE_MALFORMED.refuse())?;
        match scope.tokens().find(|token| !authorization.scope.contains(token)) {
            Some(token) => Err(SCOPE_WIDER.because(format!("{token} was not granted"))),
            None => Ok(()),
        }
    }

    fn bind(&self, request: &TokenRequest<'_>, spent: &Spent, reply: &mut TokenReply) {
        let record = spent.record();
        if !request.client().may_use(GRANT_TYPE)
            || record.authorization.login.is_none()
            || request.grant_type == "implicit"
        {
            return;
        }
        if request.grant_type == GRANT_TYPE
            && let Some(scope) = request.params.get("scope").and_then(Scope::parse)
        {
            reply.authorization = Arc::new(Authorization { scope, ..Authorization::clone(&record.authorization) });
        }
        let now = request.arrival.now;
        let expires = now.saturating_add(request.policy.refresh_lifetime);
        let token = request.ports.dice.handle();
        let key = Key::of(Kind::REFRESH, &request.arrival.place.tenant, &token);
        let successor = Record {
            grant: record.grant,
            issued: now,
            expires,
            forget: expires,
            authorization: record.authorization.clone(),
            notes: Arc::default(),
        };
        reply.records.push((key, successor));
        reply.set("refresh_token", token);
    }
}

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
