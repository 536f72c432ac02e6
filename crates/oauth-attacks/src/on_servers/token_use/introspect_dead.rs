//! A token has been revoked, or has expired, or came from a code that was replayed. Resources that introspect rely on
//! hearing of it; a server that answers from what is written in the token, or from a cache, keeps it alive.

use std::time::Duration;

use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::bench::Bench;
use crate::target::{Registration, Role};
use crate::verdict::Level;

use super::probes::{is_active, judge_silence};

/// `as-introspect-dead`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-introspect-dead",
        name: "Introspection of a dead token",
        story: story!("introspect_dead.rs"),
        capabilities: &[Capability::A5],
        citation: "RFC 7662 section 2.2",
        steps: &[
            "Introspect a live access token: it is active.",
            "Revoke it, and introspect it again.",
            "Replay the code of another one, and introspect that.",
            "Let a third one expire, if the clock can be moved, and introspect it.",
        ],
        secure: "Each is answered with active false and nothing else.",
        insecure: "A dead token is active.",
        defence: "Introspection looks at what became of a token, and not only at what is written in it.",
        level: Level::Must,
        levels: &[],
    },
    on: On::Client(Role::Confidential),
    needs: &[Need::Endpoint("introspection_endpoint"), Need::Alone],
    run: |bench, client| Box::pin(run(bench, client)),
};

/// By when access tokens have expired, unless they say when they do.
const A_YEAR: u64 = 366 * 24 * 60 * 60;

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let grant = bench.grant(client).await?;
    let answer = bench.redemption(client, &grant).send().await?;
    let tokens = bench.tokens_of(client, &answer)?;
    if !is_active(&bench.introspection(client, &tokens.access).send().await?) {
        return Err(Inconclusive::new("the server does not tell a client of its own tokens"));
    }
    if bench.target().endpoint("revocation_endpoint").is_some() {
        let revoked = bench.revocation(client, &tokens.access).send().await?;
        if revoked.status == 200 {
            let answer = bench.introspection(client, &tokens.access).send().await?;
            judge_silence(bench, None, &answer, "introspection of a revoked token");
        }
    }
    let (replayed, grant) = bench.tokens(client).await?;
    bench.redemption(client, &grant).send().await?;
    let answer = bench.introspection(client, &replayed.access).send().await?;
    // RFC 6749 section 4.1.2 only says that the tokens of a replayed code should be revoked.
    judge_silence(bench, Level::Should, &answer, "introspection of the token of a replayed code");
    if bench.target().time.can_be_moved() {
        let grant = bench.grant(client).await?;
        let answer = bench.redemption(client, &grant).send().await?;
        let expired = bench.tokens_of(client, &answer)?;
        let life = answer.object().and_then(|members| members.get("expires_in")?.as_u64()).unwrap_or(A_YEAR);
        bench.let_pass(Duration::from_secs(life + 1)).await?;
        let answer = bench.introspection(client, &expired.access).send().await?;
        judge_silence(bench, None, &answer, "introspection of an expired token");
    }
    Ok(())
}
