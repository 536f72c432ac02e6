//! Somebody who sees the link that the client sends the browser to opens it again. Where a reference is good more
//! than once, whoever has seen it can start the client's request as often as they like, for whoever is logged in.

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::target::Registration;
use crate::verdict::Level;

use super::refused::{PAR, REFERENCE, no_code, push};

/// `as-par-reuse`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-par-reuse",
        name: "Reference used twice",
        story: story!("par_reuse.rs"),
        capabilities: &[Capability::A4],
        citation: "RFC 9126 sections 4 and 7.3",
        steps: &[
            "A client pushes a request, and a browser opens it and gets a code.",
            "Another browser opens the same reference.",
        ],
        secure: "The second use is refused with `invalid_request_uri` or `invalid_request`, on a page.",
        insecure: "The second use brings a second code.",
        defence: "A reference to a pushed request is spent by its first use.",
        level: Level::Should,
        levels: &[],
    },
    on: On::OneClient,
    needs: &[PAR],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let request = bench.authorization(client);
    let reference = push(&request).await?;
    let first = request.open_pushed(&bench.browser(), &reference).await?;
    let grant = request.grant_in(&first);
    let grant =
        grant.ok_or_else(|| Inconclusive::new(format!("a pushed request was answered {}", first.summary())))?;
    bench.agent().keep_secret(grant.code.expose());
    let second = request.open_pushed(&bench.browser(), &reference).await?;
    no_code(bench, &second, REFERENCE, "the second use of a reference", None);
    Ok(())
}
