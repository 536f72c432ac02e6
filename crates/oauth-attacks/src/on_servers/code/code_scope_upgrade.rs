//! The user consents to little, and the token request asks for more. The parameter has no meaning there, and a server
//! that lets it replace what was consented to has asked the user for nothing.

use oauth_types::ErrorCode;

use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::Finding;
use crate::target::Registration;
use crate::trace::Party;
use crate::verdict::{Level, Verdict};

/// `as-code-scope-upgrade`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-code-scope-upgrade",
        name: "More scope at the token endpoint",
        story: story!("code_scope_upgrade.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 6749 sections 3.3 and 4.1.3",
        steps: &[
            "The client gets a code for the usual scope.",
            "The token request names a second scope value besides.",
        ],
        secure: "The second value is not granted: it is ignored, or the request is refused.",
        insecure: "The access token has the second value.",
        defence: "The scope of a token comes from what the user consented to, and from nothing else.",
        level: Level::Must,
        levels: &[],
    },
    on: On::OneClient,
    needs: &[Need::SecondScope],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let second = bench.target().second_scope.as_deref().unwrap_or_default();
    let both = format!("{} {second}", bench.target().scope);
    let grant = bench.authorization(client).set("scope", &both).grant().await?;
    let answer = bench.redemption(client, &grant).from(Party::Client).send().await?;
    if !bench.has_scope(client, &answer, second).await? {
        return Err(Inconclusive::new("the server does not grant the second scope value to whoever asks for it"));
    }
    let grant = bench.grant(client).await?;
    let answer = bench.redemption(client, &grant).set("scope", &both).send().await?;
    if !answer.has_tokens() {
        bench.judge(&answer, REFUSED, "a scope at the token endpoint");
        return Ok(());
    }
    let finding = match bench.has_scope(client, &answer, second).await? {
        true => Finding::new(Verdict::Vulnerable, "the token request widened the scope"),
        false => Finding::new(Verdict::Stopped, "a scope at the token endpoint widens nothing"),
    };
    bench.found(finding, Some(&answer));
    Ok(())
}

/// A server may refuse what it could ignore.
const REFUSED: &[ErrorCode] = &[ErrorCode::InvalidScope, ErrorCode::InvalidRequest, ErrorCode::InvalidGrant];
