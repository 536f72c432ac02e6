//! A refresh token that is a JWT, or made of parts, says of itself whose it is and for what. If the server reads it
//! without checking that it is its own, the attacker leaves the signature out, takes a part of another token, or
//! changes a character.

use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::bench::Bench;
use crate::forgery::forgeries;
use crate::judge::GRANT;
use crate::target::{Registration, Role};
use crate::verdict::Level;

/// `as-refresh-tamper`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-refresh-tamper",
        name: "Changing a refresh token that says what it is good for",
        story: story!("refresh_tamper.rs"),
        capabilities: &[Capability::A5],
        citation: "RFC 6749 section 10.4, RFC 8725 section 3.2",
        steps: &[
            "The attacker's client gets a refresh token of its own.",
            "One part of another client's token is taken from it, or a character is changed, or the signature is left out; each with a fresh token.",
            "What results is used to refresh.",
        ],
        secure: "Every request is refused with `invalid_grant`.",
        insecure: "A refresh token that the server did not issue brings tokens.",
        defence: "A refresh token is found as a whole, or its integrity is checked before anything in it is believed.",
        level: Level::Must,
        levels: &[],
    },
    on: On::OneClient,
    needs: &[Need::Client(Role::Second)],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let missing = || Inconclusive::new("the server issues no refresh token");
    let second = bench.role(Role::Second)?;
    let own = bench.tokens(second).await?.0.refresh.ok_or_else(missing)?;
    let sample = bench.tokens(client).await?.0.refresh.ok_or_else(missing)?;
    for at in 0..forgeries(sample.expose(), own.expose()).len() {
        let refresh = bench.tokens(client).await?.0.refresh.ok_or_else(missing)?;
        let Some(forgery) = forgeries(refresh.expose(), own.expose()).into_iter().nth(at) else { break };
        let by = if forgery.speaks_for_other { second } else { client };
        let answer = bench.refresh(by, &forgery.value.into()).send().await?;
        bench.judge(&answer, GRANT, &format!("a refresh token {}", forgery.how));
    }
    Ok(())
}
