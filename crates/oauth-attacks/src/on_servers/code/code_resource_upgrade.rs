//! The authorization request was for one resource, and the token request names another one, or other authorization
//! details. A token request may only narrow what the user saw; where it may replace it, a client that was let at one
//! API holds tokens for any.

use oauth_types::ErrorCode;
use serde_json::{Value, json};

use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::Finding;
use crate::target::Registration;
use crate::trace::Party;
use crate::verdict::{Level, Verdict};

/// `as-code-resource-upgrade`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-code-resource-upgrade",
        name: "Another resource at the token endpoint",
        story: story!("code_resource_upgrade.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 8707 section 2.2, RFC 9396 section 6",
        steps: &[
            "The client gets a code for the first resource.",
            "The token request names the second resource.",
            "The same is done with authorization details of two types, where the server knows them.",
        ],
        secure: "The request is refused with `invalid_target`, or the token is for the first resource.",
        insecure: "The token is for what only the token request named.",
        defence: "A token request chooses among what was authorized, and adds nothing.",
        level: Level::Must,
        levels: &[],
    },
    on: On::OneClient,
    needs: &[Need::Resources],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let Some([first, second]) = bench.target().resources.as_ref() else {
        return Err(Inconclusive::new("the target has no two resources"));
    };
    let for_first = || bench.authorization(client).set("resource", first);
    let grant = for_first().grant().await?;
    let answer = bench.redemption(client, &grant).set("resource", first).from(Party::Client).send().await?;
    if !bench.is_for(client, &answer, first).await? {
        return Err(Inconclusive::new("the server does not issue tokens for single resources"));
    }
    let grant = for_first().grant().await?;
    let answer = bench.redemption(client, &grant).set("resource", second).send().await?;
    if !answer.has_tokens() {
        bench.judge(&answer, &[ErrorCode::InvalidTarget], "another resource at the token endpoint");
    } else if bench.is_for(client, &answer, second).await? {
        let because = "the token request chose a resource that was not authorized";
        bench.found(Finding::new(Verdict::Vulnerable, because), Some(&answer));
    } else {
        let because = "another resource at the token endpoint changes nothing";
        bench.found(Finding::new(Verdict::Stopped, because), Some(&answer));
    }
    details(bench, client).await
}

/// The same with authorization details of another type (RFC 9396 section 6.1).
async fn details(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let types = bench.target().document()["authorization_details_types_supported"].clone();
    let (Some(first), Some(second)) = (types[0].as_str(), types[1].as_str()) else { return Ok(()) };
    let named = |name: &str| json!([{ "type": name }]).to_string();
    let grant = bench.authorization(client).set("authorization_details", named(first)).grant().await?;
    let answer = bench.redemption(client, &grant).set("authorization_details", named(second)).send().await?;
    if !answer.has_tokens() {
        let errors = &[ErrorCode::InvalidAuthorizationDetails];
        bench.judge(&answer, errors, "other authorization details at the token endpoint");
        return Ok(());
    }
    let granted = answer.object().and_then(|mut object| object.remove("authorization_details")).unwrap_or_default();
    let widened = granted.as_array().is_some_and(|all| all.iter().any(|one: &Value| one["type"] == second));
    let finding = match widened {
        true => Finding::new(Verdict::Vulnerable, "the token request chose authorization details"),
        false => Finding::new(Verdict::Stopped, "authorization details at the token endpoint add nothing"),
    };
    bench.found(finding, Some(&answer));
    Ok(())
}
