//! Runs the documents phase by phase: the only loops over them.

use oauth_types::{ErrorCode, ResponseMode};
use serde_json::{Map, Value};

use crate::clients::Authenticated;
use crate::documents;
use crate::ports::store::{Kept, Taken};
use crate::refusal::{Refusal, Rule};
use crate::reply::{AuthorizationResponse, Delivery, Stop, TokenReply};
use crate::request::{Arrival, Attempt, AuthorizationRequest, Draft, Found, Place, Spent, TokenRequest};
use crate::world::World;

/// The metadata document, as far as the documents in force fill it.
pub(crate) fn metadata(world: &World, place: &Place, document: &mut Map<String, Value>) {
    for spec in &world.specs {
        spec.metadata(place, &world.policy, document);
    }
}

/// Every response mode of the documents in force.
pub(crate) fn response_modes(world: &World) -> impl Iterator<Item = ResponseMode> {
    world.specs.iter().flat_map(|spec| spec.response_modes()).copied()
}

/// Every grant type of the documents in force.
pub(crate) fn grant_types(world: &World) -> impl Iterator<Item = &'static str> {
    world.specs.iter().filter_map(|spec| spec.grant_type())
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

/// Puts an authorization response on its way.
pub(crate) fn deliver(world: &World, response: &AuthorizationResponse) -> Option<Delivery> {
    world.specs.iter().find_map(|spec| spec.deliver(response))
}

/// Authenticates the client of a token request (RFC 6749 §3.2.1). Only here is an [`Authenticated`] made.
pub(crate) fn authenticate(world: &World, attempt: &Attempt<'_>) -> Result<Authenticated, Refusal> {
    let mut methods = Vec::new();
    for spec in &world.specs {
        spec.presented(attempt, &mut methods);
    }
    let method = match methods.as_slice() {
        [] => "none",
        [only] => only,
        _ => return Err(TWO_METHODS.because(format!("This request uses {}", methods.join(" and ")))),
    };
    let claimed = world.specs.iter().find_map(|spec| spec.claimed(method, attempt));
    let unknown = || CLIENT_UNKNOWN.because(format!("Known clients: {}", world.clients.known()));
    // Whoever names a method speaks it, so the two fallbacks are never taken; they refuse all the same.
    let client_id = claimed.unwrap_or_else(|| Err(unknown()))?;
    let (client, relaxed) = world.clients.find(&client_id).ok_or_else(unknown)?;
    // Not before: with client_id and secret swapped, the identifier of an unknown client is a secret.
    attempt.arrival.seen.client(&client_id);
    if relaxed {
        attempt.arrival.seen.relaxed("any-client");
        return Ok(Authenticated::new(client, crate::clients::Proven::by_the_caller()));
    }
    let proof = world.specs.iter().find_map(|spec| spec.authenticate(method, attempt, &client));
    let proof = proof.unwrap_or_else(|| Err(unknown()))?;
    Ok(Authenticated::new(client, proof))
}

/// Finds what a token request is about.
pub(crate) async fn find(world: &World, request: &TokenRequest<'_>, grant_type: &str) -> Result<Found, Stop> {
    for spec in world.specs.iter().filter(|spec| spec.grant_type() == Some(grant_type)) {
        if let Some(found) = spec.grant(request).await? {
            return Ok(found);
        }
    }
    let known = grant_types(world).collect::<Vec<_>>().join(", ");
    Err(GRANT_UNSUPPORTED.because(format!("Supported: {known}")).into())
}

/// Lets every document judge a token request against what was remembered.
pub(crate) fn redeem(world: &World, request: &TokenRequest<'_>, found: &Found) -> Result<(), Refusal> {
    world.specs.iter().try_for_each(|spec| spec.redeem(request, found))
}

/// Spends what was found: of any number of requests at once, one gets it. A replay kills the family.
/// Only here is a [`Spent`] made.
pub(crate) async fn spend(world: &World, request: &TokenRequest<'_>, found: Found) -> Result<Spent, Stop> {
    match world.ports.store.take(found.key).await? {
        Taken::Fresh(record) => Ok(Spent::new(record)),
        Taken::Replayed(grant) => {
            let now = request.arrival.now;
            let forget = now.saturating_add(world.policy.longest_lifetime());
            world.ports.store.drop_grant(grant, now, forget).await?;
            Err(found.replay.because("Every token that came from it has been revoked").into())
        }
        Taken::Absent => Err(found.replay.because("Its family has been revoked").into()),
    }
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
pub(crate) fn access<'a>(world: &World, arrival: &Arrival<'a>) -> Result<Option<&'a str>, Refusal> {
    world.specs.iter().find_map(|spec| spec.access(arrival).transpose()).transpose()
}

/// Finds out what an access token stands for.
pub(crate) async fn resolve(world: &World, place: &Place, token: &str) -> Result<Option<Kept>, Stop> {
    for spec in &world.specs {
        if let Some(kept) = spec.resolve(&world.ports, place, token).await? {
            return Ok(Some(kept));
        }
    }
    Ok(None)
}

pub(crate) static RULES: &[&Rule] = &[&CLIENT_UNKNOWN, &GRANT_UNSUPPORTED, &TWO_METHODS];

static TWO_METHODS: Rule = Rule {
    id: "rfc6749-two-authentication-methods",
    document: &documents::RFC6749,
    section: "2.3",
    error: ErrorCode::InvalidRequest,
    says: "A client must not use more than one authentication method in a request",
};

static CLIENT_UNKNOWN: Rule = Rule {
    id: "rfc6749-token-client-unknown",
    document: &documents::RFC6749,
    section: "5.2",
    error: ErrorCode::InvalidClient,
    says: "The client_id is not that of a known client",
};

static GRANT_UNSUPPORTED: Rule = Rule {
    id: "rfc6749-grant-type-unsupported",
    document: &documents::RFC6749,
    section: "5.2",
    error: ErrorCode::UnsupportedGrantType,
    says: "The grant_type has to be one that this server supports",
};
