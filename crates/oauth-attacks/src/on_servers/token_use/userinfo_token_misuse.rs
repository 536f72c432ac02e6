//! The attacker has something that looks like an access token: an ID token, a refresh token, a code, an access token
//! for another resource or without the right scope, or one that it has written itself. The UserInfo endpoint is to take
//! none of them.

use std::time::Duration;

use mock_idp::jose::Jws;
use oauth_types::Secret;
use serde_json::Value;

use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::bench::{Bench, Tokens};
use crate::key::Jwt;
use crate::target::Registration;
use crate::verdict::Level;

/// `as-userinfo-token-misuse`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-userinfo-token-misuse",
        name: "Other tokens at the UserInfo endpoint",
        story: story!("userinfo_token_misuse.rs"),
        capabilities: &[Capability::A5],
        citation: "RFC 6750 section 3.1, OpenID Connect Core section 5.3, RFC 9068 section 4",
        steps: &[
            "Show an ID token, a refresh token and a code in place of an access token.",
            "Show an access token without the scope openid, and one for another resource.",
            "Show an unsigned copy of an access token that is a JWT, and one that was altered.",
            "Show an access token that has expired, if the clock can be moved.",
        ],
        secure: "Each is refused with invalid_token, and the one without the scope with insufficient_scope.",
        insecure: "One of them is answered with what is known of the user.",
        defence: "UserInfo takes live access tokens of its own issuer, for itself, with the scope openid.",
        level: Level::Must,
        levels: &[],
    },
    on: On::OneClient,
    needs: &[Need::Endpoint("userinfo_endpoint"), Need::Alone],
    run: |bench, client| Box::pin(run(bench, client)),
};

/// How a token that is none is refused.
const NO_TOKEN: &[&str] = &["invalid_token"];
/// How a token with too little scope is refused.
const NO_SCOPE: &[&str] = &["insufficient_scope"];

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let (tokens, _) = bench.tokens(client).await?;
    if !bench.is_live(&tokens).await? {
        return Err(Inconclusive::new("a fresh access token is not taken by the UserInfo endpoint"));
    }
    let code = bench.grant(client).await?.code;
    let access = tokens.access.expose();
    let others = [
        ("an ID token", tokens.id_token.clone()),
        ("a refresh token", tokens.refresh.clone()),
        ("a code", Some(code)),
        ("an unsigned copy of an access token", unsigned(access)),
        ("an access token with another signature", altered(access)),
    ];
    for (what, token) in others {
        let Some(token) = token else { continue };
        show(bench, &tokens, token, NO_TOKEN, what).await?;
    }
    if let Some(scope) = &bench.target().second_scope {
        let scopeless = asked_with(bench, client, "scope", scope).await?;
        show(bench, &tokens, scopeless, NO_SCOPE, "an access token without the scope openid").await?;
    }
    if let Some([resource, _]) = &bench.target().resources {
        let foreign = asked_with(bench, client, "resource", resource).await?;
        // A server that knows nothing of resources issues a token for itself.
        if is_for(foreign.expose(), resource) {
            show(bench, &tokens, foreign, NO_TOKEN, "an access token for another resource").await?;
        }
    }
    if bench.target().time.can_be_moved() {
        let grant = bench.grant(client).await?;
        let answer = bench.redemption(client, &grant).send().await?;
        let access = bench.tokens_of(client, &answer)?.access;
        let life = answer.object().and_then(|members| members.get("expires_in")?.as_u64());
        if let Some(life) = life {
            bench.let_pass(Duration::from_secs(life + 1)).await?;
            show(bench, &tokens, access, NO_TOKEN, "an access token that has expired").await?;
        }
    }
    Ok(())
}

/// Shows a token, called `what`, in place of an access token, and judges the answer.
async fn show(bench: &Bench, like: &Tokens, token: Secret, allowed: &[&str], what: &str) -> Result<(), Inconclusive> {
    let answer = bench.userinfo(&Tokens { access: token, ..like.clone() }).await?;
    bench.judge_resource(&answer, allowed, what);
    Ok(())
}

/// The access token of a flow with this parameter.
async fn asked_with(bench: &Bench, client: &Registration, name: &str, value: &str) -> Result<Secret, Inconclusive> {
    let request = bench.authorization(client).set(name, value);
    // A nonce is for ID tokens, and some servers refuse it where there will be none.
    let request = if name == "scope" { request.without("nonce") } else { request };
    let grant = request.grant().await?;
    let answer = bench.redemption(client, &grant).send().await?;
    Ok(bench.tokens_of(client, &answer)?.access)
}

/// The same token with `none` for an algorithm, if it is a JWT.
fn unsigned(token: &str) -> Option<Secret> {
    let jws = Jws::parse(token).ok()?;
    let header = jws.header().iter().fold(Jwt::default(), |jwt, (name, value)| jwt.header(name, value.clone()));
    let claims = jws.claims().iter().map(|(name, value)| (name.clone(), value.clone()));
    Some(header.claims(claims).unsigned().into())
}

/// The same token with one character of its end changed.
fn altered(token: &str) -> Option<Secret> {
    let at = token.len().checked_sub(8)?;
    let other = if token.get(at..=at)? == "A" { "B" } else { "A" };
    Some(format!("{}{other}{}", &token[..at], token.get(at + 1..)?).into())
}

/// Whether a token says that it is for this resource and nobody else.
fn is_for(token: &str, resource: &str) -> bool {
    let Ok(jws) = Jws::parse(token) else { return false };
    match jws.claims().get("aud") {
        Some(Value::String(only)) => only == resource,
        Some(Value::Array(all)) => all.len() == 1 && all[0] == resource,
        _ => false,
    }
}
