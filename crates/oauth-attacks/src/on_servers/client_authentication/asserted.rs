//! What attacks with client assertions have in common: a request in which everything is right but the assertion.

use crate::attack::Inconclusive;
use crate::bench::Bench;
use crate::judge::CLIENT;
use crate::key::{Jwt, Key};
use crate::redemption::{ASSERTION_TYPE, TokenRequest};
use crate::target::{ClientAuth, Registration};
use crate::verdict::{Level, Verdict};

/// The key that a client signs its assertions with.
pub(super) fn key_of(client: &Registration) -> Result<&Key, Inconclusive> {
    match &client.auth {
        ClientAuth::PrivateKeyJwt(key) => Ok(key),
        _ => Err(Inconclusive::new("the target has no client with private_key_jwt")),
    }
}

/// The honest assertion of a client, to be altered and signed.
pub(super) fn honest(bench: &Bench, client: &Registration) -> Jwt {
    bench.client_assertion(&client.client_id)
}

/// The request with this assertion in place of the client's own authentication.
pub(super) fn with_assertion<'a>(request: TokenRequest<'a>, client_id: &str, assertion: &str) -> TokenRequest<'a> {
    request
        .anonymous()
        .set("client_id", client_id)
        .set("client_assertion_type", ASSERTION_TYPE)
        .set("client_assertion", assertion)
}

/// Redeems a fresh code with an assertion, called `what`, that must be refused.
pub(super) async fn must_be_refused(
    bench: &Bench,
    client: &Registration,
    level: impl Into<Option<Level>>,
    (what, assertion): (&str, String),
) -> Result<Verdict, Inconclusive> {
    let grant = bench.grant(client).await?;
    let request = with_assertion(bench.redemption(client, &grant), &client.client_id, &assertion);
    let answer = request.send().await?;
    Ok(bench.judge_at(level, &answer, CLIENT, what))
}
