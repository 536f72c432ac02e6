//! What attacks on bound tokens have in common: an access token at the UserInfo endpoint, shown in any way.

use oauth_types::{Params, Secret};

use crate::agent::{Agent, Request};
use crate::answer::Answer;
use crate::attack::Inconclusive;
use crate::bench::{Bench, Tokens};
use crate::key::Key;
use crate::target::Registration;
use crate::trace::Party;

/// How a resource may say that a proof or a bound token is wrong (RFC 9449 section 7.1).
pub(super) const REFUSED: &[&str] = &["invalid_token", "invalid_dpop_proof"];

/// The key of a client whose tokens are bound by DPoP.
pub(super) fn key_of(client: &Registration) -> Result<&Key, Inconclusive> {
    client.proves.as_ref().ok_or_else(|| Inconclusive::new("the target has no key of the client that must use DPoP"))
}

/// A key that the client does not have.
pub(super) fn other_key() -> Result<Key, Inconclusive> {
    Key::fresh().map_err(|error| Inconclusive::new(error.to_string()))
}

/// Tokens of an honest flow, and the UserInfo endpoint, which takes them; nothing if the server has no such endpoint.
pub(super) async fn at_resource<'a>(
    bench: &'a Bench,
    client: &Registration,
) -> Result<Option<(Tokens, &'a str)>, Inconclusive> {
    let Some(url) = bench.target().endpoint("userinfo_endpoint") else { return Ok(None) };
    let (tokens, _) = bench.tokens(client).await?;
    match bench.is_live(&tokens).await? {
        true => Ok(Some((tokens, url))),
        false => Err(Inconclusive::new("a fresh access token is not taken by the UserInfo endpoint")),
    }
}

/// Shows a token at this address with these proofs.
pub(super) async fn show(
    agent: &Agent,
    url: &str,
    (scheme, token): (&str, &Secret),
    proofs: &[String],
) -> Result<Answer, Inconclusive> {
    let request = Request::get(Party::Attacker, Party::Resource, url, Params::new());
    let request = request.with_header("authorization", &format!("{scheme} {}", token.expose()));
    let request = proofs.iter().fold(request, |request, proof| request.with_header("dpop", proof));
    Ok(agent.send(request).await?)
}
