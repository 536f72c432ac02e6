//! The server gives out nonces, so that nobody can make proofs ahead of time. The attacker, who had the key for a
//! moment, has made some: without a nonce, with one that it made up, with an old one, or with one of another server.

use std::time::Duration;

use oauth_types::ErrorCode;

use crate::answer::Answer;
use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::bench::Bench;
use crate::dice::fresh;
use crate::judge::Finding;
use crate::key::Jwt;
use crate::target::{Registration, Role};
use crate::verdict::{Level, Verdict};

use super::shown::key_of;

/// `as-dpop-nonce`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-dpop-nonce",
        name: "Proofs made ahead of time",
        story: story!("dpop_nonce.rs"),
        capabilities: &[Capability::A5],
        citation: "RFC 9449 sections 8, 9 and 11.3",
        steps: &[
            "Redeem a code with a proof that has no nonce, and see whether the server asks for one.",
            "Redeem codes with a nonce that is made up, and with one of another issuer.",
            "Redeem one with a nonce that was good a day ago.",
        ],
        secure: "Each is refused with use_dpop_nonce, and the answer brings a new nonce.",
        insecure: "A proof counts although its nonce is none that this server gave out lately.",
        defence: "A nonce counts if this server gave it out, and only for a while.",
        level: Level::Must,
        levels: &[],
    },
    on: On::Client(Role::SenderConstrained),
    needs: &[Need::Metadata("dpop_signing_alg_values_supported"), Need::Alone],
    run: |bench, client| Box::pin(run(bench, client)),
};

/// How such a proof is refused.
const NONCE: &[ErrorCode] = &[ErrorCode::UseDpopNonce];
/// By when a nonce is no longer good.
const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let key = key_of(client)?;
    let endpoint = bench.endpoint("token_endpoint")?;
    let proof = || bench.proof(key, "POST", endpoint, None);
    let attempt = async |proof: Jwt| -> Result<Answer, Inconclusive> {
        let grant = bench.grant(client).await?;
        let proof = proof.signed_by(key)?;
        Ok(bench.redemption(client, &grant).proving(None).header("dpop", proof).send().await?)
    };
    let first = attempt(proof().without("nonce")).await?;
    if first.has_tokens() {
        return Err(Inconclusive::new("the server does not ask for nonces"));
    }
    let judge = |answer: &Answer, what: &str| {
        let verdict = bench.judge(answer, NONCE, what);
        if verdict == Verdict::Stopped && answer.header("dpop-nonce").is_none() {
            let because = format!("{what} is refused, but the answer brings no nonce");
            bench.found(Finding::new(Verdict::Tolerated, because), Some(answer));
        }
    };
    judge(&first, "a proof without a nonce");
    judge(&attempt(proof().claim("nonce", fresh())).await?, "a proof with a made up nonce");
    if let Some(foreign) = foreign_nonce(bench, client).await? {
        judge(&attempt(proof().claim("nonce", foreign)).await?, "a proof with a nonce of another issuer");
    }
    let old = first.header("dpop-nonce").unwrap_or_default().to_owned();
    if bench.target().time.can_be_moved() {
        bench.let_pass(A_DAY).await?;
        judge(&attempt(proof().claim("nonce", old)).await?, "a proof with a nonce of yesterday");
    }
    Ok(())
}

/// A nonce that another issuer of the installation gives out.
async fn foreign_nonce(bench: &Bench, client: &Registration) -> Result<Option<String>, Inconclusive> {
    let Ok(elsewhere) = bench.elsewhere() else { return Ok(None) };
    let key = key_of(client)?;
    let endpoint = elsewhere.endpoint("token_endpoint")?;
    let proof = elsewhere.proof(key, "POST", endpoint, None).without("nonce").signed_by(key)?;
    let grant = elsewhere.grant(client).await?;
    let answer = elsewhere.redemption(client, &grant).proving(None).header("dpop", proof).send().await?;
    Ok(answer.header("dpop-nonce").map(str::to_owned))
}
