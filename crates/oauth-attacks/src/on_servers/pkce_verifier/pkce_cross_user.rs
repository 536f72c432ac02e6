//! The attacker has a session of their own at the client, and slips the victim's code into it; or the reverse, to log
//! the victim in to the attacker's account. The verifier is that of the session, and a server that remembers challenges
//! by client finds it right.

use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::GRANT;
use crate::target::Registration;
use crate::verdict::Level;

/// `as-pkce-cross-user`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-pkce-cross-user",
        name: "Code of one user, verifier of another",
        story: story!("pkce_cross_user.rs"),
        capabilities: &[Capability::A3],
        citation: "RFC 9700 sections 4.5.2 and 4.5.3.1",
        steps: &[
            "Let two users start a flow each at the same client, and get both codes.",
            "Redeem the code of the first with the verifier of the second.",
            "Redeem the code of the second with the verifier of the first, in two flows of their own.",
        ],
        secure: "The codes are refused with `invalid_grant`.",
        insecure: "A code is redeemed, and the session of one user gets tokens of the other.",
        defence: "The challenge is remembered with the code it belongs to, so that a code fits one session only.",
        level: Level::Must,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[Need::SecondUser],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let victim = bench.grant(client).await?;
    let attacker = bench.authorization(client).as_second_user().grant().await?;
    let answer = bench.redemption(client, &victim).verifier(attacker.verifier.expose()).send().await?;
    bench.judge(&answer, GRANT, "a code in the session of another user");

    let victim = bench.grant(client).await?;
    let attacker = bench.authorization(client).as_second_user().grant().await?;
    let answer = bench.redemption(client, &attacker).verifier(victim.verifier.expose()).send().await?;
    bench.judge(&answer, GRANT, "a code of the attacker's in the session of the victim");
    Ok(())
}
