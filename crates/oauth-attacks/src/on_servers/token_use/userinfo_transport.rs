//! An access token in a URL ends up in logs and histories, where the attacker reads it. A token that is sent in two
//! ways at once may be checked in one and used in the other.

use oauth_types::Params;

use crate::agent::Request;
use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::{Finding, resource_refusal};
use crate::profile::Profile;
use crate::target::Registration;
use crate::trace::Party;
use crate::verdict::Level;

/// `as-userinfo-transport`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-userinfo-transport",
        name: "Access token in the URL, or twice",
        story: story!("userinfo_transport.rs"),
        capabilities: &[Capability::A3],
        citation: "RFC 6750 sections 2, 2.3 and 3.1, RFC 9700 section 4.3.2",
        steps: &[
            "Show an access token in the query of the UserInfo endpoint.",
            "Show it in the header and in the body of one request.",
        ],
        secure: "Both are refused, the second one with invalid_request.",
        insecure: "The endpoint answers.",
        defence: "A token is taken from one place, and never from the URL.",
        level: Level::Must,
        levels: &[],
    },
    on: On::OneClient,
    needs: &[Need::Endpoint("userinfo_endpoint")],
    run: |bench, client| Box::pin(run(bench, client)),
};

/// How a token in the query is refused: by name, or as if it were not there.
const IN_QUERY: &[&str] = &["invalid_request", "invalid_token", ""];
/// How two tokens are refused.
const TWICE: &[&str] = &["invalid_request"];

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let url = bench.endpoint("userinfo_endpoint")?;
    let (tokens, _) = bench.tokens(client).await?;
    if tokens.bound_to.is_some() {
        return Err(Inconclusive::new("the server issues no bearer tokens to this client"));
    }
    if !bench.is_live(&tokens).await? {
        return Err(Inconclusive::new("a fresh access token is not taken by the UserInfo endpoint"));
    }
    let access = Params::new().with("access_token", tokens.access.expose());
    let in_query = Request::get(Party::Attacker, Party::Resource, url, access.clone());
    let answer = bench.agent().send(in_query).await?;
    // RFC 6750 section 2.3 advises against it; OAuth 2.1 and what builds on it forbid it.
    let level = if bench.profile() == Profile::Bcp { Level::Should } else { Level::Must };
    let finding: Finding = resource_refusal(&answer, IN_QUERY, "an access token in the query");
    bench.found(finding.at(level), Some(&answer));

    let twice = Request::post(Party::Attacker, Party::Resource, url, access);
    let twice = twice.with_header("authorization", &format!("Bearer {}", tokens.access.expose()));
    let answer = bench.agent().send(twice).await?;
    // RFC 6750 section 2 forbids it to clients; that servers refuse it is what section 3.1 advises.
    let finding = resource_refusal(&answer, TWICE, "an access token in the header and in the body");
    bench.found(finding.at(Level::Should), Some(&answer));
    Ok(())
}
