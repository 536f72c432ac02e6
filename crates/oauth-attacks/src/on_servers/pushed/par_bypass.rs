//! A client has registered that all its requests are pushed, so that nobody who writes a link can change them. The
//! attacker writes a link with the request in it, as clients did before.

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::target::{Registration, Role};
use crate::verdict::Level;

use super::refused::{PAR, no_code};

/// `as-par-bypass`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-par-bypass",
        name: "Request that was not pushed",
        story: story!("par_bypass.rs"),
        capabilities: &[Capability::A4],
        citation: "RFC 9126 sections 4, 5 and 6",
        steps: &[
            "A browser opens a request of a client that must push, with all its parameters in the URL.",
            "The same by POST.",
        ],
        secure: "Both are refused with `invalid_request`.",
        insecure: "A code is issued.",
        defence: "Where requests must be pushed, the authorization endpoint takes references alone.",
        level: Level::Must,
        levels: &[],
    },
    on: On::OneClient,
    needs: &[PAR],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let client = if bench.target().wants_pushed_requests() { client } else { bench.role(Role::Pushing)? };
    bench.grant(client).await?;
    let tries = [
        ("a request that was not pushed", bench.authorization(client).not_pushed()),
        ("a posted request that was not pushed", bench.authorization(client).not_pushed().posted()),
    ];
    for (what, request) in tries {
        let answer = request.open().await?;
        no_code(bench, &answer, &["invalid_request"], what, None);
    }
    Ok(())
}
