//! The user consented to little, and the refresh asks for more: a scope that was never granted, or a resource that the
//! authorization request did not name. Nobody is asked at a refresh, so what the user never saw cannot come out of it.

use oauth_types::ErrorCode;

use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::Finding;
use crate::target::Registration;
use crate::trace::Party;
use crate::verdict::{Level, Verdict};

/// `as-refresh-scope-up`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-refresh-scope-up",
        name: "More scope or another resource by refreshing",
        story: story!("refresh_scope_up.rs"),
        capabilities: &[Capability::A5],
        citation: "RFC 6749 section 6, RFC 8707 section 2.2",
        steps: &[
            "The client gets a refresh token for the usual scope, and one for the first resource.",
            "It refreshes and asks for a second scope value, at once and after a refresh for the usual scope alone.",
            "It refreshes and asks for the second resource.",
        ],
        secure: "The requests are refused with `invalid_scope` and `invalid_target`.",
        insecure: "The new access token is good for more than the first one.",
        defence: "A refresh can narrow what was granted, and never widen it.",
        level: Level::Must,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[Need::SecondScope],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let second = bench.target().second_scope.as_deref().unwrap_or_default();
    let both = format!("{} {second}", bench.target().scope);
    for narrowed in [false, true] {
        let (tokens, _) = bench.tokens(client).await?;
        let mut refresh = tokens.refresh.ok_or_else(|| Inconclusive::new("the server issues no refresh token"))?;
        let what = if narrowed { "a wider scope after a narrow one" } else { "a scope that was not granted" };
        if narrowed {
            let request = bench.refresh(client, &refresh).set("scope", &bench.target().scope).from(Party::Client);
            let answer = request.send().await?;
            refresh = bench.tokens_of(client, &answer)?.refresh.unwrap_or(refresh);
        }
        let answer = bench.refresh(client, &refresh).set("scope", &both).send().await?;
        if answer.has_tokens() {
            let wider = bench.has_scope(client, &answer, second).await?;
            bench.found(ignored(wider, what), Some(&answer));
        } else {
            bench.judge(&answer, &[ErrorCode::InvalidScope], &format!("a refresh with {what}"));
        }
    }
    resource(bench, client).await
}

/// The same with a resource, at a server that issues tokens for single ones.
async fn resource(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let Some([first, second]) = bench.target().resources.as_ref() else { return Ok(()) };
    let grant = bench.authorization(client).set("resource", first).grant().await?;
    let answer = bench.redemption(client, &grant).from(Party::Client).send().await?;
    let refresh = bench.tokens_of(client, &answer)?.refresh;
    let Some(refresh) = refresh.filter(|_| answer.status == 200) else { return Ok(()) };
    if !bench.is_for(client, &answer, first).await? {
        return Ok(());
    }
    let answer = bench.refresh(client, &refresh).set("resource", second).send().await?;
    if answer.has_tokens() {
        let wider = bench.is_for(client, &answer, second).await?;
        bench.found(ignored(wider, "a resource that was not authorized"), Some(&answer));
    } else {
        bench.judge(&answer, &[ErrorCode::InvalidTarget], "a refresh for a resource that was not authorized");
    }
    Ok(())
}

/// A refresh that asked for `more` brought tokens.
fn ignored(wider: bool, more: &str) -> Finding {
    match wider {
        true => Finding::new(Verdict::Vulnerable, format!("a refresh brought {more}")),
        false => Finding::new(Verdict::Tolerated, format!("a refresh did not bring {more}, but was not refused")),
    }
}
