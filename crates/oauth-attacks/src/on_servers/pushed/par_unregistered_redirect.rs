//! A public client authenticates with nothing, so anybody can push requests in its name. A server that takes redirect
//! URIs on trust because they were pushed sends the codes of the client's users wherever the attacker says.

use oauth_types::ErrorCode;

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::on_servers::redirect_uri::astray::{FOREIGN, judge};
use crate::target::{Registration, Role};
use crate::verdict::Level;

use super::refused::{PAR, has_reference, no_reference};

/// `as-par-unregistered-redirect`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-par-unregistered-redirect",
        name: "Foreign redirect URI pushed",
        story: story!("par_unregistered_redirect.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 9126 sections 2.4 and 7.2",
        steps: &[
            "The attacker pushes a request of a public client with a redirect URI of their own.",
            "If there is a reference, the victim's browser opens it.",
        ],
        secure: "The pushed request is refused with 400 invalid_request.",
        insecure: "A reference is issued, or even a code to the foreign address.",
        defence: "Redirect URIs in pushed requests are compared like any others.",
        level: Level::Must,
        levels: &[],
    },
    on: On::Client(Role::Public),
    needs: &[PAR],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let foreign = format!("https://{FOREIGN}/cb");
    let request = bench.authorization(client).set("redirect_uri", &foreign);
    let pushed = request.push().send().await?;
    no_reference(bench, &pushed, &[ErrorCode::InvalidRequest], "a pushed request with a foreign redirect URI");
    if let Some(reference) = pushed.member("request_uri").filter(|_| has_reference(&pushed)) {
        let answer = request.open_pushed(&bench.browser(), &reference).await?;
        judge(bench, client, &answer, (&foreign, "a foreign redirect URI that was pushed"));
    }
    Ok(())
}
