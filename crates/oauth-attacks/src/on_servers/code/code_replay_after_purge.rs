//! A server remembers which codes were used, and forgets it again to save space. Where the code itself carries what it
//! stands for, or its own record outlives the note that it was used, a code that was redeemed long ago is as good as
//! new once the note is gone.

use std::time::Duration;

use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::GRANT;
use crate::target::Registration;
use crate::verdict::Level;

/// `as-code-replay-after-purge`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-code-replay-after-purge",
        name: "Replay of a code that was forgotten",
        story: story!("code_replay_after_purge.rs"),
        capabilities: &[Capability::A3],
        citation: "RFC 6749 section 4.1.2",
        steps: &[
            "The client redeems a code and gets tokens.",
            "Twenty minutes pass; in another attempt, a day and an hour.",
            "The attacker replays the code with everything right.",
        ],
        secure: "The replay is refused with `invalid_grant`.",
        insecure: "The replay brings tokens.",
        defence: "What says that a code was used lives as long as the code itself.",
        level: Level::Must,
        levels: &[],
    },
    on: On::OneClient,
    needs: &[Need::Clock],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    for minutes in [20, 25 * 60] {
        let (_, grant) = bench.tokens(client).await?;
        bench.let_pass(Duration::from_secs(minutes * 60)).await?;
        let answer = bench.redemption(client, &grant).send().await?;
        bench.judge(&answer, GRANT, &format!("a code that was redeemed {minutes} minutes ago"));
    }
    Ok(())
}
