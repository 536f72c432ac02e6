//! The attacker strips the challenge off the client's request. The client does not notice and redeems the code with
//! its verifier; a server that ignores a verifier it did not ask for lets the flow through without any protection,
//! and a code of the attacker's can be slipped in.

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::VERIFIER;
use crate::target::Registration;
use crate::trace::Party;
use crate::verdict::Level;

/// `as-pkce-downgrade-no-challenge`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-pkce-downgrade-no-challenge",
        name: "PKCE downgrade",
        story: story!("pkce_downgrade_no_challenge.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 9700 sections 4.8.2 and 2.1.1",
        steps: &[
            "Ask for a code without a challenge, as after the attacker has taken it out.",
            "If a code comes, redeem it with a verifier, as a client does that sent a challenge.",
        ],
        secure: "The request is refused, or the code is, with `invalid_request` or `invalid_grant`.",
        insecure: "The verifier is ignored and the code redeemed.",
        defence: "A verifier is accepted only if there was a challenge.",
        level: Level::Must,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let request = bench.authorization(client).without_pkce();
    if let Some(grant) = request.must_be_refused("a request without a challenge").await? {
        let answer = bench.redemption(client, &grant).from(Party::Client).send().await?;
        bench.judge(&answer, VERIFIER, "a verifier for a code without a challenge");
    }
    Ok(())
}
