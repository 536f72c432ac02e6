//! The attacker makes a browser or a crawler open the endpoint for pushed requests with the whole request in the URL.
//! What is taken from a query ends up in logs and histories, and any page can make a browser send it.

use http::Method;

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::Finding;
use crate::target::Registration;
use crate::verdict::{Level, Verdict};

use super::refused::{PAR, has_reference};

/// `as-par-verb`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-par-verb",
        name: "Pushing by GET",
        story: story!("par_verb.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 9126 section 2.3",
        steps: &["The endpoint for pushed requests is asked by GET, with the request in the query."],
        secure: "It is refused with 405.",
        insecure: "A reference is issued, or the browser is redirected.",
        defence: "Requests are pushed by POST alone.",
        level: Level::Must,
        levels: &[],
    },
    on: On::OneClient,
    needs: &[PAR],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let request = bench.authorization(client);
    let answer = request.push().method(Method::GET).send().await?;
    let summary = answer.summary();
    let finding = match answer.status {
        _ if has_reference(&answer) => {
            Finding::new(Verdict::Vulnerable, "the server answered a GET with a reference")
        }
        500.. => Finding::new(Verdict::Vulnerable, format!("the server broke down ({summary}) at a GET")),
        405 => Finding::new(Verdict::Stopped, "a GET is refused with 405"),
        400..500 => {
            Finding::new(Verdict::Tolerated, format!("a GET is refused with {summary}, but it should be 405"))
        }
        300..400 => Finding::new(Verdict::Vulnerable, format!("the server redirects a GET ({summary})")),
        _ => Finding::new(Verdict::Inconclusive, format!("the server answered {summary} to a GET")),
    };
    bench.found(finding, Some(&answer));
    Ok(())
}
