//! A thief has both the code and the verifier of a confidential client, as from a log of its requests, but not its
//! credentials. A server that takes the verifier for proof of who sends it hands out the tokens.

use oauth_types::ErrorCode;

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::Finding;
use crate::target::{Registration, Role};
use crate::verdict::{Level, Verdict};

/// `as-pkce-verifier-not-auth`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-pkce-verifier-not-auth",
        name: "Verifier instead of client authentication",
        story: story!("pkce_verifier_not_auth.rs"),
        capabilities: &[Capability::A3],
        citation: "RFC 6749 sections 3.2.1 and 4.1.3, RFC 7636 section 1",
        steps: &[
            "Redeem a confidential client's code with its verifier and its `client_id`, and without its credentials.",
        ],
        secure: "The request is refused with `invalid_client`.",
        insecure: "The code is redeemed.",
        defence: "A confidential client authenticates, whatever else it presents.",
        level: Level::Must,
        levels: &[],
    },
    on: On::Client(Role::Confidential),
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let grant = bench.grant(client).await?;
    let answer = bench.redemption(client, &grant).unauthenticated().send().await?;
    let what = "a confidential client's code without its credentials";
    let refused = answer.status == 401 && answer.member("error").as_deref() == Some("invalid_client");
    if refused && !answer.has_tokens() {
        let because = format!("{what} is refused with {}", answer.summary());
        bench.found(Finding::new(Verdict::Stopped, because), Some(&answer));
    } else {
        // RFC 6749 section 5.2 lets a server choose between 400 and 401 here.
        bench.judge(&answer, &[ErrorCode::InvalidClient], what);
    }
    Ok(())
}
