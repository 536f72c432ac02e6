//! The UserInfo endpoint (OpenID Connect Core §5.3): a protected resource that says who the token is about.

use oauth_types::ErrorCode;
use oauth_types::fault::Point;

use crate::documents;
use crate::pipeline;
use crate::refusal::Rule;
use crate::reply::{Reply, Stop};
use crate::request::Arrival;
use crate::specs::oidc_core;
use crate::world::World;

pub(crate) async fn userinfo(world: &World, arrival: &Arrival<'_>) -> Reply {
    match claims(world, arrival).await {
        Ok(members) => Reply::Document { at: Point::Userinfo, members },
        Err(Stop::Refused(refusal)) => Reply::Challenge(refusal),
        Err(Stop::Broken(what)) => Reply::Broken { what, to: None },
    }
}

async fn claims(world: &World, arrival: &Arrival<'_>) -> Result<serde_json::Map<String, serde_json::Value>, Stop> {
    let token = pipeline::access(world, arrival)?.ok_or_else(|| TOKEN_MISSING.refuse())?;
    let kept = pipeline::resolve(world, arrival.place, token).await?;
    let kept = kept.ok_or_else(|| TOKEN_INVALID.because("It is unknown here, altered, or revoked"))?;
    if kept.record.expires <= arrival.now {
        let since = arrival.now - kept.record.expires;
        return Err(TOKEN_INVALID.because(format!("It expired {since} seconds ago")).into());
    }
    let authorization = &kept.record.authorization;
    arrival.seen.client(&authorization.client_id);
    if !authorization.scope.contains("openid") {
        let hint = format!("Its scope is '{}'", authorization.scope.as_str());
        return Err(SCOPE_MISSING.because(hint).into());
    }
    let gone = || TOKEN_INVALID.because("Its user is gone");
    let user = world.people.find(&authorization.subject).ok_or_else(gone)?;
    Ok(oidc_core::claims_of(user, &authorization.scope))
}

pub(crate) static RULES: &[&Rule] = &[&SCOPE_MISSING, &TOKEN_INVALID, &TOKEN_MISSING];

static TOKEN_MISSING: Rule = Rule {
    id: "rfc6750-token-missing",
    document: &documents::RFC6750,
    section: "3",
    error: ErrorCode::InvalidToken,
    says: "A protected resource needs an access token",
};

static TOKEN_INVALID: Rule = Rule {
    id: "rfc6750-token-invalid",
    document: &documents::RFC6750,
    section: "3.1",
    error: ErrorCode::InvalidToken,
    says: "The access token has to be one that this server issued, alive and unaltered",
};

static SCOPE_MISSING: Rule = Rule {
    id: "oidc-userinfo-scope-missing",
    document: &documents::OIDC_CORE,
    section: "5.3",
    error: ErrorCode::InsufficientScope,
    says: "UserInfo needs an access token with the scope openid",
};
