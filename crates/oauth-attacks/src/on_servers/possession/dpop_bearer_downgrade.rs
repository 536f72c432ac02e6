//! The attacker has an access token that is bound to a key, and shows it as if it were not: as a bearer token, with no
//! proof, or with one for another token or of another key. A resource that takes it makes the binding worthless.

use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::bench::Bench;
use crate::dice::fresh;
use crate::target::{Registration, Role};
use crate::verdict::Level;

use super::shown::{REFUSED, at_resource, key_of, other_key, show};

/// `as-dpop-bearer-downgrade`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-dpop-bearer-downgrade",
        name: "Bound access token shown without its key",
        story: story!("dpop_bearer_downgrade.rs"),
        capabilities: &[Capability::A5],
        citation: "RFC 9449 sections 7.1 and 7.2",
        steps: &[
            "Show a bound access token by the scheme Bearer.",
            "Show it by the scheme DPoP without a proof.",
            "Show it with a proof for another token, for none, and of another key.",
        ],
        secure: "Each is refused with 401.",
        insecure: "The resource answers.",
        defence: "A bound token counts with a proof of its key for this token alone.",
        level: Level::Must,
        levels: &[],
    },
    on: On::Client(Role::SenderConstrained),
    needs: &[Need::Metadata("dpop_signing_alg_values_supported"), Need::Endpoint("userinfo_endpoint")],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let (key, other) = (key_of(client)?, other_key()?);
    let Some((tokens, url)) = at_resource(bench, client).await? else { return Ok(()) };
    let proof = || bench.proof(key, "GET", url, Some(&tokens.access));
    let foreign = bench.proof(&other, "GET", url, Some(&tokens.access)).signed_by(&other)?;
    for (what, scheme, proofs) in [
        ("a bound token as a bearer token", "Bearer", vec![]),
        ("a bound token without a proof", "DPoP", vec![]),
        ("a bound token with a proof for another token", "DPoP", vec![proof().claim("ath", fresh()).signed_by(key)?]),
        ("a bound token with a proof for no token", "DPoP", vec![proof().without("ath").signed_by(key)?]),
        ("a bound token with a proof of another key", "DPoP", vec![foreign]),
    ] {
        let answer = show(bench.agent(), url, (scheme, &tokens.access), &proofs).await?;
        bench.judge_resource(&answer, REFUSED, what);
    }
    Ok(())
}
