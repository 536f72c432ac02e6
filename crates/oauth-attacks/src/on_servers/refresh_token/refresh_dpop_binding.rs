//! A public client binds its tokens to a key. The attacker has copied the refresh token, but not the key, and
//! refreshes with a key of their own or with none. If that works, the binding of the access tokens is worth nothing
//! either: the attacker gets new ones, bound to the attacker's key.

use oauth_types::ErrorCode;

use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::bench::Bench;
use crate::key::Key;
use crate::target::{Registration, Role};
use crate::verdict::Level;

/// `as-refresh-dpop-binding`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-refresh-dpop-binding",
        name: "A bound refresh token with another key",
        story: story!("refresh_dpop_binding.rs"),
        capabilities: &[Capability::A5],
        citation: "RFC 9449 section 5",
        steps: &[
            "A refresh token is issued to a public client that proves its key.",
            "It is used with a proof of another key, and with none.",
        ],
        secure: "The requests are refused with `invalid_grant` or `invalid_dpop_proof`.",
        insecure: "The server hands out tokens.",
        defence: "A refresh token of a public client is bound to the key of its access token.",
        level: Level::Must,
        levels: &[],
    },
    on: On::Client(Role::SenderConstrained),
    needs: &[Need::Metadata("dpop_signing_alg_values_supported")],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let other = Key::fresh().map_err(|error| Inconclusive::new(error.to_string()))?;
    for (what, key) in [("another key", Some(other)), ("no key", None)] {
        let (tokens, _) = bench.tokens(client).await?;
        let refresh = tokens.refresh.ok_or_else(|| Inconclusive::new("the server issues no refresh token"))?;
        let answer = bench.refresh(client, &refresh).proving(key).send().await?;
        bench.judge(&answer, UNPROVED, &format!("a bound refresh token with {what}"));
    }
    Ok(())
}

/// The token is not for this key, or there is no proof.
const UNPROVED: &[ErrorCode] = &[ErrorCode::InvalidGrant, ErrorCode::InvalidDpopProof];
