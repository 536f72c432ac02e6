//! The UserInfo endpoint (OpenID Connect Core §5.3): a protected resource that says who the token is about.

use oauth_types::ErrorCode;

use crate::documents;
use crate::pipeline;
use crate::refusal::Rule;
use crate::reply::{Reply, Stop};
use crate::request::Arrival;
use crate::spec::{Denied, Spine};
use crate::specs::oidc_core;
use crate::world::World;

pub(crate) async fn userinfo(world: &World, arrival: &Arrival<'_>) -> Reply {
    match claims(world, arrival).await {
        Ok(reply) => reply,
        Err(denied) => denied.into(),
    }
}

async fn claims(world: &World, arrival: &Arrival<'_>) -> Result<Reply, Denied> {
    let resolved = world.access(arrival).await?;
    let denied = |stop: Stop| Denied { stop, scheme: "Bearer" };
    if !resolved.is_for(arrival.place) {
        let hint = "It was asked for with the parameter resource, and is for that resource";
        return Err(denied(AUDIENCE.because(hint).into()));
    }
    let authorization = &resolved.kept.record.authorization;
    if !authorization.scope.contains("openid") {
        let hint = format!("Its scope is '{}'", authorization.scope.as_str());
        return Err(denied(SCOPE_MISSING.because(hint).into()));
    }
    let user = authorization.login.as_ref().and_then(|login| world.people.find(&login.user));
    let user = user.ok_or_else(|| denied(USER_GONE.refuse().into()))?;
    let client = pipeline::client(world, arrival, &authorization.client_id).await.map_err(denied)?;
    Ok(oidc_core::userinfo(&world.ports, arrival.place, client.as_ref(), (authorization, user)))
}

pub(crate) static RULES: &[&Rule] = &[&AUDIENCE, &SCOPE_MISSING, &USER_GONE];

static AUDIENCE: Rule = Rule {
    id: "rfc9068-userinfo-audience",
    document: &documents::RFC9068,
    section: "4",
    error: ErrorCode::InvalidToken,
    says: "UserInfo needs an access token that is meant for this issuer",
};

static USER_GONE: Rule = Rule {
    id: "oidc-userinfo-user-gone",
    document: &documents::OIDC_CORE,
    section: "5.3",
    error: ErrorCode::InvalidToken,
    says: "UserInfo needs an access token that a user who is still known logged in for",
};

static SCOPE_MISSING: Rule = Rule {
    id: "oidc-userinfo-scope-missing",
    document: &documents::OIDC_CORE,
    section: "5.3",
    error: ErrorCode::InsufficientScope,
    says: "UserInfo needs an access token with the scope openid",
};
