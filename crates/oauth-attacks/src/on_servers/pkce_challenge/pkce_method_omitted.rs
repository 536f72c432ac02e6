//! The client leaves the method out, which means plain, but sends an S256 challenge. Some servers take it as plain,
//! so that whoever has read the request can redeem the code; some guess; and some read challenge and method as an
//! optional pair and drop both, so that no verifier is needed at all.

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::VERIFIER;
use crate::target::Registration;
use crate::verdict::Level;

/// `as-pkce-method-omitted`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-pkce-method-omitted",
        name: "No method",
        story: story!("pkce_method_omitted.rs"),
        capabilities: &[Capability::A4],
        citation: "RFC 7636 sections 4.3 and 4.6, RFC 9700 section 2.1.1",
        steps: &[],
        secure: "",
        insecure: "",
        defence: "A challenge without a method is refused where plain is not offered.",
        level: Level::Must,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let request = || bench.authorization(client).without("code_challenge_method");
    let Some(grant) = request().must_be_refused("a challenge without a method").await? else { return Ok(()) };
    let answer = bench.redemption(client, &grant).without_verifier().send().await?;
    bench.judge_late(None, &answer, VERIFIER, "a code of a challenge without a method, without its verifier");

    let grant = request().grant().await?;
    let answer = bench.redemption(client, &grant).send().await?;
    bench.judge_late(None, &answer, VERIFIER, "a code of a challenge without a method, as if it were S256");

    let level = if bench.target().claims_s256_only() { Level::Must } else { Level::Should };
    let grant = request().grant().await?;
    let answer = bench.redemption(client, &grant).verifier(&grant.challenge()).send().await?;
    bench.judge_late(level, &answer, VERIFIER, "a code of a challenge without a method, as if it were plain");
    Ok(())
}
