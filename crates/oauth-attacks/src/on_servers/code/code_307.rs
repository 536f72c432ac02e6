//! The user sends a form with a password, and is redirected to the client. With status 307 the browser sends the same
//! form once more, to the client: the password with it. A malicious client needs no more than to be logged in to.

use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::Finding;
use crate::target::Registration;
use crate::user_agent::Who;
use crate::verdict::{Level, Verdict};

/// `as-code-307`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-code-307",
        name: "Credentials that travel on with a redirect",
        story: story!("code_307.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 9700 section 4.12, OAuth 2.1 section 7.5.3",
        steps: &["Log in and agree in a browser.", "Read the status of the redirect that answers the last form."],
        secure: "The redirect has status 303, or 302.",
        insecure: "The redirect has status 307 or 308.",
        defence: "Forms are answered with a redirect that does not repeat them.",
        level: Level::Must,
        levels: &[],
    },
    on: On::OneClient,
    needs: &[Need::Forms],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let visit = bench.authorization(client).set("prompt", "consent").address().await?;
    let (pages, answer) = bench.forms()?.walk(&bench.browser(), visit, Who::First).await?;
    if pages.is_empty() {
        return Err(Inconclusive::new("the server does not show any page"));
    }
    let status = answer.status;
    let finding = match (status, bench.agent().was_posted(&answer)) {
        (307 | 308, true) => {
            let because = format!("a form of the user is sent on to the client by status {status}");
            Finding::new(Verdict::Vulnerable, because)
        }
        (200..400, _) => Finding::new(Verdict::Stopped, format!("the last form is answered with status {status}")),
        _ => Finding::new(Verdict::Inconclusive, format!("the last form is answered with {}", answer.summary())),
    };
    bench.found(finding, Some(&answer));
    Ok(())
}
