//! Refresh tokens live for months, and access tokens travel to every API. Where a resource takes the one for the
//! other, the token that never leaves the client becomes a key to the API; where the token endpoint does, whoever sees
//! a single API call can go on for months.

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::{Bench, Tokens};
use crate::judge::{GRANT, resource_refusal};
use crate::target::Registration;
use crate::verdict::Level;

/// `as-refresh-as-access`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-refresh-as-access",
        name: "A refresh token as an access token",
        story: story!("refresh_as_access.rs"),
        capabilities: &[Capability::A5],
        citation: "RFC 6749 section 1.5, RFC 8725 section 3.12",
        steps: &["The refresh token is shown to the UserInfo endpoint.", "The access token is used to refresh."],
        secure: "UserInfo answers 401, and the refresh is refused with `invalid_grant`.",
        insecure: "One of them is taken for the other.",
        defence: "What is issued has a kind, and each endpoint takes its own alone.",
        level: Level::Must,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let (tokens, _) = bench.tokens(client).await?;
    let refresh = tokens.refresh.clone().ok_or_else(|| Inconclusive::new("the server issues no refresh token"))?;
    let answer = bench.refresh(client, &tokens.access).send().await?;
    bench.judge(&answer, GRANT, "an access token as a refresh token");
    if bench.target().endpoint("userinfo_endpoint").is_some() {
        let shown = Tokens { access: refresh, ..tokens };
        let answer = bench.userinfo(&shown).await?;
        let finding = resource_refusal(&answer, &["invalid_token"], "a refresh token as an access token");
        bench.found(finding, Some(&answer));
    }
    Ok(())
}
