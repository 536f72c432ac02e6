//! The token endpoint (RFC 6749 §3.2): find, let every document refuse, spend, and only then make tokens.

use oauth_types::ErrorCode;

use crate::doctor;
use crate::documents;
use crate::pipeline;
use crate::refusal::Rule;
use crate::reply::{Reply, Stop, TokenReply};
use crate::request::{Arrival, TokenRequest};
use crate::world::World;

pub(crate) async fn token(world: &World, arrival: &Arrival<'_>) -> Reply {
    match exchange(world, arrival).await {
        Ok(reply) => Reply::Tokens(reply),
        Err(stop) => Reply::stopped(stop),
    }
}

async fn exchange(world: &World, arrival: &Arrival<'_>) -> Result<TokenReply, Stop> {
    let params = pipeline::form(world, arrival)?;
    let attempt = pipeline::attempt(world, arrival, params);
    let client = pipeline::authenticate(world, &attempt).await?;
    let grant_type =
        params.get("grant_type").ok_or_else(|| doctor::missing(&GRANT_TYPE_MISSING, params, "grant_type"))?;
    if pipeline::grant_types(world).any(|known| known == grant_type) && !client.client().may_use(grant_type) {
        let own = client.client().grant_types.join(", ");
        return Err(GRANT_FORBIDDEN.because(format!("It is registered for: {own}")).into());
    }
    let proofs = pipeline::prove(world, arrival, None).await?;
    let request = TokenRequest::authenticated(&attempt, &client, &proofs);
    let found = pipeline::find(world, &request).await?;
    pipeline::redeem(world, &request, &found).await?;
    let spent = pipeline::spend(world, &request, found).await?;
    let mut reply = pipeline::bind(world, &request, &spent);
    for (key, record) in reply.records.drain(..) {
        world.ports.store.put(key, record).await?;
    }
    Ok(reply)
}

pub(crate) static RULES: &[&Rule] = &[&GRANT_FORBIDDEN, &GRANT_TYPE_MISSING];

static GRANT_TYPE_MISSING: Rule = Rule {
    id: "rfc6749-grant-type-missing",
    document: &documents::RFC6749,
    section: "4.1.3",
    error: ErrorCode::InvalidRequest,
    says: "A token request needs grant_type",
};

static GRANT_FORBIDDEN: Rule = Rule {
    id: "rfc6749-grant-type-not-allowed",
    document: &documents::RFC6749,
    section: "5.2",
    error: ErrorCode::UnauthorizedClient,
    says: "The client has to be allowed to use the grant type",
};
