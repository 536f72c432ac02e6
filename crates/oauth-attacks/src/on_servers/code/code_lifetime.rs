//! The longer a code lives, the more time there is to find it and to use it. The attacker redeems one just after the
//! longest life that the specification recommends, which is ten minutes, or after the longest that FAPI 2.0 allows,
//! which is one.

use std::time::Duration;

use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::GRANT;
use crate::profile::Profile;
use crate::target::Registration;
use crate::verdict::Level;

/// `as-code-lifetime`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-code-lifetime",
        name: "Codes that live too long",
        story: story!("code_lifetime.rs"),
        capabilities: &[Capability::A3],
        citation: "RFC 6749 section 4.1.2, FAPI 2.0 Security Profile section 5.3.2.1",
        steps: &[
            "The client gets a code and does not redeem it.",
            "Ten minutes and a second pass; under FAPI 2.0, a minute and a second.",
            "The code is redeemed with everything right.",
        ],
        secure: "The request is refused with `invalid_grant`.",
        insecure: "The code still brings tokens.",
        defence: "A code lives for a minute or so, and for ten minutes at most.",
        level: Level::Should,
        levels: &[(Profile::Fapi2, Level::Must)],
    },
    on: On::OneClient,
    needs: &[Need::Clock],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let longest = if bench.profile() == Profile::Fapi2 { 60 } else { 600 };
    let grant = bench.grant(client).await?;
    bench.let_pass(Duration::from_secs(longest + 1)).await?;
    let answer = bench.redemption(client, &grant).send().await?;
    bench.judge(&answer, GRANT, &format!("a code that is {} seconds old", longest + 1));
    Ok(())
}
