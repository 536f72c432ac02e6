//! A copy of a refresh token turns up years later, on a disk that was sold or in a backup, and still works. A token
//! that nobody uses should end by itself; whether one that is used ends some day as well is for the server to say, and
//! worth a note.

use std::time::Duration;

use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::bench::{Bench, Tokens};
use crate::judge::{Finding, GRANT};
use crate::target::Registration;
use crate::trace::Party;
use crate::verdict::{Level, Verdict};

/// `as-refresh-expiry`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-refresh-expiry",
        name: "Refresh tokens that never end",
        story: story!("refresh_expiry.rs"),
        capabilities: &[Capability::A5],
        citation: "RFC 9700 section 4.14.2",
        steps: &[
            "One refresh token is left alone, and one is used every ten days.",
            "Four hundred days pass.",
            "The first one is used, and the second one once more.",
        ],
        secure: "Both are refused with `invalid_grant` by then.",
        insecure: "A refresh token that nobody used for four hundred days works.",
        defence: "A refresh token ends when it has not been used for some time.",
        level: Level::Should,
        levels: &[],
    },
    on: On::OneClient,
    needs: &[Need::Clock],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let refresh_of =
        |tokens: Tokens| tokens.refresh.ok_or_else(|| Inconclusive::new("the server issues no refresh token"));
    let unused = refresh_of(bench.tokens(client).await?.0)?;
    let mut used = Some(refresh_of(bench.tokens(client).await?.0)?);
    let aside = bench.aside();
    let mut days = 0;
    while days < LONG {
        bench.let_pass(Duration::from_secs(STEP * 24 * 3600)).await?;
        days += STEP;
        let Some(token) = &used else { continue };
        let answer = aside.refresh(client, token).from(Party::Client).send().await?;
        match answer.has_tokens() {
            // A token that is not rotated is not told again.
            true => used = answer.member("refresh_token").map(Into::into).or(used),
            false => used = None,
        }
    }
    let answer = bench.refresh(client, &unused).send().await?;
    bench.judge(&answer, GRANT, &format!("a refresh token that nobody used for {days} days"));
    if used.is_some() {
        let because = format!("a refresh token that is used never ends, at least not in {days} days");
        bench.found(Finding::new(Verdict::Vulnerable, because).at(Level::Info), None);
    }
    aside.clean_up().await;
    Ok(())
}

/// How often the one token is used, and how long the other one is not, in days.
const STEP: u64 = 10;
const LONG: u64 = 400;
