//! The attacker adds a challenge of their own to the client's request. Where one part of a server reads the first
//! value and another the last, or where the pair makes the whole of PKCE unreadable and therefore absent, the code is
//! bound to the attacker's verifier or to none.

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::challenge::s256;
use crate::dice::fresh;
use crate::judge::{Finding, GRANT, VERIFIER};
use crate::target::Registration;
use crate::verdict::{Level, Verdict};

/// `as-pkce-challenge-duplicate`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-pkce-challenge-duplicate",
        name: "Two challenges",
        story: story!("pkce_challenge_duplicate.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 6749 section 3.1",
        steps: &[
            "Ask for codes with a second challenge of the attacker's at the end, at the beginning, spelt as an array, and in the body where the first is in the query.",
            "If a code comes, redeem it with the attacker's verifier, and another one without a verifier.",
        ],
        secure: "The request is refused, with `invalid_request` or on a page.",
        insecure: "A code comes for a repeated parameter, or one that the attacker's verifier or none redeems.",
        defence: "A request with a repeated parameter is refused.",
        level: Level::Must,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    writes_parameters(client)?;
    let own = fresh();
    let request = bench.authorization(client).also("code_challenge", s256(&own)).page_will_do();
    if request.must_be_refused("a second challenge at the end").await?.is_some() {
        request.was_granted("a second challenge at the end", None);
    }
    let request = bench.authorization(client).first("code_challenge", s256(&own)).page_will_do();
    if request.must_be_refused("a second challenge at the beginning").await?.is_some() {
        request.was_granted("a second challenge at the beginning", None);
    }

    // An unknown parameter is ignored (RFC 6749 section 3.1), so a code is in order unless the attacker can redeem it.
    let request = bench.authorization(client).also("code_challenge[]", s256(&own)).page_will_do();
    if let Some(grant) = request.must_be_refused("a challenge spelt as an array").await? {
        let answer = bench.redemption(client, &grant).verifier(&own).send().await?;
        bench.judge(&answer, GRANT, "a code of two challenges, one spelt as an array");
    }
    in_query_and_body(bench, client).await
}

/// The members of a request object are unique (RFC 7519 section 4), so a client that signs has nothing to repeat.
pub(super) fn writes_parameters(client: &Registration) -> Result<(), Inconclusive> {
    match client.signs {
        None => Ok(()),
        Some(_) => Err(Inconclusive::new("the client does not send parameters that could be repeated")),
    }
}

/// One challenge in the query, another in the body. A server may read one of the two, but not both and not neither.
async fn in_query_and_body(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let own = fresh();
    let request = || bench.authorization(client).posted().also("code_challenge", s256(&own)).page_will_do();
    let Some(grant) = request().must_be_refused("one challenge in the query and one in the body").await? else {
        return Ok(());
    };
    let answer = bench.redemption(client, &grant).without_verifier().send().await?;
    bench.judge_late(None, &answer, VERIFIER, "a code of two challenges, without a verifier");

    let grant = request().grant().await?;
    let first = bench.redemption(client, &grant).send().await?;
    let grant = request().grant().await?;
    let second = bench.redemption(client, &grant).verifier(&own).send().await?;
    let finding = if first.has_tokens() && second.has_tokens() {
        Finding::new(Verdict::Vulnerable, "codes of two challenges are redeemed with either verifier")
    } else {
        Finding::new(Verdict::Tolerated, "one of two challenges is read, but the request should be refused")
    };
    bench.found(finding, None);
    Ok(())
}
