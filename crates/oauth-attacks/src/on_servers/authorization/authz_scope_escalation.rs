//! A client asks for what it was never registered for, or slips it in between what it may have. If the server takes
//! the request at its word, a client that should read a name administers accounts.

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::Finding;
use crate::target::Registration;
use crate::verdict::{Level, Verdict};

/// `as-authz-scope-escalation`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-authz-scope-escalation",
        name: "More scope than the client may have",
        story: story!("authz_scope_escalation.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 6749 section 3.3 and section 4.1.2.1, RFC 9700 section 2.3",
        steps: &[
            "Ask for powerful scope values besides the honest ones.",
            "Ask for scope values with characters that the grammar forbids.",
            "Redeem what is granted, and read which scope the tokens have.",
            "Leave `openid` out, and look for an ID token.",
        ],
        secure: "The request is refused with `invalid_scope`, or the tokens have less and say so.",
        insecure: "The tokens have a scope that the client may not ask for.",
        defence: "A client gets at most the scope that it is registered for.",
        level: Level::Must,
        levels: &[],
    },
    on: On::OneClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    for extra in ["admin", "*", "root:write", "ad\"min", "ad\\min", "ad\u{0}min"] {
        attempt(bench, client, extra).await?;
    }
    without_openid(bench, client).await
}

async fn attempt(bench: &Bench, client: &Registration, extra: &str) -> Result<(), Inconclusive> {
    let what = format!("the scope value {extra:?}");
    let request = bench.authorization(client).refused_with(&["invalid_scope", "invalid_request"]);
    let scope = format!("{} {extra}", request.value("scope").unwrap_or_default());
    let request = request.set("scope", scope.trim());
    let Some(grant) = request.must_be_refused(&what).await? else { return Ok(()) };
    let answer = bench.redemption(client, &grant).send().await?;
    // RFC 6749 section 5.1: without `scope` in the answer, it is what was asked for.
    let granted = answer.member("scope").unwrap_or(scope);
    let finding = match granted.split(' ').any(|value| value == extra) {
        _ if !answer.has_tokens() => Finding::new(Verdict::Tolerated, format!("{what} brings a code, but no tokens")),
        true => Finding::new(Verdict::Vulnerable, format!("the server granted {what}")),
        false => Finding::new(Verdict::Stopped, format!("{what} is left out of what is granted")),
    };
    bench.found(finding, Some(&answer));
    Ok(())
}

/// An ID token is for those who ask for one (OpenID Connect Core section 3.1.2.1).
async fn without_openid(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let request = bench.authorization(client).without("nonce");
    let rest = request.value("scope").unwrap_or_default().split(' ').filter(|value| *value != "openid");
    let rest = rest.chain(bench.target().second_scope.as_deref()).collect::<Vec<_>>().join(" ");
    let request = if rest.is_empty() { request.without("scope") } else { request.set("scope", rest) };
    let Some(grant) = request.grant_in(&request.open().await?) else { return Ok(()) };
    let answer = bench.redemption(client, &grant).send().await?;
    let finding = match answer.member("id_token") {
        Some(_) => Finding::new(Verdict::Vulnerable, "an ID token comes without the scope openid"),
        None => Finding::new(Verdict::Stopped, "no ID token comes without the scope openid"),
    };
    bench.found(finding.at(Level::Info), Some(&answer));
    Ok(())
}
