//! Anybody can call themselves by the name of a native app: it has no secret, and its redirect URI can be taken. If
//! the server remembers that the user once agreed, and asks no more, a malicious app on the same device gets a code
//! in the name of the honest one without the user noticing.

use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::Finding;
use crate::target::Registration;
use crate::target::Role;
use crate::user_agent::Reached;
use crate::verdict::{Level, Verdict};

/// `as-authz-public-auto-approve`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-authz-public-auto-approve",
        name: "An app that passes for another",
        story: story!("authz_public_auto_approve.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 8252 section 8.6, RFC 6749 section 10.2",
        steps: &["Log in and agree as the native client.", "Open the same request once more in the same browser."],
        secure: "The user is asked again.",
        insecure: "A code comes at once.",
        defence: "An earlier agreement is used only for clients whose identity is assured.",
        level: Level::Should,
        levels: &[],
    },
    on: On::Client(Role::Native),
    needs: &[Need::Forms],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let browser = bench.browser();
    let first = bench.authorization(client);
    if first.grant_in(&first.open_in(&browser).await?).is_none() {
        return Err(Inconclusive::new("the first request of the native client brought no code"));
    }
    let again = bench.authorization(client);
    let (finding, answer) = match bench.forms()?.until_form(&browser, again.address().await?).await? {
        Reached::Page(page) => {
            let because = "a native client that was agreed to is agreed to again";
            (Finding::new(Verdict::Stopped, because), page.answer().clone())
        }
        Reached::Landed(answer) if again.grant_in(&answer).is_some() => {
            let because = "a native client that was agreed to gets a code without a word";
            (Finding::new(Verdict::Vulnerable, because), answer)
        }
        Reached::Landed(answer) => (again.refusal(&answer, "the second request of a native client"), answer),
    };
    bench.found(finding, Some(&answer));
    Ok(())
}
