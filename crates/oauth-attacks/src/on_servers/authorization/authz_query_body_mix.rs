//! An authorization request may be posted, and its address may have a query as well. If one part of the server looks
//! here and another there, what is checked is not what is used: the attacker writes into the query of the address,
//! and the honest body passes the checks.

use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::bench::Bench;
use crate::challenge::s256;
use crate::dice::fresh;
use crate::judge::{Finding, VERIFIER};
use crate::target::Registration;
use crate::target::Role;
use crate::verdict::{Level, Verdict};

/// `as-authz-query-body-mix`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-authz-query-body-mix",
        name: "A request in two places",
        story: story!("authz_query_body_mix.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 6749 section 3.1",
        steps: &[
            "Post an honest request, and put another `code_challenge` into the query.",
            "Post an honest request, and put another `client_id` into the query.",
            "Redeem what comes with what the query said.",
        ],
        secure: "The request is refused, or the query is ignored.",
        insecure: "The code is bound to what the query said.",
        defence: "A request is read from one place alone.",
        level: Level::Must,
        levels: &[],
    },
    on: On::OneClient,
    needs: &[Need::Client(Role::Second)],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let alone = bench.authorization(client).posted();
    if alone.grant_in(&alone.open().await?).is_none() {
        return Err(Inconclusive::new("the server does not take authorization requests by POST"));
    }
    let verifier = fresh();
    let challenge = s256(&verifier);
    let request = bench.authorization(client).posted().page_will_do();
    let request = request.outside("code_challenge", &challenge).outside("code_challenge_method", "S256");
    if let Some(grant) = request.must_be_refused("another challenge in the query").await? {
        let answer = bench.redemption(client, &grant).verifier(&verifier).send().await?;
        bench.judge(&answer, VERIFIER, "the verifier of a challenge in the query");
    }
    let second = bench.role(Role::Second)?;
    let request = bench.authorization(client).posted().page_will_do();
    let request = request.outside("client_id", &second.client_id);
    if let Some(grant) = request.must_be_refused("another client in the query").await? {
        let answer = bench.redemption(second, &grant).send().await?;
        if answer.has_tokens() {
            let because = "a code for the client in the body was redeemed by the one in the query";
            bench.found(Finding::new(Verdict::Vulnerable, because), Some(&answer));
        } else {
            let because = "another client in the query changes nothing";
            bench.found(Finding::new(Verdict::Stopped, because), Some(&answer));
        }
    }
    Ok(())
}
