//! Several issuers run on one installation and share a store. The attacker, who is a client of one, pushes a request
//! there and opens the reference at another, where the same identifier belongs to somebody else, with other rules and
//! other redirect URIs.

use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::bench::Bench;
use crate::target::Registration;
use crate::verdict::Level;

use super::refused::{PAR, REFERENCE, no_code, push};

/// `as-par-cross-tenant`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-par-cross-tenant",
        name: "Reference of another issuer",
        story: story!("par_cross_tenant.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 9126 sections 2.2 and 4",
        steps: &[
            "A client pushes a request at one issuer.",
            "A browser opens the reference at another issuer of the same installation.",
        ],
        secure: "The reference is refused with `invalid_request_uri` or `invalid_request`, on a page.",
        insecure: "A code is issued.",
        defence: "A reference is good at the issuer that gave it out.",
        level: Level::Must,
        levels: &[],
    },
    on: On::OneClient,
    needs: &[PAR, Need::SecondIssuer],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let other = bench.elsewhere()?;
    other.grant(client).await?;
    let reference = push(&bench.authorization(client)).await?;
    let answer = other.authorization(client).open_pushed(&other.browser(), &reference).await?;
    no_code(bench, &answer, REFERENCE, "a reference of another issuer", None);
    Ok(())
}
