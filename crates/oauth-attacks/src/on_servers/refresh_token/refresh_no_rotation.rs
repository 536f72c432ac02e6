//! A refresh token of a public client is stolen once, from a backup or a log. Nothing is asked for with it but a
//! client_id that everybody knows, so unless it is bound to a key, the only thing that shows the theft is that two of
//! them use it: each use has to make the one before invalid.

use oauth_types::ErrorCode;

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::target::{Registration, Role};
use crate::trace::Party;
use crate::verdict::Level;

/// `as-refresh-no-rotation`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-refresh-no-rotation",
        name: "Refresh tokens of public clients that anybody can use for ever",
        story: story!("refresh_no_rotation.rs"),
        capabilities: &[Capability::A5],
        citation: "RFC 9700 sections 2.2.2 and 4.14.2",
        steps: &[
            "The client refreshes with its refresh token.",
            "The attacker refreshes with the same one from elsewhere.",
        ],
        secure: "The second use is refused with `invalid_grant`.",
        insecure: "The same refresh token works again and again.",
        defence: "Refresh tokens of public clients are rotated, or bound to a key.",
        level: Level::Must,
        levels: &[],
    },
    on: On::Client(Role::Public),
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let (tokens, _) = bench.tokens(client).await?;
    let first = tokens.refresh.ok_or_else(|| Inconclusive::new("the server issues no refresh token"))?;
    let answer = bench.refresh(client, &first).from(Party::Client).send().await?;
    bench.tokens_of(client, &answer)?;
    // Whoever has the token alone has no key.
    let answer = bench.refresh(client, &first).proving(None).send().await?;
    bench.judge(&answer, REFUSED, "the same refresh token of a public client again");
    Ok(())
}

/// The token was rotated, or it is bound to a key that was not proved.
const REFUSED: &[ErrorCode] = &[ErrorCode::InvalidGrant, ErrorCode::InvalidDpopProof];
