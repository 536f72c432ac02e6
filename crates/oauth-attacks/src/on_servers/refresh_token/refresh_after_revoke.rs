//! The user or the client has put an end to it: the refresh token was revoked, or the user has logged out. The
//! attacker has a copy of it and refreshes. A server that answers every revocation with success, whatever it did, is
//! hard to tell from one that revokes.

use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::GRANT;
use crate::target::Registration;
use crate::trace::Party;
use crate::verdict::Level;

/// `as-refresh-after-revoke`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-refresh-after-revoke",
        name: "Refreshing after revocation or logout",
        story: story!("refresh_after_revoke.rs"),
        capabilities: &[Capability::A5],
        citation: "RFC 7009 section 2.1, OpenID Connect Back-Channel Logout section 2.7",
        steps: &[
            "The client revokes its refresh token.",
            "The attacker refreshes with a copy.",
            "In another attempt the user logs out, where the server has an endpoint for that, and the attacker refreshes.",
        ],
        secure: "The refresh is refused with `invalid_grant`.",
        insecure: "The copy brings tokens.",
        defence: "What was revoked is refused from then on, and a logout revokes what belongs to the session.",
        level: Level::Must,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[Need::Endpoint("revocation_endpoint")],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let (tokens, _) = bench.tokens(client).await?;
    let refresh = tokens.refresh.ok_or_else(|| Inconclusive::new("the server issues no refresh token"))?;
    let answer = bench.revocation(client, &refresh).from(Party::Client).send().await?;
    if answer.status != 200 {
        let because = format!("the server does not revoke refresh tokens: it answered {}", answer.summary());
        return Err(Inconclusive::new(because));
    }
    let answer = bench.refresh(client, &refresh).send().await?;
    bench.judge(&answer, GRANT, "a refresh token that was revoked");
    logged_out(bench, client).await
}

/// The same after the user has logged out. A refresh token for when the user is away outlives that, and is not asked for
/// here (OpenID Connect Core section 11).
async fn logged_out(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    if bench.target().endpoint("end_session_endpoint").is_none() {
        return Ok(());
    }
    let browser = bench.browser();
    let authorization = bench.authorization(client);
    let answer = authorization.open_in(&browser).await?;
    let refused = || format!("an honest authorization request was answered {}", answer.summary());
    let grant = authorization.grant_in(&answer).ok_or_else(|| Inconclusive::new(refused()))?;
    let answer = bench.redemption(client, &grant).from(Party::Client).send().await?;
    let tokens = bench.tokens_of(client, &answer)?;
    let (Some(id_token), Some(refresh)) = (tokens.id_token, tokens.refresh) else { return Ok(()) };
    bench.log_out(&browser, client, &id_token).await?;
    let answer = bench.refresh(client, &refresh).send().await?;
    bench.judge_at(Level::Should, &answer, GRANT, "the refresh token of a user who has logged out");
    Ok(())
}
