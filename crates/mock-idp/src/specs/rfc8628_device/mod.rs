//! RFC 8628: OAuth 2.0 Device Authorization Grant.
//!
//! A device asks for a pair of codes, shows the short one, and polls with the long one. A person enters the short one
//! on the page `/device` and decides. What they decide on is written into the record of the long code, which one poll
//! spends. A device may bind its request to a `code_verifier`; then the poll has to bring it.

use http::{Method, StatusCode};
use oauth_types::ErrorCode;
use oauth_types::fault::Point;
use serde_json::{Map, Value};

use crate::doctor::{self, Handle};
use crate::elsewhere::{self, Decision, Names};
use crate::memory::Authorization;
use crate::ports::store::{BoxFuture, Key, Kind, Record};
use crate::refusal::{Document, Refusal, Rule};
use crate::reply::{Reply, Stop};
use crate::request::{Found, TokenRequest};
use crate::spec::{Call, Endpoint, Facts, Perhaps, Spec, Spine};
use crate::world::{Amount, Switch};

mod page;

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:device_code";
const DEVICE_CODE: Kind = Kind::new("rfc8628/device_code");
const USER_CODE: Kind = Kind::new("rfc8628/user_code");
const POLL: Kind = Kind::new("rfc8628/poll");
/// Letters that are neither vowels nor like digits, as §6.1 suggests: 20^8 codes.
const ALPHABET: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";

#[derive(Debug, Default)]
pub(crate) struct DeviceAuthorization {
    guesses: page::Guesses,
}

impl Spec for DeviceAuthorization {
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

    fn amounts(&self) -> &'static [&'static Amount] {
        AMOUNTS
    }

    fn endpoints(&self) -> &'static [Endpoint] {
        ENDPOINTS
    }

    fn metadata(&self, facts: &Facts<'_>, document: &mut Map<String, Value>) {
        document.insert("device_authorization_endpoint".to_owned(), facts.place.url("/device_authorization").into());
    }

    fn serve<'a>(&'a self, call: &'a Call<'a>) -> Option<BoxFuture<'a, Reply>> {
        Some(Box::pin(async move {
            match call.arrival.path {
                "/device_authorization" => begin(call).await.unwrap_or_else(Reply::stopped),
                _ => page::answer(&self.guesses, call).await,
            }
        }))
    }

    fn grant_type(&self) -> Option<&'static str> {
        Some(GRANT_TYPE)
    }

    fn grant<'a>(&'a self, request: &'a TokenRequest<'a>, _spine: &'a dyn Spine) -> Perhaps<'a, Found> {
        Some(Box::pin(poll(request)))
    }

    fn redeem(&self, request: &TokenRequest<'_>, found: &Found) -> Result<(), Refusal> {
        if request.grant_type != GRANT_TYPE || found.record.own() == Some(Decision::Approved) {
            return Ok(());
        }
        Err(PENDING.refuse())
    }
}

/// The device authorization request (§3.1) and its answer (§3.2).
async fn begin(call: &Call<'_>) -> Result<Reply, Stop> {
    let (arrival, dice) = (call.arrival, &call.ports.dice);
    let params = call.spine.form(arrival)?;
    let client = call.spine.authenticate(arrival, params).await?;
    if !client.client().may_use(GRANT_TYPE) {
        return Err(NOT_ALLOWED.refuse().into());
    }
    let draft = call.spine.judge_elsewhere(arrival, &client, params)?;
    let (lifetime, interval) = (call.policy.value_of(&LIFETIME), call.policy.value_of(&INTERVAL));
    let (device_code, user_code) = (dice.handle(), user_code(call));
    let expires = arrival.now.saturating_add(lifetime);
    let (tenant, client_id) = (&arrival.place.tenant, client.client().client_id());
    let key = Key::of(DEVICE_CODE, tenant, &device_code);
    let mut record = Record::of(client_id, &Decision::Waiting, arrival.now, expires);
    dice.fill(&mut record.grant.0);
    record.forget = expires.saturating_add(call.policy.remembered());
    let mut notes = draft.code_notes;
    notes.set(&Decision::Waiting);
    record.notes = notes.into();
    let authorization =
        Authorization { scope: draft.scope, notes: draft.grant_notes, ..Authorization::clone(&record.authorization) };
    record.authorization = authorization.into();
    if call.policy.is_on(&AT_ONCE) {
        arrival.seen.relaxed(AT_ONCE.name);
        let user = call.people.log_in(params.get("login_hint"))?;
        elsewhere::approve(call, client.client(), user, &mut record);
    }
    let store = &call.ports.store;
    store.put(key, record).await?;
    store
        .put(Key::of(USER_CODE, tenant, &user_code), Record::of(client_id, &Names(key), arrival.now, expires))
        .await?;
    let page = arrival.place.url("/device");
    let shown = format!("{}-{}", &user_code[..4], &user_code[4..]);
    let mut members = Map::new();
    members.insert("device_code".to_owned(), device_code.into());
    members.insert("verification_uri_complete".to_owned(), format!("{page}?user_code={shown}").into());
    members.insert("user_code".to_owned(), shown.into());
    members.insert("verification_uri".to_owned(), page.into());
    members.insert("expires_in".to_owned(), lifetime.into());
    members.insert("interval".to_owned(), interval.into());
    Ok(Reply::Document { at: Point::DeviceAuthorization, status: StatusCode::OK, members })
}

/// Eight letters, each as likely as the others.
fn user_code(call: &Call<'_>) -> String {
    let mut code = String::with_capacity(8);
    while code.len() < 8 {
        let mut octets = [0; 16];
        call.ports.dice.fill(&mut octets);
        // 240 is the largest multiple of 20 that an octet can hold.
        let letters = octets.iter().filter(|octet| **octet < 240).map(|octet| ALPHABET[usize::from(octet % 20)]);
        code.extend(letters.map(char::from).take(8 - code.len()));
    }
    code
}

/// What a poll is about (§3.4), or why there is nothing yet (§3.5).
async fn poll(request: &TokenRequest<'_>) -> Result<Found, Stop> {
    let (arrival, store) = (request.arrival, &request.ports.store);
    let code = request.params.get("device_code");
    let code = code.ok_or_else(|| doctor::missing(&CODE_MISSING, request.params, "device_code"))?;
    let key = Key::of(DEVICE_CODE, &arrival.place.tenant, code);
    let Some(kept) = store.get(key).await? else {
        let what = doctor::strange(request.ports, arrival.place, code, Handle::DeviceCode).await?;
        return Err(CODE_UNKNOWN.because(what).into());
    };
    let record = &kept.record;
    if record.authorization.client_id != request.client().client_id() {
        let (owner, user) = (&record.authorization.client_id, request.client().client_id());
        return Err(OTHER_CLIENT.because(doctor::of_another(owner, user)).into());
    }
    let decision = record.own().unwrap_or(Decision::Waiting);
    if kept.spent.is_none() {
        if record.expires <= arrival.now {
            let since = arrival.now - record.expires;
            return Err(EXPIRED.because(format!("It ended {since} seconds ago")).into());
        }
        let poll = Key::of(POLL, &arrival.place.tenant, code);
        let interval = request.policy.value_of(&INTERVAL);
        if let Some(hint) = elsewhere::pace(request, poll, interval, record.expires).await? {
            return Err(TOO_FAST.because(hint).into());
        }
        match decision {
            Decision::Waiting => return Err(PENDING.because("This is no failure: go on polling").into()),
            Decision::Denied => return Err(DENIED.refuse().into()),
            Decision::Approved => {}
        }
    }
    Ok(Found::once(key, kept, &REPLAYED))
}

static ENDPOINTS: &[Endpoint] = &[
    Endpoint { path: "/device_authorization", methods: &[Method::POST], at: Point::DeviceAuthorization, page: false },
    Endpoint { path: "/device", methods: &[Method::GET, Method::POST], at: Point::Page, page: true },
];

static SWITCHES: &[&Switch] = &[&AT_ONCE];

static AT_ONCE: Switch = Switch {
    name: "device-approved-at-once",
    says: "A device authorization request is approved without anybody entering the code (RFC 8628 section 3.3)",
    relaxes: true,
};

static AMOUNTS: &[&Amount] = &[&INTERVAL, &LIFETIME];

static INTERVAL: Amount = Amount {
    name: "device-interval-seconds",
    says: "How long a device waits between polls, in seconds (RFC 8628 section 3.2)",
    default: 5,
};

static LIFETIME: Amount = Amount {
    name: "device-code-seconds",
    says: "How long a device code and its user code live, in seconds (RFC 8628 section 3.2)",
    default: 600,
};

static DOCUMENT: Document = Document {
    name: "RFC 8628",
    title: "OAuth 2.0 Device Authorization Grant",
    url: "https://www.rfc-editor.org/rfc/rfc8628",
};

static RULES: &[&Rule] = &[
    &CODE_MISSING,
    &CODE_UNKNOWN,
    &DENIED,
    &EXPIRED,
    &NOT_ALLOWED,
    &OTHER_CLIENT,
    &PENDING,
    &REPLAYED,
    &TOO_FAST,
    &page::DECIDED,
    &page::NOT_CONFIRMED,
    &page::TOO_MANY,
    &page::USER_CODE_UNKNOWN,
    &page::USER_UNKNOWN,
];

/// A rule of RFC 8628.
const fn rule(id: &'static str, section: &'static str, error: ErrorCode, says: &'static str) -> Rule {
    Rule { id, document: &DOCUMENT, section, error, says }
}

static NOT_ALLOWED: Rule = rule(
    "rfc8628-client-not-allowed",
    "3.1",
    ErrorCode::UnauthorizedClient,
    "The client has to be allowed to use the device authorization grant",
);

static CODE_MISSING: Rule =
    rule("rfc8628-device-code-missing", "3.4", ErrorCode::InvalidRequest, "The device grant needs device_code");

static CODE_UNKNOWN: Rule = rule(
    "rfc8628-device-code-unknown",
    "3.4",
    ErrorCode::InvalidGrant,
    "The device_code has to be one that this issuer issued",
);

static OTHER_CLIENT: Rule = rule(
    "rfc8628-device-code-other-client",
    "3.4",
    ErrorCode::InvalidGrant,
    "The device_code has to be used by the client it was issued to",
);

static PENDING: Rule = rule(
    "rfc8628-pending",
    "3.5",
    ErrorCode::AuthorizationPending,
    "Nobody has decided yet: the user code has to be entered on the page of verification_uri",
);

static TOO_FAST: Rule =
    rule("rfc8628-slow-down", "3.5", ErrorCode::SlowDown, "A device waits for the interval between two polls");

static DENIED: Rule =
    rule("rfc8628-denied", "3.5", ErrorCode::AccessDenied, "The request was denied, and polling has to stop");

static EXPIRED: Rule = rule(
    "rfc8628-device-code-expired",
    "3.5",
    ErrorCode::ExpiredToken,
    "A device_code ends after expires_in seconds",
);

static REPLAYED: Rule = rule(
    "rfc8628-device-code-replayed",
    "3.5",
    ErrorCode::InvalidGrant,
    "A device_code must not be used again once tokens were issued for it",
);
