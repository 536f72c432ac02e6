//! RFC 6749 §4.1.3: the authorization code grant at the token endpoint.
//!
//! A code is bound to the client and the redirect URI it was issued for, lives for a minute, and is redeemed once. A
//! replay that would otherwise be in order revokes everything that came from the code (RFC 6749 §4.1.2); one that is
//! not in order revokes nothing, or whoever steals a code could log its owner out (OAuth 2.1 §7.5.2). A code that is not
//! spent outlives a few requests that are not in order, and then it is gone (RFC 6749 §10.5).

use oauth_types::ErrorCode;
use serde::{Deserialize, Serialize};

use crate::doctor::{self, Handle, uris};
use crate::documents;
use crate::memory::{Life, Note};
use crate::ports::store::{Key, Kind, Record};
use crate::refusal::{Document, Refusal, Rule};
use crate::reply::Stop;
use crate::request::{AuthorizationRequest, Draft, Found, TokenRequest};
use crate::spec::{Perhaps, Spec, Spine};
use crate::world::{Amount, Switch};

#[derive(Debug)]
pub(crate) struct AuthorizationCode;

/// The redirect URI of the authorization request, if it was sent.
#[derive(Debug, Serialize, Deserialize)]
struct SentTo(String);

impl Note for SentTo {
    const NAME: &'static str = "rfc6749/redirect_uri";
    const LIFE: Life = Life::Code;
}

/// The requests for a code that were not in order, each counted once.
const FAILURE: Kind = Kind::new("rfc6749/failure");
/// Codes that are gone since there were too many of those.
const BURNT: Kind = Kind::new("rfc6749/burnt");

/// A code was taken out of use.
#[derive(Debug, Serialize, Deserialize)]
struct Burnt;

impl Note for Burnt {
    const NAME: &'static str = "rfc6749/burnt";
    const LIFE: Life = Life::Code;
}

impl Spec for AuthorizationCode {
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

    fn authorize(&self, request: &AuthorizationRequest<'_>, draft: &mut Draft) -> Result<(), Refusal> {
        if let Some(uri) = request.params.get("redirect_uri") {
            draft.remember(&SentTo(uri.to_owned()));
        }
        Ok(())
    }

    fn grant_type(&self) -> Option<&'static str> {
        Some("authorization_code")
    }

    fn response_types(&self) -> &'static [&'static str] {
        &["code"]
    }

    fn grant<'a>(&'a self, request: &'a TokenRequest<'a>, _spine: &'a dyn Spine) -> Perhaps<'a, Found> {
        Some(Box::pin(async move {
            let place = request.arrival.place;
            let Some(code) = request.params.get("code") else { return Err(missing(request).await) };
            let key = Key::of(Kind::CODE, &place.tenant, code);
            match request.ports.store.get(key).await? {
                Some(kept) => Ok(Found::once(key, kept, &CODE_REPLAYED)),
                None => Err(unknown(request, code).await),
            }
        }))
    }

    fn refused<'a>(
        &'a self,
        request: &'a TokenRequest<'a>,
        found: &'a Found,
        spine: &'a dyn Spine,
    ) -> Perhaps<'a, ()> {
        let code = request.params.get("code").filter(|_| Some(request.grant_type) == self.grant_type())?;
        let (now, record) = (request.arrival.now, &found.record);
        if found.is_spent() {
            let revoke = request.policy.is_on(&REVOKED_BY_ANY_REPLAY);
            return revoke.then(|| spine.revoke(record.grant, now));
        }
        Some(Box::pin(async move {
            let (store, tenant) = (&request.ports.store, &request.arrival.place.tenant);
            let attempts = request.policy.value_of(&ATTEMPTS).clamp(1, MOST_ATTEMPTS);
            for attempt in 1..=attempts {
                let counted = Key::of(FAILURE, tenant, &format!("{attempt} {code}"));
                if store.once(counted, now, record.forget).await? {
                    if attempt == attempts {
                        let burnt = Record::of(&record.authorization.client_id, &Burnt, now, record.forget);
                        store.put(Key::of(BURNT, tenant, code), burnt).await?;
                        spine.revoke(record.grant, now).await?;
                    }
                    break;
                }
            }
            Ok(())
        }))
    }

    fn redeem(&self, request: &TokenRequest<'_>, found: &Found) -> Result<(), Refusal> {
        if Some(request.grant_type) != self.grant_type() {
            return Ok(());
        }
        let authorization = &found.record.authorization;
        if authorization.client_id != request.client().client_id {
            let user = request.client().client_id();
            return Err(OTHER_CLIENT.because(doctor::of_another(&authorization.client_id, user)));
        }
        if found.record.expires <= request.arrival.now && !found.is_spent() {
            let since = request.arrival.now - found.record.expires;
            let lifetime = request.policy.code_lifetime;
            return Err(CODE_EXPIRED.because(format!("It lived {lifetime} seconds and ended {since} seconds ago")));
        }
        let Some(SentTo(expected)) = found.note() else { return Ok(()) };
        match request.params.get("redirect_uri") {
            None => Err(doctor::missing(&REDIRECT_MISSING, request.params, "redirect_uri")),
            Some(sent) if sent == expected => Ok(()),
            Some(sent) => Err(REDIRECT_DIFFERS.because(uris::difference(&expected, sent))),
        }
    }
}

/// The refusal of a request without a code.
async fn missing(request: &TokenRequest<'_>) -> Stop {
    match doctor::misplaced(request.ports, request.arrival.place, request.params, Handle::Code).await {
        Ok(Some(what)) => CODE_MISSING.because(format!("{what}: the name of that is code")).into(),
        Ok(None) => doctor::missing(&CODE_MISSING, request.params, "code").into(),
        Err(error) => error.into(),
    }
}

/// The refusal of a code that is not known.
async fn unknown(request: &TokenRequest<'_>, code: &str) -> Stop {
    let (ports, place) = (request.ports, request.arrival.place);
    match ports.store.get(Key::of(BURNT, &place.tenant, code)).await {
        Ok(Some(_)) => {
            let attempts = request.policy.value_of(&ATTEMPTS).clamp(1, MOST_ATTEMPTS);
            let hint = format!("{attempts} requests for it were not in order: the journal has them");
            return CODE_BURNT.because(hint).into();
        }
        Ok(None) => {}
        Err(error) => return error.into(),
    }
    match doctor::misplaced(ports, place, request.params, Handle::Code).await {
        Ok(Some(what)) => return CODE_UNKNOWN.because(format!("{what}: the parameters are mixed up")).into(),
        Ok(None) => {}
        Err(error) => return error.into(),
    }
    match doctor::strange(ports, place, code, Handle::Code).await {
        Ok(what) => CODE_UNKNOWN.because(what).into(),
        Err(error) => error.into(),
    }
}

/// How many requests for one code are counted at most.
const MOST_ATTEMPTS: u64 = 1_000;

static SWITCHES: &[&Switch] = &[&REVOKED_BY_ANY_REPLAY];
static AMOUNTS: &[&Amount] = &[&ATTEMPTS];

static ATTEMPTS: Amount = Amount {
    name: "code-attempts",
    says: "How many token requests for a code may fail before the code is gone; at most 1000 (RFC 6749 section 10.5)",
    // Fewer would let whoever steals a code take it from its owner by the way, and a verifier cannot be guessed anyway.
    default: 24,
};

static REVOKED_BY_ANY_REPLAY: Switch = Switch {
    name: "any-replay-revokes",
    says: "A replayed code revokes what came from it even if the request is not in order otherwise (RFC 6749 section \
           4.1.2; OAuth 2.1 section 7.5.2 advises against it)",
    relaxes: false,
};

static RULES: &[&Rule] = &[
    &CODE_BURNT,
    &CODE_EXPIRED,
    &CODE_MISSING,
    &CODE_REPLAYED,
    &CODE_UNKNOWN,
    &OTHER_CLIENT,
    &REDIRECT_DIFFERS,
    &REDIRECT_MISSING,
];

static CODE_MISSING: Rule = Rule {
    id: "rfc6749-code-missing",
    document: &documents::RFC6749,
    section: "4.1.3",
    error: ErrorCode::InvalidRequest,
    says: "The authorization code grant needs code",
};

static CODE_BURNT: Rule = Rule {
    id: "rfc6749-code-burnt",
    document: &documents::RFC6749,
    section: "10.5",
    error: ErrorCode::InvalidGrant,
    says: "A code that was tried in vain too often is gone",
};

static CODE_UNKNOWN: Rule = Rule {
    id: "rfc6749-code-unknown",
    document: &documents::RFC6749,
    section: "5.2",
    error: ErrorCode::InvalidGrant,
    says: "The code has to be one that this issuer issued",
};

static CODE_EXPIRED: Rule = Rule {
    id: "rfc6749-code-expired",
    document: &documents::RFC6749,
    section: "4.1.2",
    error: ErrorCode::InvalidGrant,
    says: "A code must expire shortly after it is issued",
};

static CODE_REPLAYED: Rule = Rule {
    id: "rfc6749-code-replayed",
    document: &documents::RFC6749,
    section: "4.1.2",
    error: ErrorCode::InvalidGrant,
    says: "A code must not be used more than once",
};

static OTHER_CLIENT: Rule = Rule {
    id: "rfc6749-code-other-client",
    document: &documents::RFC6749,
    section: "4.1.3",
    error: ErrorCode::InvalidGrant,
    says: "The code has to be redeemed by the client it was issued to",
};

static REDIRECT_MISSING: Rule = Rule {
    id: "rfc6749-token-redirect-uri-missing",
    document: &documents::RFC6749,
    section: "4.1.3",
    error: ErrorCode::InvalidGrant,
    says: "The redirect_uri of the authorization request has to be sent again",
};

static REDIRECT_DIFFERS: Rule = Rule {
    id: "rfc6749-token-redirect-uri-differs",
    document: &documents::RFC6749,
    section: "4.1.3",
    error: ErrorCode::InvalidGrant,
    says: "The redirect_uri has to be identical to that of the authorization request",
};
