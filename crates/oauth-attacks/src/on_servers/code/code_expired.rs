//! A code that nobody redeemed is found in a log, a history or a proxy a day later, and redeemed with everything
//! right. A code is a way from the browser to the client and lives for as long as that takes; one that never expires
//! is a password.

use std::time::Duration;

use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::GRANT;
use crate::target::Registration;
use crate::verdict::Level;

/// `as-code-expired`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-code-expired",
        name: "Redemption of an expired code",
        story: story!("code_expired.rs"),
        capabilities: &[Capability::A3],
        citation: "RFC 6749 sections 4.1.2 and 10.5",
        steps: &[
            "The client gets a code and does not redeem it.",
            "A day passes.",
            "The code is redeemed with everything right.",
        ],
        secure: "The request is refused with `invalid_grant`.",
        insecure: "The code of yesterday brings tokens.",
        defence: "A code expires, whether or not anybody has used it.",
        level: Level::Must,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[Need::Clock],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let grant = bench.grant(client).await?;
    bench.let_pass(A_DAY).await?;
    let answer = bench.redemption(client, &grant).send().await?;
    bench.judge(&answer, GRANT, "a code of yesterday");
    Ok(())
}

/// Longer than any code may live.
const A_DAY: Duration = Duration::from_secs(24 * 3600);
