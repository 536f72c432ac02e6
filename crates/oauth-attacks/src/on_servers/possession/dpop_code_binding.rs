//! The client says in its authorization request which key it will redeem the code with, so that a stolen code is worth
//! nothing even together with its verifier. The attacker redeems it with a key of its own, or with none.

use oauth_types::ErrorCode;

use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::bench::Bench;
use crate::target::{Registration, Role};
use crate::verdict::Level;

use super::shown::{key_of, other_key};

/// `as-dpop-code-binding`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-dpop-code-binding",
        name: "A code that is bound to a key, with another one",
        story: story!("dpop_code_binding.rs"),
        capabilities: &[Capability::A3],
        citation: "RFC 9449 sections 10 and 10.1",
        steps: &[
            "Obtain codes with dpop_jkt, and redeem one with another key and one with no proof.",
            "Push a request with a proof, and redeem its code with another key.",
            "Push a request with a proof of one key and the dpop_jkt of another.",
        ],
        secure: "The redemptions are refused with invalid_grant or invalid_dpop_proof, the pushed request is refused.",
        insecure: "A code that names a key is redeemed without it.",
        defence: "The key that the authorization request names is compared with that of the proof.",
        level: Level::Must,
        levels: &[],
    },
    on: On::Client(Role::SenderConstrained),
    needs: &[Need::Metadata("dpop_signing_alg_values_supported")],
    run: |bench, client| Box::pin(run(bench, client)),
};

/// How a code may be refused that is bound to another key.
const BOUND: &[ErrorCode] = &[ErrorCode::InvalidGrant, ErrorCode::InvalidDpopProof];
/// How a pushed request may be refused that contradicts itself.
const CONTRADICTORY: &[ErrorCode] = &[ErrorCode::InvalidRequest, ErrorCode::InvalidDpopProof];

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let (key, other) = (key_of(client)?, other_key()?);
    let jkt = key.thumbprint()?;
    for (what, proves) in
        [("a bound code with another key", Some(other.clone())), ("a bound code without a proof", None)]
    {
        let grant = bench.authorization(client).set("dpop_jkt", &jkt).grant().await?;
        let answer = bench.redemption(client, &grant).proving(proves).send().await?;
        bench.judge(&answer, BOUND, what);
    }
    let Ok(endpoint) = bench.endpoint("pushed_authorization_request_endpoint") else { return Ok(()) };
    let request = bench.authorization(client);
    let proof = bench.proof(key, "POST", endpoint, None).signed_by(key)?;
    let pushed = request.push().header("dpop", proof).send().await?;
    if let Some(reference) = pushed.member("request_uri") {
        let answer = request.open_pushed(&bench.browser(), &reference).await?;
        let grant = request.grant_in(&answer);
        let grant =
            grant.ok_or_else(|| Inconclusive::new("a request that was pushed with a proof brought no code"))?;
        let answer = bench.redemption(client, &grant).proving(Some(other.clone())).send().await?;
        bench.judge(&answer, BOUND, "a code that was pushed with a proof, with another key");
    }
    let proof = bench.proof(&other, "POST", endpoint, None).signed_by(&other)?;
    let answer = bench.authorization(client).set("dpop_jkt", &jkt).push().header("dpop", proof).send().await?;
    bench.judge_closed(&answer, CONTRADICTORY, "a pushed request with a proof of another key");
    Ok(())
}
