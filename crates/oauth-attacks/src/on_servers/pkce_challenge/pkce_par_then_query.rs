//! The client pushes its request, and somebody who handles the browser adds a challenge to the reference. A server that
//! puts the two together binds the code to a challenge that the client never pushed.

use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::authorization::Authorization;
use crate::bench::Bench;
use crate::challenge::s256;
use crate::dice::fresh;
use crate::judge::{GRANT, VERIFIER};
use crate::target::Registration;
use crate::verdict::Level;

/// `as-pkce-par-then-query`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-pkce-par-then-query",
        name: "Challenge beside a pushed request",
        story: story!("pkce_par_then_query.rs"),
        capabilities: &[Capability::A4],
        citation: "RFC 9126 section 4, RFC 9101 section 6.3",
        steps: &[
            "Push a request without a challenge, and open its reference with a challenge of the attacker's beside it.",
            "Push an honest request, and open its reference with such a challenge beside it.",
            "If codes come, redeem them with the attacker's verifier.",
        ],
        secure: "What is beside the reference counts for nothing, or the request is refused.",
        insecure: "The attacker's verifier redeems a code.",
        defence: "Of a pushed request, only what was pushed counts.",
        level: Level::Must,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[Need::Endpoint("pushed_authorization_request_endpoint")],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let (own, honest) = (fresh(), || bench.authorization(client).pushed().page_will_do());
    let request = beside(honest().without_pkce(), &own);
    if let Some(grant) = request.must_be_refused("a pushed request whose challenge is beside it").await? {
        let answer = bench.redemption(client, &grant).verifier(&own).send().await?;
        bench.judge(&answer, VERIFIER, "a code with the verifier of a challenge that was not pushed");
    }
    let request = beside(honest(), &own);
    if let Some(grant) = request.must_be_refused("a pushed request with a second challenge beside it").await? {
        let answer = bench.redemption(client, &grant).verifier(&own).send().await?;
        bench.judge(&answer, GRANT, "a code with the verifier of a challenge beside the pushed one");
    }
    Ok(())
}

/// With the S256 challenge of a verifier beside the request.
pub(super) fn beside<'a>(request: Authorization<'a>, verifier: &str) -> Authorization<'a> {
    request.outside("code_challenge", s256(verifier)).outside("code_challenge_method", "S256")
}
