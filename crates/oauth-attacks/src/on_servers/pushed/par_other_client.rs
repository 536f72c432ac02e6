//! The attacker pushes a request as their own client and sends the victim to the server with that reference and the
//! identifier of another client, or uses a reference of the honest client as theirs. Where the two are not compared,
//! the request of one client is carried out for another.

use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::bench::Bench;
use crate::target::{Registration, Role};
use crate::verdict::Level;

use super::refused::{PAR, REFERENCE, no_code, push};

/// `as-par-other-client`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-par-other-client",
        name: "Reference of another client",
        story: story!("par_other_client.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 9126 sections 2.2 and 4",
        steps: &[
            "A client pushes a request.",
            "A browser opens the reference with the identifier of a second client.",
            "The same the other way round.",
        ],
        secure: "Both are refused with `invalid_request_uri` or `invalid_request`, on a page.",
        insecure: "A code is issued, for whichever client.",
        defence: "A reference belongs to the client that has pushed the request.",
        level: Level::Must,
        levels: &[],
    },
    on: On::OneClient,
    needs: &[PAR, Need::Client(Role::Second)],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let second = bench.role(Role::Second)?;
    for (owner, user, what) in [
        (client, second, "a reference of the first client as the second one"),
        (second, client, "a reference of the second client as the first one"),
    ] {
        let reference = push(&bench.authorization(owner)).await?;
        let answer = bench.authorization(user).open_pushed(&bench.browser(), &reference).await?;
        no_code(bench, &answer, REFERENCE, what, None);
    }
    Ok(())
}
