//! Anybody who may introspect without saying who they are can try tokens until one is alive, and reads there whom it is
//! about. The attacker asks about a token that it has found, without credentials and as a public client.

use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::CLIENT;
use crate::target::Registration;
use crate::verdict::Level;

use super::probes::judge_silence;

/// `as-introspect-unauth`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-introspect-unauth",
        name: "Introspection by anybody",
        story: story!("introspect_unauth.rs"),
        capabilities: &[Capability::A5],
        citation: "RFC 7662 sections 2.1 and 4",
        steps: &[
            "Introspect an access token without credentials.",
            "Introspect it as a public client that it was not issued to.",
            "Introspect a token that does not exist without credentials.",
        ],
        secure: "Without credentials the request is refused; a stranger learns at most that the token is not active.",
        insecure: "The server says whether the token is active, and whose it is.",
        defence: "Whoever introspects has to authenticate.",
        level: Level::Must,
        levels: &[],
    },
    on: On::OneClient,
    needs: &[Need::Endpoint("introspection_endpoint")],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let (tokens, _) = bench.tokens(client).await?;
    let answer = bench.introspection(client, &tokens.access).anonymous().send().await?;
    bench.judge_closed(&answer, CLIENT, "introspection by nobody");
    let guess = crate::dice::fresh().into();
    let answer = bench.introspection(client, &guess).anonymous().send().await?;
    bench.judge_closed(&answer, CLIENT, "introspection of a guessed token by nobody");
    let stranger =
        bench.target().cast.values().find(|other| other.is_public() && other.client_id != client.client_id);
    if let Some(stranger) = stranger {
        let answer = bench.introspection(stranger, &tokens.access).send().await?;
        judge_silence(bench, None, &answer, "introspection by a public client");
    }
    Ok(())
}
