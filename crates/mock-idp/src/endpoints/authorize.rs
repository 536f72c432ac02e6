//! The authorization endpoint (RFC 6749 §3.1).
//!
//! First the client and its redirect URI; as long as these are in doubt, nothing is redirected (RFC 6749 §4.1.2.1).

use std::sync::Arc;

use oauth_types::{ErrorCode, Params, ResponseMode};

use super::login::{self, Decision, Entrance, Resumed};
use crate::clients::{self, Client};
use crate::documents;
use crate::memory::Authorization;
use crate::people::LOGIN_PAGES;
use crate::pipeline::{self, Asked};
use crate::ports::store::{GrantId, Key, Kind, Record};
use crate::redirect::FOR_STRANGERS;
use crate::refusal::{Refusal, Rule};
use crate::reply::{AuthorizationResponse, Reply, Stop};
use crate::request::{Arrival, AuthorizationRequest, Draft, Unpacked};
use crate::sessions::Sessions;
use crate::world::World;

pub(crate) async fn authorize(world: &World, arrival: &Arrival<'_>) -> Reply {
    let params = match (arrival.posted(), arrival.form) {
        (false, _) => arrival.query,
        (true, Some(form)) if arrival.query.is_empty() => form,
        (true, Some(_)) => return Reply::Page(QUERY_AND_BODY.because("There are parameters in the URL as well")),
        (true, None) => {
            return Reply::Page(QUERY_AND_BODY.because("The body is no form: is its Content-Type right?"));
        }
    };
    let client = match client(world, arrival, params).await {
        Ok(client) => client,
        Err(stop) => return shown(stop),
    };
    match pipeline::unpacked(world, arrival, &client, params).await {
        Ok(unpacked) => proceed(world, arrival, client, (unpacked, None)).await,
        Err(stop) => {
            // What the browser brought may be answered if it names a redirect URI of the client.
            let raw = Unpacked { params: params.clone(), ..Unpacked::default() };
            match respond_to(world, client.clone(), &raw) {
                Ok(_) if in_front_of_a_stranger(world, arrival, &client).await => shown(stop),
                Ok((_, response)) => answer(world, arrival, &raw.params, response, Err(stop)),
                Err(_) => shown(stop),
            }
        }
    }
}

/// Goes on with a request whose parameters are at hand, for the first time or after a page.
pub(crate) async fn proceed(
    world: &World,
    arrival: &Arrival<'_>,
    client: Arc<Client>,
    (unpacked, resumed): (Unpacked, Option<Resumed>),
) -> Reply {
    let (identified, mut response) = match respond_to(world, client.clone(), &unpacked) {
        Ok(both) => both,
        Err(refusal) => return Reply::Page(refusal),
    };
    let asked_before = resumed.is_some();
    let asked = Asked { unpacked: &unpacked, client: &identified, proofs: &[] };
    let request = asked.request(world, arrival);
    let outcome = match decide(world, &request, &unpacked, resumed).await {
        Ok((draft, Decision::LoggedIn(entrance))) => grant(world, &request, draft, entrance, &mut response).await,
        Ok((_, Decision::Ask(reply))) => return reply,
        Err(stop) if !asked_before && in_front_of_a_stranger(world, arrival, &client).await => return shown(stop),
        Err(stop) => Err(stop),
    };
    answer(world, arrival, &unpacked.params, response, outcome)
}

/// Whether nobody has logged in in this browser yet, and the client is one that registered itself: anybody's link leads
/// here, and would lead to anybody's page.
async fn in_front_of_a_stranger(world: &World, arrival: &Arrival<'_>, client: &Client) -> bool {
    if !client.stranger || !world.policy.is_on(&LOGIN_PAGES) {
        return false;
    }
    let sessions = Sessions::of(arrival, &world.ports, &world.policy).await;
    if sessions.is_ok_and(|sessions| !sessions.all().is_empty()) {
        return false;
    }
    if world.policy.is_on(&FOR_STRANGERS) {
        arrival.seen.relaxed(FOR_STRANGERS.name);
        return false;
    }
    true
}

/// The client of a request, known by name.
async fn client(world: &World, arrival: &Arrival<'_>, params: &Params) -> Result<Arc<Client>, Stop> {
    let mut named = params.all("client_id");
    let client_id = match (named.next(), named.next()) {
        (Some(client_id), None) if !client_id.is_empty() => client_id,
        (Some(_), Some(_)) => return Err(pipeline::in_doubt("client_id").into()),
        _ => return Err(clients::missing(params).into()),
    };
    arrival.seen.client(client_id);
    let client = pipeline::client(world, arrival, client_id).await?;
    client.ok_or_else(|| clients::unknown(&world.clients, client_id).into())
}

/// Proof that the client may be answered, and an answer that says nothing yet.
fn respond_to(
    world: &World,
    client: Arc<Client>,
    unpacked: &Unpacked,
) -> Result<(clients::Identified, AuthorizationResponse), Refusal> {
    let params = &unpacked.params;
    if params.all("redirect_uri").count() > 1 {
        return Err(pipeline::in_doubt("redirect_uri"));
    }
    let identified = clients::identify(client, params.get("redirect_uri"))?;
    let response = AuthorizationResponse {
        client: identified.client().clone(),
        redirect_uri: identified.redirect_uri().to_owned(),
        mode: pipeline::mode(world, params).unwrap_or(ResponseMode::Query),
        params: Params::new(),
        login: None,
        browser: None,
        tokens: Vec::new(),
    };
    Ok((identified, response))
}

async fn decide(
    world: &World,
    request: &AuthorizationRequest<'_>,
    unpacked: &Unpacked,
    resumed: Option<Resumed>,
) -> Result<(Draft, Decision), Stop> {
    let mut draft = pipeline::judge(world, request, unpacked)?;
    let decision = login::decide(world, request, unpacked, &mut draft, resumed).await?;
    Ok((draft, decision))
}

/// Makes what the response type asks for: a code, tokens at once, or both.
async fn grant(
    world: &World,
    request: &AuthorizationRequest<'_>,
    draft: Draft,
    entrance: Entrance,
    response: &mut AuthorizationResponse,
) -> Result<(), Stop> {
    let (now, client, login) = (request.arrival.now, request.client(), entrance.login.clone());
    let user = world.people.find(&login.user);
    let subject = user.map_or_else(|| login.user.clone(), |user| pipeline::subject(world, client, user));
    let grant = GrantId::draw(world.ports.dice.as_ref());
    request.arrival.seen.family(grant);
    request.arrival.seen.user(&login.user);
    response.browser = entrance.join(world, request, &subject, (grant, &draft.scope)).await?;
    response.login = Some(login.clone());
    let authorization = Authorization {
        client_id: client.client_id().to_owned(),
        subject,
        scope: draft.scope,
        login: Some(login),
        notes: draft.grant_notes,
    };
    let expires = now.saturating_add(world.policy.code_lifetime);
    let record = Record {
        grant,
        issued: now,
        expires,
        forget: expires.saturating_add(world.policy.remembered()),
        authorization: authorization.into(),
        notes: draft.code_notes.into(),
    };
    if request.asks_for("token") || request.asks_for("id_token") {
        let wanted = [("access_token", request.asks_for("token")), ("id_token", request.asks_for("id_token"))];
        at_once(world, request, &record, response, wanted).await?;
    }
    if request.asks_for("code") {
        let code = world.ports.dice.handle();
        let key = Key::of(Kind::CODE, &request.arrival.place.tenant, &code);
        world.ports.store.put(key, record).await?;
        response.params.push("code", code);
    }
    Ok(())
}

/// Puts tokens into the response itself (RFC 6749 §4.2.2).
async fn at_once(
    world: &World,
    request: &AuthorizationRequest<'_>,
    record: &Record,
    response: &mut AuthorizationResponse,
    asked: [(&str, bool); 2],
) -> Result<(), Stop> {
    let mut reply = pipeline::at_once(world, request, record);
    let wanted = |member: &str| asked.iter().any(|(own, wanted)| *own == member && *wanted);
    reply.tokens.retain(|token| wanted(token.member));
    if wanted("access_token") {
        for (key, record) in reply.records.drain(..) {
            world.ports.store.put(key, record).await?;
        }
        for name in ["token_type", "expires_in", "scope"] {
            match reply.members.get(name) {
                Some(serde_json::Value::String(text)) => response.params.push(name, text),
                Some(other) => response.params.push(name, other.to_string()),
                None => {}
            }
        }
    }
    response.tokens = reply.tokens;
    Ok(())
}

/// An answer that is redirected.
fn answer(
    world: &World,
    arrival: &Arrival<'_>,
    params: &Params,
    mut response: AuthorizationResponse,
    outcome: Result<(), Stop>,
) -> Reply {
    let broken = match outcome {
        Ok(()) => Ok(None),
        Err(Stop::Refused(refusal)) => {
            response.params.push("error", refusal.error().as_str());
            response.params.push("error_description", refusal.description());
            response.params.push("error_uri", refusal.uri());
            Ok(Some(refusal))
        }
        Err(Stop::Broken(what)) => {
            response.params.push("error", ErrorCode::ServerError.as_str());
            Err(what)
        }
    };
    // The state exactly as it was sent (RFC 6749 §4.1.2).
    let mut states = params.all("state");
    if let (Some(state), None) = (states.next().filter(|state| !state.is_empty()), states.next()) {
        response.params.push("state", state);
    }
    pipeline::respond(world, arrival.place, &mut response);
    match broken {
        Ok(refusal) => Reply::Authorization { response, refusal },
        Err(what) => Reply::Broken { what, to: Some(response) },
    }
}

/// An answer that nobody is redirected for.
fn shown(stop: Stop) -> Reply {
    match stop {
        Stop::Refused(refusal) => Reply::Page(refusal),
        Stop::Broken(what) => Reply::Broken { what, to: None },
    }
}

pub(crate) static RULES: &[&Rule] = &[&QUERY_AND_BODY];

static QUERY_AND_BODY: Rule = Rule {
    id: "rfc6749-authorization-query-and-body",
    document: &documents::RFC6749,
    section: "3.1",
    error: ErrorCode::InvalidRequest,
    says: "A POST to the authorization endpoint carries its parameters in the body alone",
};
