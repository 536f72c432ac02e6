//! OpenID Connect Client-Initiated Backchannel Authentication (CIBA), with the token delivery modes poll and ping.
//!
//! A client names a user and asks for tokens; the user decides on another device. In place of that device there is the
//! page `/ciba`, whose address comes with the answer as `mock_idp_decision_uri`.

use http::{Method, StatusCode};
use oauth_types::fault::Point;
use oauth_types::{ErrorCode, Params, Secret};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::clients::Client;
use crate::doctor::{self, Handle};
use crate::elsewhere::{self, Decision, Names};
use crate::jose::Jws;
use crate::memory::{Authorization, Life, Note};
use crate::people::User;
use crate::ports::store::{BoxFuture, Key, Kind, Record};
use crate::refusal::{Document, Refusal, Rule};
use crate::reply::{Reply, Stop};
use crate::request::{Draft, Found, TokenRequest};
use crate::spec::{Call, Endpoint, Facts, Perhaps, Spec, Spine};
use crate::world::{Amount, Policy, Switch};

mod page;

const GRANT_TYPE: &str = "urn:openid:params:grant-type:ciba";
const REQUEST: Kind = Kind::new("ciba/auth_req_id");
const PAGE: Kind = Kind::new("ciba/decision");
const POLL: Kind = Kind::new("ciba/poll");

#[derive(Debug)]
pub(crate) struct BackchannelAuthentication;

/// What the person is shown, and who has to decide.
#[derive(Debug, Serialize, Deserialize)]
struct Asked {
    user: String,
    binding_message: Option<String>,
    /// Whom to tell, in ping mode: the `auth_req_id`, and the token to tell it with.
    ping: Option<(Secret, Secret)>,
}

impl Note for Asked {
    const NAME: &'static str = "ciba/asked";
    const LIFE: Life = Life::Code;
}

impl Spec for BackchannelAuthentication {
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
        let mut set = |name: &str, value: Value| document.insert(name.to_owned(), value);
        set("backchannel_authentication_endpoint", facts.place.url("/bc-authorize").into());
        set("backchannel_token_delivery_modes_supported", json!(["poll", "ping"]));
        set("backchannel_user_code_parameter_supported", false.into());
    }

    /// The client metadata of §4.
    fn register(&self, metadata: &Map<String, Value>, _policy: &Policy) -> Result<(), Refusal> {
        let endpoint = metadata.get("backchannel_client_notification_endpoint").and_then(Value::as_str);
        match metadata.get("backchannel_token_delivery_mode").map(|mode| mode.as_str().unwrap_or_default()) {
            None | Some("poll") => Ok(()),
            Some("ping") if endpoint.is_some() => Ok(()),
            Some("ping") => Err(METADATA.because("Mode ping needs backchannel_client_notification_endpoint")),
            Some(_) => Err(METADATA.because("The modes are poll and ping")),
        }
    }

    fn serve<'a>(&'a self, call: &'a Call<'a>) -> Option<BoxFuture<'a, Reply>> {
        Some(Box::pin(async move {
            match call.arrival.path {
                "/bc-authorize" => begin(call).await.unwrap_or_else(Reply::stopped),
                _ => page::answer(call).await.unwrap_or_else(|stop| match stop {
                    Stop::Refused(refusal) => Reply::Page(refusal),
                    Stop::Broken(what) => Reply::Broken { what, to: None },
                }),
            }
        }))
    }

    fn grant_type(&self) -> Option<&'static str> {
        Some(GRANT_TYPE)
    }

    fn grant<'a>(&'a self, request: &'a TokenRequest<'a>, _spine: &'a dyn Spine) -> Perhaps<'a, Found> {
        Some(Box::pin(poll(request)))
    }
}

/// The authentication request (§7.1) and its answer (§7.3).
async fn begin(call: &Call<'_>) -> Result<Reply, Stop> {
    let arrival = call.arrival;
    let params = call.spine.form(arrival)?;
    let authenticated = call.spine.authenticate(arrival, params).await?;
    let client = authenticated.client();
    if client.is_public() || !client.may_use(GRANT_TYPE) {
        return Err(NOT_ALLOWED.because("It has to be registered for the grant, and to authenticate").into());
    }
    let draft = call.spine.judge_elsewhere(arrival, &authenticated, params)?;
    if !draft.scope.contains("openid") {
        return Err(SCOPE.refuse().into());
    }
    let user = hinted(call, params)?;
    let ping = notification(client, params)?;
    let lifetime = lifetime(call.policy, params)?;
    let binding_message = binding_message(params)?;
    let (request, page) = (call.ports.dice.handle(), call.ports.dice.handle());
    let expires = arrival.now.saturating_add(lifetime);
    let ping = ping.map(|token| (Secret::from(request.as_str()), token));
    let asked = Asked { user: user.subject().to_owned(), binding_message, ping };
    let mut record = waiting(call, client, draft, expires);
    record.notes = {
        let mut notes = record.notes.as_ref().clone();
        notes.set(&asked);
        notes.into()
    };
    if call.policy.is_on(&AT_ONCE) {
        arrival.seen.relaxed(AT_ONCE.name);
        elsewhere::approve(call, client, user, &mut record);
    }
    let (store, tenant) = (&call.ports.store, &arrival.place.tenant);
    let key = Key::of(REQUEST, tenant, &request);
    store.put(key, record).await?;
    let named = Record::of(client.client_id(), &Names(key), arrival.now, expires);
    store.put(Key::of(PAGE, tenant, &page), named).await?;
    let mut members = Map::new();
    members.insert("auth_req_id".to_owned(), request.into());
    members.insert("expires_in".to_owned(), lifetime.into());
    members.insert("interval".to_owned(), call.policy.value_of(&INTERVAL).into());
    members.insert("mock_idp_decision_uri".to_owned(), arrival.place.url(&format!("/ciba?request={page}")).into());
    Ok(Reply::Document { at: Point::BackchannelAuthentication, status: StatusCode::OK, members })
}

/// The record of a request that nobody has decided on.
fn waiting(call: &Call<'_>, client: &Client, draft: Draft, expires: u64) -> Record {
    let mut record = Record::of(client.client_id(), &Decision::Waiting, call.arrival.now, expires);
    call.ports.dice.fill(&mut record.grant.0);
    record.forget = expires.saturating_add(call.policy.remembered());
    let mut notes = draft.code_notes;
    notes.set(&Decision::Waiting);
    record.notes = notes.into();
    let authorization =
        Authorization { scope: draft.scope, notes: draft.grant_notes, ..Authorization::clone(&record.authorization) };
    record.authorization = authorization.into();
    record
}

/// The user that exactly one hint names (§7.1).
fn hinted<'a>(call: &Call<'a>, params: &Params) -> Result<&'a User, Refusal> {
    let hints = ["login_hint_token", "id_token_hint", "login_hint"];
    let mut sent = hints.iter().filter_map(|name| params.get(name).map(|value| (*name, value)));
    match (sent.next(), sent.next()) {
        (Some(("login_hint", hint)), None) => call.people.log_in(Some(hint)).map_err(|_| UNKNOWN_USER.refuse()),
        (Some(("id_token_hint", token)), None) => {
            let subject =
                own_id_token(call, token).ok_or_else(|| HINT.because("It is no ID token of this issuer"))?;
            call.people.find(&subject).ok_or_else(|| UNKNOWN_USER.refuse())
        }
        (Some(_), None) => Err(HINT.because("A login_hint_token means nothing to this server; send login_hint")),
        (None, _) => Err(HINT.because("There is none")),
        (Some(_), Some(_)) => Err(HINT.because("There are two")),
    }
}

/// The `sub` of an ID token that this issuer signed. It may have expired.
fn own_id_token(call: &Call<'_>, token: &str) -> Option<String> {
    let jws = Jws::parse(token).ok()?;
    let (signed, signature) = token.rsplit_once('.')?;
    let own = jws.claims().get("iss").and_then(Value::as_str) == Some(&call.arrival.place.issuer);
    let verified = call.ports.keys.verify(jws.algorithm()?, signed.as_bytes(), signature);
    let subject = jws.claims().get("sub").and_then(Value::as_str).map(str::to_owned);
    subject.filter(|_| own && verified)
}

/// The token to ping with, if the client is to be pinged: 1024 characters at most, fit for a header (§7.1).
fn notification(client: &Client, params: &Params) -> Result<Option<Secret>, Refusal> {
    if client.text("backchannel_token_delivery_mode") != Some("ping") {
        return Ok(None);
    }
    let token = params.get("client_notification_token").ok_or_else(|| NOTIFICATION.because("There is none"))?;
    let legal = |octet: u8| octet.is_ascii_alphanumeric() || b"-._~+/=".contains(&octet);
    match token.len() <= 1024 && token.bytes().all(legal) {
        true => Ok(Some(Secret::from(token))),
        false => Err(NOTIFICATION.because("It is too long, or has characters that no bearer token has")),
    }
}

fn lifetime(policy: &Policy, params: &Params) -> Result<u64, Refusal> {
    let most = policy.value_of(&LIFETIME);
    let Some(text) = params.get("requested_expiry") else { return Ok(most) };
    let asked = text.parse::<u32>().ok().filter(|seconds| *seconds > 0 && !text.starts_with('+'));
    asked.map(|seconds| u64::from(seconds).min(most)).ok_or_else(|| EXPIRY.refuse())
}

/// A message that fits on a small screen: plain text of at most 100 characters.
fn binding_message(params: &Params) -> Result<Option<String>, Refusal> {
    let Some(text) = params.get("binding_message") else { return Ok(None) };
    match text.chars().count() <= 100 && !text.chars().any(char::is_control) {
        true => Ok(Some(text.to_owned())),
        false => Err(MESSAGE.refuse()),
    }
}

/// What a token request is about (§10.1), or why there is nothing yet (§11).
async fn poll(request: &TokenRequest<'_>) -> Result<Found, Stop> {
    let (arrival, store) = (request.arrival, &request.ports.store);
    let handle = request.params.get("auth_req_id");
    let handle = handle.ok_or_else(|| doctor::missing(&ID_MISSING, request.params, "auth_req_id"))?;
    let key = Key::of(REQUEST, &arrival.place.tenant, handle);
    let Some(kept) = store.get(key).await? else {
        let what = doctor::strange(request.ports, arrival.place, handle, Handle::AuthReqId).await?;
        return Err(ID_UNKNOWN.because(what).into());
    };
    let record = &kept.record;
    if record.authorization.client_id != request.client().client_id() {
        let (owner, user) = (&record.authorization.client_id, request.client().client_id());
        return Err(OTHER_CLIENT.because(doctor::of_another(owner, user)).into());
    }
    if kept.spent.is_none() {
        if record.expires <= arrival.now {
            let since = arrival.now - record.expires;
            return Err(EXPIRED.because(format!("It ended {since} seconds ago")).into());
        }
        let poll = Key::of(POLL, &arrival.place.tenant, handle);
        let interval = request.policy.value_of(&INTERVAL);
        if let Some(hint) = elsewhere::pace(request, poll, interval, record.expires).await? {
            return Err(TOO_FAST.because(hint).into());
        }
        match record.own() {
            Some(Decision::Approved) => {}
            Some(Decision::Denied) => return Err(DENIED.refuse().into()),
            _ => return Err(PENDING.refuse().into()),
        }
    }
    Ok(Found::once(key, kept, &REPLAYED))
}

static ENDPOINTS: &[Endpoint] = &[
    Endpoint { path: "/bc-authorize", methods: &[Method::POST], at: Point::BackchannelAuthentication, page: false },
    Endpoint { path: "/ciba", methods: &[Method::GET, Method::POST], at: Point::Page, page: true },
];

static SWITCHES: &[&Switch] = &[&AT_ONCE];

static AT_ONCE: Switch = Switch {
    name: "ciba-approved-at-once",
    says: "A backchannel authentication request is approved without anybody deciding; in mode ping no ping is sent \
           (OpenID Connect CIBA section 8)",
    relaxes: true,
};

static AMOUNTS: &[&Amount] = &[&INTERVAL, &LIFETIME];

static INTERVAL: Amount = Amount {
    name: "ciba-interval-seconds",
    says: "How long a client waits between polls, in seconds (OpenID Connect CIBA section 7.3)",
    default: 5,
};

static LIFETIME: Amount = Amount {
    name: "ciba-request-seconds",
    says: "How long an auth_req_id lives at most, in seconds (OpenID Connect CIBA section 7.3)",
    default: 120,
};

static DOCUMENT: Document = Document {
    name: "OpenID Connect CIBA",
    title: "OpenID Connect Client-Initiated Backchannel Authentication Flow - Core 1.0",
    url: "https://openid.net/specs/openid-client-initiated-backchannel-authentication-core-1_0.html",
};

static RULES: &[&Rule] = &[
    &page::DECIDED,
    &page::DECISION_UNKNOWN,
    &DENIED,
    &EXPIRED,
    &EXPIRY,
    &HINT,
    &ID_MISSING,
    &ID_UNKNOWN,
    &MESSAGE,
    &METADATA,
    &NOTIFICATION,
    &NOT_ALLOWED,
    &page::NOT_CONFIRMED,
    &OTHER_CLIENT,
    &PENDING,
    &REPLAYED,
    &SCOPE,
    &TOO_FAST,
    &UNKNOWN_USER,
];

/// A rule of CIBA.
const fn rule(id: &'static str, section: &'static str, error: ErrorCode, says: &'static str) -> Rule {
    Rule { id, document: &DOCUMENT, section, error, says }
}

static METADATA: Rule = rule(
    "ciba-client-metadata",
    "4",
    ErrorCode::InvalidClientMetadata,
    "A client says how it gets its tokens, and where it is pinged",
);

static NOT_ALLOWED: Rule = rule(
    "ciba-client-not-allowed",
    "13",
    ErrorCode::UnauthorizedClient,
    "The client has to be allowed to use the flow",
);

static SCOPE: Rule =
    rule("ciba-scope-openid-missing", "7.1", ErrorCode::InvalidScope, "The scope has to contain openid");

static HINT: Rule = rule(
    "ciba-hint",
    "7.1",
    ErrorCode::InvalidRequest,
    "A request has exactly one of login_hint_token, id_token_hint and login_hint",
);

static UNKNOWN_USER: Rule =
    rule("ciba-user-unknown", "13", ErrorCode::UnknownUserId, "The hint has to name a user who is known");

static NOTIFICATION: Rule = rule(
    "ciba-notification-token",
    "7.1",
    ErrorCode::InvalidRequest,
    "In mode ping a request needs a client_notification_token that is fit for an Authorization header",
);

static EXPIRY: Rule =
    rule("ciba-requested-expiry", "7.1", ErrorCode::InvalidRequest, "A requested_expiry is a positive integer");

static MESSAGE: Rule = rule(
    "ciba-binding-message",
    "13",
    ErrorCode::InvalidBindingMessage,
    "A binding_message is a short plain text that can be shown",
);

static ID_MISSING: Rule =
    rule("ciba-auth-req-id-missing", "10.1", ErrorCode::InvalidRequest, "The CIBA grant needs auth_req_id");

static ID_UNKNOWN: Rule = rule(
    "ciba-auth-req-id-unknown",
    "11",
    ErrorCode::InvalidGrant,
    "The auth_req_id has to be one that this issuer issued",
);

static OTHER_CLIENT: Rule = rule(
    "ciba-auth-req-id-other-client",
    "11",
    ErrorCode::InvalidGrant,
    "The auth_req_id has to be used by the client it was issued to",
);

static PENDING: Rule = rule("ciba-pending", "11", ErrorCode::AuthorizationPending, "Nobody has decided yet");

static TOO_FAST: Rule =
    rule("ciba-slow-down", "11", ErrorCode::SlowDown, "A client waits for the interval between two polls");

static EXPIRED: Rule =
    rule("ciba-auth-req-id-expired", "11", ErrorCode::ExpiredToken, "An auth_req_id ends after expires_in seconds");

static DENIED: Rule = rule("ciba-denied", "11", ErrorCode::AccessDenied, "The user denied the request");

static REPLAYED: Rule = rule(
    "ciba-auth-req-id-replayed",
    "11",
    ErrorCode::InvalidGrant,
    "An auth_req_id must not be used again once tokens were issued for it",
);
