//! The attacker has read a whole request, proof included, and sends the proof again with another code, or with the same
//! access token. Until it expires, a proof that is not remembered is as good as the key.

use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::bench::Bench;
use crate::dice::fresh;
use crate::judge::PROOF;
use crate::target::{Registration, Role};
use crate::verdict::Level;

use super::shown::{REFUSED, at_resource, key_of, show};

/// `as-dpop-jti-replay`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-dpop-jti-replay",
        name: "Replay of a proof",
        story: story!("dpop_jti_replay.rs"),
        capabilities: &[Capability::A5],
        citation: "RFC 9449 section 11.1",
        steps: &[
            "Redeem a code with an honest proof, and another code with the same proof.",
            "Redeem codes with proofs that have the jti of a used one and an address in another spelling.",
            "Show an access token twice with the same proof.",
        ],
        secure: "Only the first use of a proof counts; the others are refused with invalid_dpop_proof.",
        insecure: "A proof counts twice.",
        defence: "The jti of a proof is remembered for as long as the proof is good, whatever the address looks like.",
        level: Level::Should,
        levels: &[],
    },
    on: On::Client(Role::SenderConstrained),
    needs: &[Need::Metadata("dpop_signing_alg_values_supported")],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let key = key_of(client)?;
    let endpoint = bench.endpoint("token_endpoint")?;
    let jti = fresh();
    let proof = |htu: &str| bench.proof(key, "POST", endpoint, None).claim("jti", jti.as_str()).claim("htu", htu);
    let used = proof(endpoint).signed_by(key)?;
    let grant = bench.grant(client).await?;
    let answer = bench.redemption(client, &grant).proving(None).header("dpop", &used).send().await?;
    bench.tokens_of(client, &answer)?;
    for (what, proof) in [
        ("a proof that was used before", used),
        ("the jti of a used proof with a query", proof(&format!("{endpoint}?q")).signed_by(key)?),
        ("the jti of a used proof with a fragment", proof(&format!("{endpoint}#f")).signed_by(key)?),
        ("the jti of a used proof in capitals", proof(&in_capitals(endpoint)).signed_by(key)?),
        ("the jti of a used proof with another method", proof(endpoint).claim("htm", "post").signed_by(key)?),
    ] {
        let grant = bench.grant(client).await?;
        let answer = bench.redemption(client, &grant).proving(None).header("dpop", proof).send().await?;
        bench.judge(&answer, PROOF, what);
    }
    let Some((tokens, url)) = at_resource(bench, client).await? else { return Ok(()) };
    let used = [bench.proof(key, "GET", url, Some(&tokens.access)).signed_by(key)?];
    let shown = ("DPoP", &tokens.access);
    let first = show(bench.agent(), url, shown, &used).await?;
    if first.status != 200 {
        return Err(Inconclusive::new(format!("an honest proof was answered {}", first.summary())));
    }
    let answer = show(bench.agent(), url, shown, &used).await?;
    bench.judge_resource(&answer, REFUSED, "an access token with a proof that was used before");
    Ok(())
}

/// The same address with its scheme and its host in capitals.
fn in_capitals(url: &str) -> String {
    let path_at = url.find("://").map(|at| at + 3).and_then(|host| Some(host + url[host..].find('/')?));
    let (origin, path) = url.split_at(path_at.unwrap_or(url.len()));
    format!("{}{path}", origin.to_ascii_uppercase())
}
