//! A browser visits the authorization endpoint; no script has any business there. A server that lets scripts of every
//! site read its answers gives them the pages of whoever is logged in, with the tokens of their forms and the codes
//! of their redirects.

use http::Method;
use oauth_types::Params;

use crate::agent::Request;
use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::Finding;
use crate::target::Registration;
use crate::trace::Party;
use crate::verdict::{Level, Verdict};

/// `as-authz-cors`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-authz-cors",
        name: "Scripts of other sites at the front door",
        story: story!("authz_cors.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 9700 section 2.6",
        steps: &[
            "Ask the authorization endpoint with the `Origin` of another site.",
            "Ask with OPTIONS whether a script may.",
        ],
        secure: "No answer has `Access-Control-Allow-Origin`.",
        insecure: "An answer allows the other site.",
        defence: "The authorization endpoint has no CORS.",
        level: Level::Must,
        levels: &[],
    },
    on: On::OneClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let url = bench.authorization(client).address().await?.url;
    for method in [Method::GET, Method::OPTIONS] {
        let what = format!("{method} of a script of another site");
        let request = Request::get(Party::Attacker, Party::Server, &url, Params::new());
        let request = Request { method, ..request }.with_header("origin", "https://attacker.example");
        let request = request.with_header("access-control-request-method", "GET");
        let answer = bench.agent().send(request).await?;
        let finding = match answer.header("access-control-allow-origin") {
            Some(_) => Finding::new(Verdict::Vulnerable, format!("the answer to {what} may be read by it")),
            None => Finding::new(Verdict::Stopped, format!("{what} is not allowed to read the answer")),
        };
        bench.found(finding, Some(&answer));
    }
    Ok(())
}
