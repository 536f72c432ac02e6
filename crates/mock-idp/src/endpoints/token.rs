//! The token endpoint (RFC 6749 §3.2): find, let every document refuse, spend, and only then make tokens.

use http::header::CONTENT_TYPE;
use oauth_types::params::display_name;
use oauth_types::{ErrorCode, Params};

use crate::documents;
use crate::pipeline;
use crate::refusal::{Refusal, Rule};
use crate::reply::{Reply, Stop, TokenReply};
use crate::request::{Arrival, Attempt, TokenRequest};
use crate::world::World;

pub(crate) async fn token(world: &World, arrival: &Arrival<'_>) -> Reply {
    match exchange(world, arrival).await {
        Ok(reply) => Reply::Tokens(reply),
        Err(Stop::Refused(refusal)) => Reply::Error(refusal),
        Err(Stop::Broken(what)) => Reply::Broken { what, to: None },
    }
}

async fn exchange(world: &World, arrival: &Arrival<'_>) -> Result<TokenReply, Stop> {
    let params = body(arrival)?;
    let client = pipeline::authenticate(world, &Attempt { arrival, params })?;
    let grant_type = params.get("grant_type").ok_or_else(|| GRANT_TYPE_MISSING.refuse())?;
    if pipeline::grant_types(world).any(|known| known == grant_type) && !client.client().may_use(grant_type) {
        return Err(GRANT_FORBIDDEN.refuse().into());
    }
    let request = TokenRequest { arrival, params, client: &client, ports: &world.ports, policy: &world.policy };
    let found = pipeline::find(world, &request, grant_type).await?;
    pipeline::redeem(world, &request, &found)?;
    let spent = pipeline::spend(world, &request, found).await?;
    let mut reply = pipeline::bind(world, &request, &spent);
    for (key, record) in reply.records.drain(..) {
        world.ports.store.put(key, record).await?;
    }
    Ok(reply)
}

/// The parameters of the body, none of them twice, and none beside it.
fn body<'a>(arrival: &Arrival<'a>) -> Result<&'a Params, Refusal> {
    if let Some((name, _)) = arrival.query.iter().next() {
        return Err(IN_QUERY.because(format!("The query has {}; queries end up in logs", display_name(name))));
    }
    let mut types = arrival.headers.get_all(CONTENT_TYPE).iter();
    let params = arrival.form.ok_or_else(|| match (types.next(), types.next()) {
        (Some(_), Some(_)) => NOT_A_FORM.because("There are two Content-Type headers"),
        (Some(other), None) => {
            let shown: String = String::from_utf8_lossy(other.as_bytes()).chars().take(60).collect();
            NOT_A_FORM.because(format!("The content type is {shown}"))
        }
        (None, _) => NOT_A_FORM.because("There is no Content-Type header"),
    })?;
    match params.duplicate(&[]) {
        Some(name) => Err(DUPLICATE.because(format!("{} occurs twice", display_name(name)))),
        None => Ok(params),
    }
}

pub(crate) static RULES: &[&Rule] = &[&DUPLICATE, &GRANT_FORBIDDEN, &GRANT_TYPE_MISSING, &IN_QUERY, &NOT_A_FORM];

static IN_QUERY: Rule = Rule {
    id: "rfc6749-token-parameters-in-query",
    document: &documents::RFC6749,
    section: "3.2",
    error: ErrorCode::InvalidRequest,
    says: "The parameters of a token request belong into its body",
};

static NOT_A_FORM: Rule = Rule {
    id: "rfc6749-token-request-not-a-form",
    document: &documents::RFC6749,
    section: "4.1.3",
    error: ErrorCode::InvalidRequest,
    says: "The body of a token request has to be application/x-www-form-urlencoded",
};

static DUPLICATE: Rule = Rule {
    id: "rfc6749-token-parameter-twice",
    document: &documents::RFC6749,
    section: "3.2",
    error: ErrorCode::InvalidRequest,
    says: "Parameters must not be included more than once",
};

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
