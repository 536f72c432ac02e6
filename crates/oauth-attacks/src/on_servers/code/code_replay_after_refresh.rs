//! A thief replays a code long after its owner has redeemed it and refreshed the tokens. What the refresh brought came
//! from the stolen code as well, so it has to go with the rest. A server that remembers only the tokens of the first
//! answer leaves the latest ones alive.

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::{Finding, GRANT};
use crate::target::Registration;
use crate::trace::Party;
use crate::verdict::{Level, Verdict};

/// `as-code-replay-after-refresh`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-code-replay-after-refresh",
        name: "Replay of a code whose tokens were refreshed",
        story: story!("code_replay_after_refresh.rs"),
        capabilities: &[Capability::A3],
        citation: "RFC 6749 section 4.1.2, RFC 9700 section 4.14.2",
        steps: &[
            "The client redeems a code and refreshes the tokens once.",
            "The attacker replays the code with everything right.",
            "The client uses the tokens of the refresh.",
        ],
        secure: "The replay is refused with `invalid_grant`, and the refreshed tokens are revoked.",
        insecure: "The refreshed tokens survive the replay.",
        defence: "Everything that came from a code dies with its replay, whatever lies in between.",
        level: Level::Must,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let (tokens, grant) = bench.tokens(client).await?;
    let first = tokens.refresh.ok_or_else(|| Inconclusive::new("the server issues no refresh token"))?;
    let answer = bench.refresh(client, &first).from(Party::Client).send().await?;
    let renewed = bench.tokens_of(client, &answer)?;
    let latest = renewed.refresh.clone().unwrap_or(first);
    let answer = bench.redemption(client, &grant).send().await?;
    if bench.judge(&answer, GRANT, "a code whose tokens were refreshed") == Verdict::Vulnerable {
        return Ok(());
    }
    if bench.target().endpoint("userinfo_endpoint").is_some() && !bench.is_dead(&renewed).await? {
        let because = "the refreshed access token of a replayed code stays valid";
        bench.found(Finding::new(Verdict::Vulnerable, because).at(Level::Should), None);
    }
    let answer = bench.refresh(client, &latest).send().await?;
    bench.judge_at(Level::Should, &answer, GRANT, "the latest refresh token of a replayed code");
    Ok(())
}
