//! RFC 8693: OAuth 2.0 Token Exchange.
//!
//! A client gives a token of this issuer and gets another: for other targets, with less scope, for itself. The new one
//! belongs to the family of the old one, lives no longer, and says who acts for whom (§4.1), unless impersonation is
//! allowed. There is no refresh token unless it is asked for, and then it is the only one (§2.2.1).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::clients::Client;
use crate::doctor::{self, uris};
use crate::memory::{Authorization, Life, Note, Notes, Scope};
use crate::ports::store::{Key, Kind, Record};
use crate::redirect;
use crate::refusal::{Document, Refusal, Rule};
use crate::reply::{Stop, TokenReply};
use crate::request::{Found, Spent, TokenRequest};
use crate::spec::{Perhaps, Spec, Spine};
use crate::world::Switch;

mod party;
mod rules;

use party::{ACTOR, Party, SUBJECT};

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

/// The most targets of a request.
const MOST: usize = 16;
/// The longest chain of actors.
const DEEPEST: usize = 8;

#[derive(Debug)]
pub(crate) struct TokenExchange;

/// What every token says that follows from an exchange.
#[derive(Debug, Serialize, Deserialize)]
struct Exchanged {
    /// `aud`, if targets were named.
    audience: Vec<String>,
    /// `act`.
    act: Option<Value>,
}

impl Note for Exchanged {
    const NAME: &'static str = "rfc8693/exchanged";
    const LIFE: Life = Life::Grant;
}

/// What the answer of an exchange is.
#[derive(Debug, Serialize, Deserialize)]
struct Issues {
    /// Of which type.
    kind: TokenType,
    /// How long it may live at most.
    until: u64,
}

impl Note for Issues {
    const NAME: &'static str = "rfc8693/issues";
    const LIFE: Life = Life::Code;
}

/// A type of token (§3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum TokenType {
    #[serde(rename = "urn:ietf:params:oauth:token-type:access_token")]
    Access,
    #[serde(rename = "urn:ietf:params:oauth:token-type:refresh_token")]
    Refresh,
    #[serde(rename = "urn:ietf:params:oauth:token-type:id_token")]
    Id,
    #[serde(rename = "urn:ietf:params:oauth:token-type:jwt")]
    Jwt,
}

impl TokenType {
    fn named(text: &str) -> Option<Self> {
        serde_json::from_value(text.into()).ok()
    }

    /// What may have been meant by a type that there is not.
    fn meant(text: &str) -> String {
        let types = ["access_token", "refresh_token", "id_token", "jwt"];
        let prefix = "urn:ietf:params:oauth:token-type:";
        let meant = doctor::nearest(text.rsplit(':').next().unwrap_or_default(), types);
        let meant = meant.map_or_else(String::new, |own| format!("Did you mean {prefix}{own}? "));
        format!("{meant}Taken: {}, each behind {prefix}", types.join(", "))
    }
}

impl Spec for TokenExchange {
    fn document(&self) -> &'static Document {
        &rules::DOCUMENT
    }

    fn rules(&self) -> &'static [&'static Rule] {
        rules::RULES
    }

    fn optional(&self) -> bool {
        true
    }

    fn switches(&self) -> &'static [&'static Switch] {
        SWITCHES
    }

    /// "Multiple `resource` parameters may be used [...]. Multiple `audience` parameters may be used" (§2.1).
    fn repeatable(&self) -> &'static [&'static str] {
        &["audience", "resource"]
    }

    fn grant_type(&self) -> Option<&'static str> {
        Some(GRANT_TYPE)
    }

    fn grant<'a>(&'a self, request: &'a TokenRequest<'a>, spine: &'a dyn Spine) -> Perhaps<'a, Found> {
        Some(Box::pin(exchange(request, spine)))
    }

    fn bind(&self, request: &TokenRequest<'_>, spent: &Spent, reply: &mut TokenReply) {
        if let Some(token) = reply.token("access_token") {
            if let Some(own) = request.client().member("may_act").filter(|own| own.is_object()) {
                token.claims.insert("may_act".to_owned(), own.clone());
            }
            if let Some(Exchanged { audience, act }) = spent.note() {
                match audience.as_slice() {
                    [] => {}
                    [only] => drop(token.claims.insert("aud".to_owned(), json!(only))),
                    several => drop(token.claims.insert("aud".to_owned(), json!(several))),
                }
                act.into_iter().for_each(|act| drop(token.claims.insert("act".to_owned(), act)));
            }
        }
        if let Some(issues) = spent.note::<Issues>() {
            issue(request, &issues, reply);
        }
    }
}

async fn exchange(request: &TokenRequest<'_>, spine: &dyn Spine) -> Result<Found, Stop> {
    if request.is_public() && !request.policy.is_on(&PUBLIC) {
        return Err(rules::PUBLIC.because("It sends a client_id alone: register it with a secret or a key").into());
    }
    let kind = requested(request)?;
    let subject = party::read(request, spine, &SUBJECT).await?;
    let actor = match (request.params.get(ACTOR.token), request.params.get(ACTOR.kind)) {
        (None, None) => None,
        (None, Some(_)) => return Err(rules::ACTOR_TYPE.because("There is no actor_token").into()),
        (Some(_), None) => return Err(rules::ACTOR_TYPE.because("There is no actor_token_type").into()),
        (Some(_), Some(_)) => Some(party::read(request, spine, &ACTOR).await?),
    };
    permitted(request, &subject, actor.as_ref())?;
    if kind == TokenType::Refresh {
        may_be_refreshed(request, &subject)?;
    }
    let audience = targets(request, spine).await?;
    let scope = scope(request, spine, &subject)?;
    let act = acting(request, &subject, actor.as_ref())?;

    let client = request.client();
    let user = subject.login.as_ref().and_then(|login| spine.people().find(&login.user));
    let mut notes = subject.notes;
    notes.set(&Exchanged { audience, act });
    let authorization = Authorization {
        client_id: client.client_id().to_owned(),
        subject: user.map_or(subject.subject, |user| spine.subject(client, user)),
        scope,
        login: subject.login,
        notes,
    };
    let mut found = Found::made(request, authorization);
    // What kills the old token kills the new one.
    found.record.grant = subject.grant.unwrap_or(found.record.grant);
    let mut issues = Notes::default();
    issues.set(&Issues { kind, until: subject.expires });
    found.record.notes = issues.into();
    Ok(found)
}

/// The type of token that is asked for; an access token if nothing is said (§2.1).
fn requested(request: &TokenRequest<'_>) -> Result<TokenType, Refusal> {
    let Some(text) = request.params.get("requested_token_type") else { return Ok(TokenType::Access) };
    TokenType::named(text).filter(|kind| *kind != TokenType::Id).ok_or_else(|| match TokenType::named(text) {
        Some(_) => rules::REQUESTED_TYPE.because("An ID token comes of a login alone"),
        None => rules::REQUESTED_TYPE.because(TokenType::meant(text)),
    })
}

/// "the authorization server determines whether the client (or party identified in the `actor_token`) is authorized to
/// engage in the requested delegation or impersonation" (§4.4).
fn permitted(request: &TokenRequest<'_>, subject: &Party, actor: Option<&Party>) -> Result<(), Refusal> {
    let Some(may_act) = &subject.may_act else { return Ok(()) };
    let client_id = request.client().client_id();
    let names = |(name, value): (&String, &Value)| match (name.as_str(), actor) {
        ("sub", Some(actor)) => *value == actor.subject,
        ("sub" | "client_id", None) => value == client_id,
        ("client_id", Some(_)) => value == client_id,
        ("iss", _) => *value == request.arrival.place.issuer,
        _ => false,
    };
    match may_act.as_object().is_some_and(|members| !members.is_empty() && members.iter().all(names)) {
        true => Ok(()),
        false => Err(rules::MAY_NOT_ACT.because(match actor {
            Some(_) => "The claim may_act of the subject_token names somebody other than the actor",
            None => "The claim may_act of the subject_token names somebody other than this client",
        })),
    }
}

/// A refresh token lives long, so it is given for tokens of the client's own alone, and if somebody logged in.
fn may_be_refreshed(request: &TokenRequest<'_>, subject: &Party) -> Result<(), Refusal> {
    if !request.client().may_use("refresh_token") {
        return Err(rules::REFRESH.because("The client may not use the grant type refresh_token"));
    }
    if subject.client_id != request.client().client_id() {
        return Err(rules::REFRESH.because("The subject_token was issued to another client"));
    }
    if subject.grant.is_none() {
        return Err(rules::REFRESH.because("The subject_token tells of a login, and not of what was granted"));
    }
    match subject.login {
        Some(_) => Ok(()),
        None => Err(rules::REFRESH.because("Nobody logged in for the subject_token")),
    }
}

/// What the new token is for: resources by their URI, and services by their name (§2.1).
async fn targets(request: &TokenRequest<'_>, spine: &dyn Spine) -> Result<Vec<String>, Stop> {
    let mut named: Vec<String> = Vec::new();
    for resource in request.params.all("resource").filter(|own| !own.is_empty()) {
        if !redirect::well_formed(resource) || resource.contains('#') {
            let what = uris::malformed(resource).unwrap_or("It has a fragment, or is no URI");
            return Err(rules::RESOURCE.because(what).into());
        }
        named.push(resource.to_owned());
    }
    for audience in request.params.all("audience").filter(|own| !own.is_empty()) {
        let known = audience == request.arrival.place.issuer || is_client(request, spine, audience).await?;
        if !known {
            return Err(rules::TARGET.because("Known are the client_ids of this server, and its issuer").into());
        }
        named.push(audience.to_owned());
    }
    if named.len() > MOST {
        return Err(rules::TARGET.because(format!("There are more than {MOST} of them")).into());
    }
    let mut once: Vec<String> = Vec::new();
    for name in named {
        if !once.contains(&name) {
            once.push(name);
        }
    }
    Ok(once)
}

/// Whether there is a client of this name. What looks like a URL is not looked up: its owner might be asked for it.
async fn is_client(request: &TokenRequest<'_>, spine: &dyn Spine, name: &str) -> Result<bool, Stop> {
    let found = match name.contains("://") {
        true => None,
        false => spine.client(request.arrival, name).await?,
    };
    Ok(found.is_some_and(|client| !client.is_any()))
}

/// No more than the old token had, and no more than the client may ask for.
fn scope(request: &TokenRequest<'_>, spine: &dyn Spine, subject: &Party) -> Result<Scope, Refusal> {
    if request.params.get("scope").is_some() {
        let asked = spine.scope(request.client(), request.params)?;
        let wider = asked.tokens().find(|token| subject.scope.as_ref().is_some_and(|own| !own.contains(token)));
        return match wider {
            Some(token) => Err(rules::SCOPE_WIDER.because(format!("{token} was not granted"))),
            None => Ok(asked),
        };
    }
    let allowed = |token: &&str| may_ask(request.client(), token);
    let kept: Vec<&str> = subject.scope.iter().flat_map(Scope::tokens).filter(allowed).collect();
    Ok(Scope::parse(&kept.join(" ")).unwrap_or_default())
}

fn may_ask(client: &Client, token: &str) -> bool {
    client.scope.as_ref().is_none_or(|own| own.iter().any(|own| own == token))
}

/// Who acts: the claim `act`, with those who acted before inside it (§4.1).
///
/// Without an actor_token it is the client, unless it changes a token of its own or impersonation is allowed.
fn acting(request: &TokenRequest<'_>, subject: &Party, actor: Option<&Party>) -> Result<Option<Value>, Refusal> {
    let client_id = request.client().client_id();
    let own = subject.client_id == client_id;
    let name = match actor {
        Some(actor) => actor.subject.as_str(),
        None if own || request.policy.is_on(&IMPERSONATION) => return Ok(subject.act.clone()),
        None => client_id,
    };
    if depth(subject.act.as_ref()) >= DEEPEST {
        return Err(rules::SUBJECT_INVALID.because(format!("{DEEPEST} parties have acted already")));
    }
    let mut act = Map::new();
    act.insert("sub".to_owned(), name.into());
    act.extend(subject.act.clone().map(|before| ("act".to_owned(), before)));
    Ok(Some(act.into()))
}

fn depth(act: Option<&Value>) -> usize {
    std::iter::successors(act, |act| act.get("act")).count()
}

/// Turns the answer into that of an exchange (§2.2.1).
fn issue(request: &TokenRequest<'_>, issues: &Issues, reply: &mut TokenReply) {
    let (tenant, now) = (&request.arrival.place.tenant, request.arrival.now);
    // Nobody logged in at this client, and a token that was not asked for is not given.
    reply.tokens.retain(|token| token.member != "id_token");
    let refresh = reply.members.remove("refresh_token").and_then(|token| token.as_str().map(str::to_owned));
    reply.set("issued_token_type", json!(issues.kind));
    let key = refresh.as_deref().map(|token| Key::of(Kind::REFRESH, tenant, token));
    match (issues.kind, refresh) {
        (TokenType::Refresh, Some(refresh)) => {
            reply.tokens.clear();
            reply.records.retain(|(own, _)| Some(*own) == key);
            let expires = reply.records.first().map(|(_, record)| record.expires);
            reply.set("expires_in", expires.unwrap_or(now).saturating_sub(now));
            reply.set("access_token", refresh);
            reply.set("token_type", "N_A");
        }
        _ => {
            reply.records.retain(|(own, _)| Some(*own) != key);
            shorten(issues.until, now, reply);
        }
    }
}

/// Lets the access token end when the token ends that it was given for, if not before.
fn shorten(until: u64, now: u64, reply: &mut TokenReply) {
    let earlier = |record: &Record| until < record.expires;
    for (_, record) in reply.records.iter_mut().filter(|(_, record)| earlier(record)) {
        (record.expires, record.forget) = (until, until);
    }
    let Some(token) = reply.token("access_token") else { return };
    if token.claims.get("exp").and_then(Value::as_u64).is_some_and(|own| until < own) {
        token.claims.insert("exp".to_owned(), until.into());
        reply.set("expires_in", until.saturating_sub(now));
    }
}

static SWITCHES: &[&Switch] = &[&IMPERSONATION, &PUBLIC];

static IMPERSONATION: Switch = Switch {
    name: "exchange-impersonation",
    says: "Without an actor_token, the new token does not say that the client acts for the subject (RFC 8693 section 1.1)",
    relaxes: false,
};

static PUBLIC: Switch = Switch {
    name: "exchange-by-public-clients",
    says: "Clients without credentials may exchange tokens (RFC 8693 section 2.1 leaves it to the server)",
    relaxes: false,
};
