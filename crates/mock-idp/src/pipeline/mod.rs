//! Runs the documents phase by phase: the only loops over them.

use std::sync::Arc;

use oauth_types::params::display_name;
use oauth_types::{Params, ResponseMode};
use serde_json::{Map, Value, json};

use crate::clients::{Authenticated, Client, Proven};
use crate::doctor;
use crate::memory::Confirmation;
use crate::people::User;
use crate::ports::store::Record;
use crate::refusal::{Refusal, Rule};
use crate::reply::{AuthorizationResponse, Challenges, Delivery, Envelope, Reply, Stop, TokenReply};
use crate::request::{
    Admission, Arrival, Attempt, AuthorizationRequest, Draft, Found, Packed, Place, Presented, Proof, Resolved,
    Spent, TokenRequest, Unpacked,
};
use crate::spec::{Call, Challenged, Endpoint, Facts, Lookup};
use crate::world::World;

mod farewell;
mod judge;
mod query;
mod rules;
mod spend;
mod spine;

use rules::{
    CLIENT_UNKNOWN, DUPLICATE, GRANT_UNSUPPORTED, METHOD_OFF, NOT_A_FORM, OTHER_METHOD, TWO_METHODS, TWO_TOKENS,
};

pub(crate) use farewell::remembers_sessions;
pub(crate) use judge::{Asked, in_doubt, judge, mode, response_modes, response_types, scope, unpacked};
pub(crate) use spend::{revoke, spend};

/// Every endpoint of the documents in force.
pub(crate) fn endpoints(world: &World) -> impl Iterator<Item = &'static Endpoint> {
    world.specs.iter().flat_map(|spec| spec.endpoints())
}

/// Has a request at an endpoint of a document's own answered.
pub(crate) async fn serve(world: &World, arrival: &Arrival<'_>) -> Option<Reply> {
    let World { ports, policy, people, .. } = world;
    let call = Call { arrival, ports, policy, people, spine: world };
    let own = |endpoint: &Endpoint| endpoint.path == arrival.path;
    let mut specs = world.specs.iter().filter(|spec| spec.endpoints().iter().any(own));
    match specs.find_map(|spec| spec.serve(&call)) {
        Some(reply) => Some(reply.await),
        None => None,
    }
}

/// Gives what metadata and signed answers are made of.
pub(crate) fn facts<T>(world: &World, place: &Place, then: impl FnOnce(&Facts<'_>) -> T) -> T {
    let (ports, policy) = (&world.ports, &world.policy);
    let auth_methods: Vec<_> = auth_methods(world).collect();
    then(&Facts { place, ports, policy, auth_methods: &auth_methods })
}

/// The metadata document: what the spine says, and what every document in force adds.
pub(crate) fn metadata(world: &World, place: &Place) -> Map<String, Value> {
    let mut members = Map::new();
    let mut set = |name: &str, value: Value| members.insert(name.to_owned(), value);
    set("issuer", place.issuer.clone().into());
    set("authorization_endpoint", place.page("/authorize").into());
    set("token_endpoint", place.url("/token").into());
    set("jwks_uri", place.url("/jwks").into());
    set("response_types_supported", json!(response_types(world).collect::<Vec<_>>()));
    set("response_modes_supported", json!(response_modes(world).map(ResponseMode::as_str).collect::<Vec<_>>()));
    set("grant_types_supported", json!(grant_types(world).collect::<Vec<_>>()));
    set("token_endpoint_auth_methods_supported", json!(auth_methods(world).collect::<Vec<_>>()));
    facts(world, place, |facts| world.specs.iter().for_each(|spec| spec.metadata(facts, &mut members)));
    members
}

/// The keys that are published: those that tokens are verified with, and those that others encrypt to.
pub(crate) fn keys(world: &World) -> Vec<Value> {
    let mut keys = world.ports.keys.published();
    if world.specs.iter().any(|spec| spec.decrypts()) {
        keys.extend(world.ports.keys.published_for_encryption());
    }
    keys
}

/// Every grant type of the documents in force.
pub(crate) fn grant_types(world: &World) -> impl Iterator<Item = &'static str> {
    let types = world.specs.iter().filter_map(|spec| spec.grant_type());
    types
        .fold(Vec::new(), |mut once, own| {
            once.extend((!once.contains(&own)).then_some(own));
            once
        })
        .into_iter()
}

/// Every method of client authentication of the documents in force.
pub(crate) fn auth_methods(world: &World) -> impl Iterator<Item = &'static str> {
    world.specs.iter().flat_map(|spec| spec.auth_methods(&world.policy)).copied()
}

/// Lets every document judge client metadata.
pub(crate) fn register(world: &World, metadata: &Map<String, Value>) -> Result<(), Refusal> {
    world.specs.iter().try_for_each(|spec| spec.register(metadata, &world.policy))
}

/// The client of this identifier: configured, registered, or published.
pub(crate) async fn client(
    world: &World,
    arrival: &Arrival<'_>,
    client_id: &str,
) -> Result<Option<Arc<Client>>, Stop> {
    if let Some(client) = world.clients.find(client_id) {
        return Ok(Some(client));
    }
    let lookup = Lookup { arrival, client_id, ports: &world.ports, policy: &world.policy, spine: world };
    for search in world.specs.iter().filter_map(|spec| spec.client(&lookup)) {
        if let Some(client) = search.await? {
            return Ok(Some(client));
        }
    }
    let any = world.clients.any(client_id);
    if any.is_some() {
        arrival.seen.relaxed("any-client");
    }
    Ok(any)
}

/// Replaces the parameters of an authorization request by those it refers to or carries, if it does.
pub(crate) async fn unpack(
    world: &World,
    arrival: &Arrival<'_>,
    client: &Arc<Client>,
    params: &Params,
) -> Result<Option<Unpacked>, Stop> {
    let packed = Packed { arrival, params, client, ports: &world.ports, policy: &world.policy };
    match world.specs.iter().find_map(|spec| spec.unpack(&packed)) {
        Some(unpacked) => unpacked.await.map(Some),
        None => Ok(None),
    }
}

/// Lets every document judge an authorization request.
pub(crate) fn authorize(world: &World, request: &AuthorizationRequest<'_>, draft: &mut Draft) -> Result<(), Refusal> {
    world.specs.iter().try_for_each(|spec| spec.authorize(request, draft))
}

/// Lets every document add to an authorization response.
pub(crate) fn respond(world: &World, place: &Place, response: &mut AuthorizationResponse) {
    for spec in &world.specs {
        spec.respond(place, response);
    }
}

/// Puts an authorization response into a token, if its mode asks for that.
pub(crate) fn envelope(world: &World, place: &Place, response: &AuthorizationResponse, now: u64) -> Option<Envelope> {
    facts(world, place, |facts| world.specs.iter().find_map(|spec| spec.envelope(facts, response, now)))
}

/// Puts an authorization response on its way.
pub(crate) fn deliver(world: &World, response: &AuthorizationResponse) -> Option<Delivery> {
    world.specs.iter().find_map(|spec| spec.deliver(response))
}

/// The parameters of a form in the body, none of them twice, and none of them beside it (RFC 6749 §3.2).
pub(crate) fn form<'a>(world: &World, arrival: &Arrival<'a>) -> Result<&'a Params, Refusal> {
    query::judge(arrival.query, arrival.form)?;
    let mut types = arrival.headers.get_all(http::header::CONTENT_TYPE).iter();
    let params = arrival.form.ok_or_else(|| match (types.next(), types.next()) {
        (Some(_), Some(_)) => NOT_A_FORM.because("There are two Content-Type headers"),
        (Some(other), None) => NOT_A_FORM.because(not_a_form(&String::from_utf8_lossy(other.as_bytes()))),
        (None, _) => NOT_A_FORM.because("There is no Content-Type header, or the body was not sent"),
    })?;
    match params.duplicate(&repeatable(world)) {
        Some(name) => Err(DUPLICATE.because(format!("{} occurs twice", display_name(name)))),
        None => Ok(params),
    }
}

/// Which part of a program sends such a content type, and what to use in its place.
fn not_a_form(content_type: &str) -> String {
    let shown: String = content_type.chars().take(60).collect();
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let likely = match kind.as_str() {
        "application/json" => ". Token requests are forms and not JSON: send name=value pairs joined by &",
        "multipart/form-data" => ". FormData and curl -F make multipart: take URLSearchParams, or curl -d",
        "text/plain" => ". fetch says this of a text: give it URLSearchParams, or set Content-Type",
        "application/x-www-form-urlencoded" => ". Its charset is UTF-8, or left out",
        _ => "",
    };
    format!("The content type is {shown}{likely}")
}

/// The parameters that may occur more than once.
fn repeatable(world: &World) -> Vec<&'static str> {
    world.specs.iter().flat_map(|spec| spec.repeatable()).copied().collect()
}

/// The credentials of a request, as they arrived.
pub(crate) fn attempt<'a>(world: &'a World, arrival: &'a Arrival<'a>, params: &'a Params) -> Attempt<'a> {
    let World { clients, people, ports, policy, .. } = world;
    Attempt { arrival, params, clients, people, ports, policy }
}

/// Authenticates the client of a request (RFC 6749 §2.3). Only here is an [`Authenticated`] made.
pub(crate) async fn authenticate(world: &World, attempt: &Attempt<'_>) -> Result<Authenticated, Stop> {
    let mut methods = Vec::new();
    for spec in &world.specs {
        spec.presented(attempt, &mut methods);
    }
    let method = match methods.as_slice() {
        [] => "none",
        [only] => only,
        _ => return Err(TWO_METHODS.because(format!("This request uses {}", methods.join(" and "))).into()),
    };
    let claimed = world.specs.iter().find_map(|spec| spec.claimed(method, attempt));
    let unknown = |client_id: &str| CLIENT_UNKNOWN.because(world.clients.unlike(client_id));
    // Whoever names a method speaks it, so the two fallbacks are never taken; they refuse all the same.
    let client_id = claimed.unwrap_or_else(|| Err(unknown("")))?;
    let client = client(world, attempt.arrival, &client_id).await?.ok_or_else(|| unknown(&client_id))?;
    let recognized = || world.specs.iter().find_map(|spec| spec.recognized(attempt, &client));
    let method = if methods.is_empty() { recognized().unwrap_or(method) } else { method };
    // Not before: with client_id and secret swapped, the identifier of an unknown client is a secret.
    attempt.arrival.seen.client(&client_id);
    if client.is_any() {
        return Ok(Authenticated::new(client, method, Proven::by_the_caller()));
    }
    if let Some(own) = client.auth_method.as_deref().filter(|own| *own != method) {
        let hint = format!("It is registered for {own}, and this request uses {method}");
        return Err(OTHER_METHOD.because(hint).into());
    }
    if !auth_methods(world).any(|known| known == method) {
        let known = auth_methods(world).collect::<Vec<_>>().join(", ");
        return Err(METHOD_OFF.because(format!("This request uses {method}; supported: {known}")).into());
    }
    let proof = match world.specs.iter().find_map(|spec| spec.authenticate(method, attempt, &client)) {
        Some(proof) => proof.await?,
        None => return Err(unknown(&client_id).into()),
    };
    attempt.arrival.seen.authenticated(method);
    Ok(Authenticated::new(client, method, proof))
}

/// Finds out what a request proves the possession of.
pub(crate) async fn prove(
    world: &World,
    arrival: &Arrival<'_>,
    token: Option<&str>,
) -> Result<Vec<Confirmation>, Stop> {
    let proof = Proof { arrival, token, ports: &world.ports, policy: &world.policy };
    let mut proofs = Vec::new();
    for proving in world.specs.iter().filter_map(|spec| spec.prove(&proof)) {
        proofs.extend(proving.await?);
    }
    Ok(proofs)
}

/// Finds what a token request is about.
pub(crate) async fn find(world: &World, request: &TokenRequest<'_>) -> Result<Found, Stop> {
    let own = world.specs.iter().filter(|spec| spec.grant_type() == Some(request.grant_type));
    if let Some(finding) = own.into_iter().find_map(|spec| spec.grant(request, world)) {
        return finding.await;
    }
    let known: Vec<&str> = grant_types(world).collect();
    let meant = grant_meant(request.grant_type, &known);
    Err(GRANT_UNSUPPORTED.because(format!("{meant}Supported: {}", known.join(", "))).into())
}

/// The grant type that was probably meant: those with long names are known by their last word.
fn grant_meant(sent: &str, known: &[&'static str]) -> String {
    let short = [("code", "authorization_code"), ("refresh", "refresh_token"), ("implicit", "authorization_code")];
    if let Some((_, meant)) = short.iter().find(|(short, meant)| *short == sent && known.contains(meant)) {
        return format!("Did you mean {meant}? ");
    }
    let last = |name: &&'static str| name.rsplit(':').next().unwrap_or_default();
    match doctor::nearest(sent.rsplit(':').next().unwrap_or_default(), known.iter().map(last)) {
        Some(word) => {
            let whole = known.iter().find(|name| last(name) == word);
            whole.map_or_else(String::new, |whole| format!("Did you mean {whole}? "))
        }
        None => String::new(),
    }
}

/// Lets every document judge a token request against what was remembered, and tells all of them if one refuses it.
pub(crate) async fn redeem(world: &World, request: &TokenRequest<'_>, found: &Found) -> Result<(), Stop> {
    let Err(refusal) = world.specs.iter().try_for_each(|spec| spec.redeem(request, found)) else { return Ok(()) };
    for spec in &world.specs {
        if let Some(heard) = spec.refused(request, found, world) {
            heard.await?;
        }
    }
    Err(refusal.into())
}

/// Lets every document add to the answer of a token request.
pub(crate) fn bind(world: &World, request: &TokenRequest<'_>, spent: &Spent) -> TokenReply {
    let mut reply = TokenReply::new(spent.record().authorization.clone());
    for spec in &world.specs {
        spec.bind(request, spent, &mut reply);
    }
    reply
}

/// Finds an access token in a request to a protected resource. Two of them are an error.
pub(crate) fn access<'a>(world: &World, arrival: &Arrival<'a>) -> Result<Option<Presented<'a>>, Refusal> {
    let mut found = None;
    for spec in &world.specs {
        match (found, spec.access(arrival, &world.policy)?) {
            (Some(_), Some(_)) => return Err(TWO_TOKENS.because("Send the Authorization header alone")),
            (None, own) => found = own,
            (Some(_), None) => {}
        }
    }
    Ok(found)
}

/// Finds out what a token stands for.
pub(crate) async fn resolve(world: &World, place: &Place, token: &str) -> Result<Option<Resolved>, Stop> {
    for resolving in world.specs.iter().filter_map(|spec| spec.resolve(&world.ports, place, token)) {
        if let Some(resolved) = resolving.await? {
            return Ok(Some(resolved));
        }
    }
    Ok(None)
}

/// Lets every document judge the use of an access token.
pub(crate) fn admit(world: &World, admission: &Admission<'_>) -> Result<(), Refusal> {
    world.specs.iter().try_for_each(|spec| spec.admit(admission))
}

/// What an answer of a protected resource says of how to get access.
pub(crate) fn challenges(world: &World, refused: &Challenged<'_>) -> Challenges {
    let mut challenges = Challenges::default();
    for spec in &world.specs {
        spec.challenge(refused, &mut challenges);
    }
    challenges
}

/// The identifier by which `client` is told of `user`.
pub(crate) fn subject(world: &World, client: &Client, user: &User) -> String {
    let own = world.specs.iter().find_map(|spec| spec.subject(client, user));
    own.unwrap_or_else(|| user.subject().to_owned())
}

/// Makes the tokens that an authorization response carries itself (RFC 6749 §4.2.2).
pub(crate) fn at_once(world: &World, request: &AuthorizationRequest<'_>, record: &Record) -> TokenReply {
    bind(world, &TokenRequest::identified(request), &Spent::new(record.clone()))
}

/// Makes the tokens of what nobody authorized but a test.
pub(crate) fn minted(world: &World, request: &TokenRequest<'_>, record: Record) -> TokenReply {
    bind(world, request, &Spent::new(record))
}

/// The rules of every phase.
pub(crate) fn rules() -> impl Iterator<Item = &'static Rule> {
    rules::RULES.iter().chain(judge::RULES).chain(spine::RULES).copied()
}
