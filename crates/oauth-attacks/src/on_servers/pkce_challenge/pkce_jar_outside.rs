//! The client signs its request, and the challenge is not in the request object but beside it, where anybody can write.
//! A server that fills up what the object lacks binds the code to a challenge that nobody signed.

use super::pkce_par_then_query::beside;
use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::dice::fresh;
use crate::judge::{GRANT, VERIFIER};
use crate::target::{Registration, Role};
use crate::verdict::Level;

/// `as-pkce-jar-outside`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-pkce-jar-outside",
        name: "Challenge beside a request object",
        story: story!("pkce_jar_outside.rs"),
        capabilities: &[Capability::A4],
        citation: "RFC 9101 section 6.3, FAPI 2.0 Message Signing section 5.3",
        steps: &[
            "Send a signed request without a challenge, and a challenge of the attacker's beside it.",
            "Send an honest signed request with such a challenge beside it.",
            "If codes come, redeem them with the attacker's verifier.",
        ],
        secure: "The first is refused with `invalid_request`, for what is beside the object counts for nothing.",
        insecure: "A code comes for the first, or the attacker's verifier redeems one.",
        defence: "Of a signed request, only what is in the request object counts.",
        level: Level::Must,
        levels: &[],
    },
    on: On::Client(Role::Signing),
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let (own, what) = (fresh(), "a signed request whose challenge is beside it");
    let honest = || bench.authorization(client).refused_with(&["invalid_request", "invalid_request_object"]);
    // Where PKCE is up to the client, a request without a challenge may bring a code, and only what binds it counts.
    let bare = honest().without_pkce();
    let optional = bare.grant_in(&bare.open().await?).is_some();
    let request = beside(honest().without_pkce(), &own);
    let request = if optional { request.page_will_do() } else { request };
    if let Some(grant) = request.must_be_refused(what).await? {
        let answer = bench.redemption(client, &grant).verifier(&own).send().await?;
        let verifier = "a code with the verifier of a challenge that was not signed";
        match optional {
            true => bench.judge(&answer, VERIFIER, verifier),
            false => {
                request.was_granted(what, None);
                bench.judge_late(None, &answer, VERIFIER, verifier)
            }
        };
    }
    let request = beside(honest(), &own).page_will_do();
    if let Some(grant) = request.must_be_refused("a signed request with a second challenge beside it").await? {
        let answer = bench.redemption(client, &grant).verifier(&own).send().await?;
        bench.judge(&answer, GRANT, "a code with the verifier of a challenge beside the signed one");
    }
    Ok(())
}
