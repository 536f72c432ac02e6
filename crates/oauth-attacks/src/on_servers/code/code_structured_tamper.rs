//! A code that is made of parts, or is a JWT or a JSON object, says of itself for which client or session it is. If
//! the server believes what it reads there, an attacker who has a code of their own puts the parts of the two
//! together, leaves the signature out or changes a character, and redeems a code that was never issued.

use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::authorization::Grant;
use crate::bench::Bench;
use crate::forgery::forgeries;
use crate::judge::GRANT;
use crate::target::{Registration, Role};
use crate::verdict::Level;

/// `as-code-structured-tamper`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-code-structured-tamper",
        name: "Retargeting a code that says whose it is",
        story: story!("code_structured_tamper.rs"),
        capabilities: &[Capability::A3],
        citation: "RFC 6749 section 10.5, RFC 8725 section 3.2",
        steps: &[
            "The attacker's client gets a code of its own.",
            "One part of a stolen code is taken from it, or a character is changed, or the signature is left out; each with a fresh code.",
            "What results is redeemed, with the verifier of the stolen code.",
        ],
        secure: "Every request is refused with `invalid_grant`.",
        insecure: "A code that the server did not issue brings tokens.",
        defence: "A code is found as a whole, or its integrity is checked before anything in it is believed.",
        level: Level::Must,
        levels: &[],
    },
    on: On::OneClient,
    needs: &[Need::Client(Role::Second)],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let second = bench.role(Role::Second)?;
    let own = bench.grant(second).await?;
    let number = forgeries(bench.grant(client).await?.code.expose(), own.code.expose()).len();
    for at in 0..number {
        let grant = bench.grant(client).await?;
        let Some(forgery) = forgeries(grant.code.expose(), own.code.expose()).into_iter().nth(at) else { break };
        let forged = Grant { code: forgery.value.into(), ..grant };
        let by = if forgery.speaks_for_other { second } else { client };
        let answer = bench.redemption(by, &forged).send().await?;
        bench.judge(&answer, GRANT, &format!("a code {}", forgery.how));
    }
    Ok(())
}
