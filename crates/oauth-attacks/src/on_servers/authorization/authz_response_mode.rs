//! The attacker chooses how the response travels. In the query, tokens end up in logs and in the `Referer` header; in
//! a message between windows, they go to whichever site listens; and a mode that the server does not know may be
//! taken for the laxest one.

use url::Url;

use crate::answer::Answer;
use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::Finding;
use crate::target::Registration;
use crate::target::Role;
use crate::verdict::{Level, Verdict};

/// `as-authz-response-mode`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-authz-response-mode",
        name: "Another way for the response",
        story: story!("authz_response_mode.rs"),
        capabilities: &[Capability::A1, Capability::A3],
        citation: "OAuth 2.0 Multiple Response Type Encoding Practices section 2.1, RFC 9700 section 4.17",
        steps: &[
            "Ask for a mode that does not exist.",
            "Ask for a message to a window of a site that is not the client.",
            "Ask for tokens in the query, if the client may have tokens at once.",
        ],
        secure: "The unknown mode and tokens in the query are refused, and a message names the origin of the client.",
        insecure: "Tokens come in the query, a message goes to any site, or an unknown mode brings a code.",
        defence: "A mode is used only if it is known and fit for what the response carries, and a message goes to a registered origin.",
        level: Level::Must,
        levels: &[],
    },
    on: On::OneClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

/// Who listens for messages.
const LISTENER: &str = "https://attacker.example";

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let unknown = bench.authorization(client).set("response_mode", "nonsense");
    if unknown.must_be_refused("an unknown response mode").await?.is_some() {
        // No document says in so many words that it is refused.
        unknown.was_granted("an unknown response mode", Level::Should);
    }
    message(bench, client).await?;
    let Some(hybrid) = bench.target().role(Role::Hybrid) else { return Ok(()) };
    for response_type in ["code id_token", "code token"] {
        in_query(bench, hybrid, response_type).await?;
    }
    Ok(())
}

/// Asks for a message to somebody who is not the client.
async fn message(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let what = "a message to another site";
    let request = bench.authorization(client).set("response_mode", "web_message");
    let request = request.set("web_message_uri", LISTENER).set("web_message_target", LISTENER);
    let answer = request.open().await?;
    let sends = answer.body.contains("postMessage") && answer.status == 200;
    let anybody = ["\"*\"", "'*'", LISTENER].iter().any(|target| answer.body.contains(target));
    let finding = match (sends, anybody) {
        (true, true) => Finding::new(Verdict::Vulnerable, format!("the server answers with {what}")),
        (true, false) => Finding::new(Verdict::Stopped, format!("{what} is not sent, but one to the client")),
        (false, _) if request.grant_in(&answer).is_some() => {
            Finding::new(Verdict::Tolerated, format!("the wish for {what} is ignored"))
        }
        (false, _) => request.refusal(&answer, what),
    };
    bench.found(finding, Some(&answer));
    Ok(())
}

/// Asks for tokens in the query.
async fn in_query(bench: &Bench, client: &Registration, response_type: &str) -> Result<(), Inconclusive> {
    let what = format!("{response_type:?} in the query");
    let request = bench.authorization(client).set("response_type", response_type).set("response_mode", "query");
    let request = request.refused_with(&["invalid_request", "unsupported_response_type"]);
    let answer = request.open().await?;
    let finding = if has_tokens_in_query(&answer) {
        Finding::new(Verdict::Vulnerable, format!("the server answered {what} with tokens there"))
    } else if request.grant_in(&answer).is_some() {
        Finding::new(Verdict::Tolerated, format!("the wish for {what} is ignored"))
    } else {
        request.refusal(&answer, &what)
    };
    bench.found(finding, Some(&answer));
    Ok(())
}

fn has_tokens_in_query(answer: &Answer) -> bool {
    let Some(url) = answer.location().and_then(|location| Url::parse(location).ok()) else { return false };
    url.query_pairs().any(|(name, _)| matches!(&*name, "access_token" | "id_token"))
}
