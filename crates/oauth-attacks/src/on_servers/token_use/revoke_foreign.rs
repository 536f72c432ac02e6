//! A malicious client revokes the tokens of another one, which it has found or guessed. Whoever can do that logs people
//! out of applications as they please.

use oauth_types::{ErrorCode, Secret};

use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::Finding;
use crate::target::{Registration, Role};
use crate::verdict::{Level, Verdict};

use super::probes::is_alive;

/// `as-revoke-foreign`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-revoke-foreign",
        name: "Revocation of another client's tokens",
        story: story!("revoke_foreign.rs"),
        capabilities: &[Capability::A5],
        citation: "RFC 7009 section 2.1",
        steps: &[
            "Obtain tokens of one client, and revoke its access token as another client.",
            "Revoke its refresh token in the same way.",
            "See whether both are alive.",
        ],
        secure: "The requests are refused, and the tokens are alive.",
        insecure: "A token is dead.",
        defence: "A client revokes the tokens that were issued to it, and no others.",
        level: Level::Must,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[Need::Client(Role::Second), Need::Endpoint("revocation_endpoint")],
    run: |bench, client| Box::pin(run(bench, client)),
};

/// How such a request may be refused.
const FOREIGN: &[ErrorCode] = &[ErrorCode::InvalidGrant, ErrorCode::InvalidClient, ErrorCode::UnauthorizedClient];

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let second = bench.role(Role::Second)?;
    let (tokens, _) = bench.tokens(client).await?;
    let revoke = async |token: &Secret, what: &str| -> Result<(), Inconclusive> {
        let answer = bench.revocation(second, token).send().await?;
        match answer.status {
            200 => {
                let because = format!("{what} is answered with 200, as if it had happened");
                bench.found(Finding::new(Verdict::Tolerated, because), Some(&answer))
            }
            _ => bench.judge(&answer, FOREIGN, what),
        };
        Ok(())
    };
    if let Ok(true) = is_alive(bench, client, &tokens).await {
        revoke(&tokens.access, "the revocation of an access token of another client").await?;
        if !is_alive(bench, client, &tokens).await? {
            let because = "an access token is dead after another client revoked it";
            bench.found(Finding::new(Verdict::Vulnerable, because), None);
        }
    }
    if let Some(refresh) = &tokens.refresh {
        revoke(refresh, "the revocation of a refresh token of another client").await?;
        if !bench.refresh(client, refresh).send().await?.has_tokens() {
            let because = "a refresh token is dead after another client revoked it";
            bench.found(Finding::new(Verdict::Vulnerable, because), None);
        }
    }
    Ok(())
}
