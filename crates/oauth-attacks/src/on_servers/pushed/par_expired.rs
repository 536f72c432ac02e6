//! A reference turns up later, in a history, a log or a screenshot. The client has pushed its request for one login
//! at one time, and whoever opens it long after that gets a session that nobody waits for, or finishes one that
//! somebody else began.

use std::time::Duration;

use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::Finding;
use crate::target::Registration;
use crate::verdict::{Level, Verdict};

use super::refused::{PAR, REFERENCE, no_code};

/// `as-par-expired`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-par-expired",
        name: "Expired reference",
        story: story!("par_expired.rs"),
        capabilities: &[Capability::A4],
        citation: "RFC 9126 sections 2.2 and 4",
        steps: &["A client pushes a request.", "The time in `expires_in` passes, and a browser opens the reference."],
        secure: "The reference is refused with `invalid_request_uri` or `invalid_request`, on a page.",
        insecure: "The reference brings a code after its end, or has no end.",
        defence: "A reference is good for the time that the server has said.",
        level: Level::Must,
        levels: &[],
    },
    on: On::OneClient,
    needs: &[PAR, Need::Clock],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let request = bench.authorization(client);
    let pushed = request.push().send().await?;
    let object = pushed.object().unwrap_or_default();
    let reference = object.get("request_uri").and_then(|value| value.as_str()).filter(|_| pushed.status == 201);
    let reference = reference
        .ok_or_else(|| Inconclusive::new(format!("an honest pushed request was answered {}", pushed.summary())))?;
    let Some(lifetime) = object.get("expires_in").and_then(serde_json::Value::as_u64) else {
        let because = "the server does not say how long a reference is good";
        bench.found(Finding::new(Verdict::Vulnerable, because), Some(&pushed));
        return Ok(());
    };
    bench.let_pass(Duration::from_secs(lifetime.saturating_add(1))).await?;
    let answer = request.open_pushed(&bench.browser(), reference).await?;
    no_code(bench, &answer, REFERENCE, "an expired reference", None);
    Ok(())
}
