//! A client that is not the owner of a code presents it and is refused. Some servers take that for a theft and destroy
//! the code, which contains the damage if it was stolen; others keep it for its owner, whom nobody can then lock out
//! with a code alone. Neither is forbidden, so this is worth a note and no more.

use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::{Finding, GRANT};
use crate::target::{Registration, Role};
use crate::trace::Party;
use crate::verdict::{Level, Verdict};

/// `as-code-other-client-burn`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-code-other-client-burn",
        name: "Burning another client's code",
        story: story!("code_other_client_burn.rs"),
        capabilities: &[Capability::A3],
        citation: "RFC 6749 section 10.5",
        steps: &[
            "A code is issued to one client.",
            "Another client presents it and is refused.",
            "The owner redeems it.",
        ],
        secure: "The owner gets tokens.",
        insecure: "The code is gone, and the owner's login fails.",
        defence: "A request that is refused leaves the code to its owner.",
        level: Level::Info,
        levels: &[],
    },
    on: On::OneClient,
    needs: &[Need::Client(Role::Second)],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let second = bench.role(Role::Second)?;
    let grant = bench.grant(client).await?;
    let answer = bench.redemption(second, &grant).send().await?;
    if bench.judge_at(Level::Must, &answer, GRANT, "a code of another client") == Verdict::Vulnerable {
        return Ok(());
    }
    let answer = bench.redemption(client, &grant).from(Party::Client).send().await?;
    let finding = match answer.has_tokens() {
        true => Finding::new(Verdict::Stopped, "a code that another client tried still works for its owner"),
        false => Finding::new(Verdict::Vulnerable, "another client can destroy a code that it cannot redeem"),
    };
    bench.found(finding, Some(&answer));
    Ok(())
}
