//! The challenge has 129 characters, or very many. A server that cuts it to what its column holds compares with another
//! text than the client sent, and one that was never told a bound may break down.

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::challenge::s256;
use crate::judge::VERIFIER;
use crate::target::Registration;
use crate::verdict::Level;

/// `as-pkce-challenge-long`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-pkce-challenge-long",
        name: "Challenge that is too long",
        story: story!("pkce_challenge_long.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 7636 section 4.2",
        steps: &[
            "Ask for a code with three copies of an S256 challenge, which makes 129 characters.",
            "If a code comes, redeem it with the verifier of the first copy, and if that is taken, another one with a verifier that has nothing to do with it.",
            "Ask for a code with a challenge of 40000 characters.",
        ],
        secure: "Both are refused, the first with `invalid_request`, the second with that or as a request that is too long.",
        insecure: "A code comes for either, or the first 43 characters are taken for the whole challenge, or the server breaks down.",
        defence: "A challenge of more than 128 characters is refused, and none is cut.",
        level: Level::Must,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

/// More than any column holds, and less than the bounds of query strings and bodies.
const VERY_LONG: usize = 40_000;

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let request = bench.authorization(client);
    let challenge = s256(request.current_verifier().expose()).repeat(3);
    let request = request.set("code_challenge", &challenge);
    let what = "a challenge of 129 characters";
    if let Some(grant) = request.must_be_refused(what).await? {
        request.was_granted(what, Level::Should);
        let answer = bench.redemption(client, &grant).send().await?;
        let any = answer.has_tokens() && takes_any_verifier(bench, client, &challenge).await?;
        let taken = match any {
            true => "a code of a challenge of 129 characters with any verifier: PKCE is ignored",
            false => "a code whose challenge was cut to 43 characters",
        };
        bench.judge_late(None, &answer, VERIFIER, taken);
    }

    // That much may also be too much for a query, a body or a request object.
    let request = bench.authorization(client).set("code_challenge", "a".repeat(VERY_LONG)).page_will_do();
    let request = request.refused_with(&["invalid_request", "invalid_request_object"]);
    let what = format!("a challenge of {VERY_LONG} characters");
    if request.must_be_refused(&what).await?.is_some() {
        request.was_granted(&what, Level::Should);
    }
    Ok(())
}

/// Whether a code of this challenge is redeemed with a verifier that has nothing to do with it: then none was cut.
async fn takes_any_verifier(bench: &Bench, client: &Registration, challenge: &str) -> Result<bool, Inconclusive> {
    let grant = bench.authorization(client).set("code_challenge", challenge).grant().await?;
    let other = bench.authorization(client).current_verifier().expose().to_owned();
    let answer = bench.redemption(client, &grant).verifier(&other).send().await?;
    Ok(answer.has_tokens())
}
