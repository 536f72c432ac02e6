//! A client with several redirect URIs sends none, or the attacker strips it from the link. A server that picks one
//! by itself sends the code to a page that does not expect it, and compares nothing when the code is redeemed.

use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::{Finding, sent_to_client};
use crate::target::Registration;
use crate::verdict::{Level, Verdict};

use super::astray::judge;

/// `as-redirect-missing`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-redirect-missing",
        name: "No redirect URI",
        story: story!("redirect_missing.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 6749 section 3.1.2.3, OpenID Connect Core section 3.1.2.1",
        steps: &["The victim opens a request without a redirect URI, of a client that has registered more than one."],
        secure: "The request is answered with an error page of the server's own (4xx).",
        insecure: "The server picks one of the redirect URIs and sends a code there.",
        defence: "A client with several redirect URIs must say which one.",
        level: Level::Must,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[Need::SecondRedirectUri],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let answer = bench.authorization(client).without("redirect_uri").open().await?;
    let sent = client.redirect_uris.iter().find_map(|own| sent_to_client(&answer, own));
    if sent.is_some_and(|sent| sent.raw("code").is_some()) {
        let because = "the server picked one of several redirect URIs and sent a code there";
        bench.found(Finding::new(Verdict::Vulnerable, because), Some(&answer));
        return Ok(());
    }
    judge(bench, client, &answer, ("", "a request without a redirect URI"));
    Ok(())
}
