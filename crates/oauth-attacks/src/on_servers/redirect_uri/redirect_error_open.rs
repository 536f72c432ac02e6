//! The attacker uses the server as an open redirector: a request that is wrong in some other way as well, with a
//! redirect URI of their own. A server that builds its error response before it has checked the client and its
//! redirect URI sends the victim to a phishing page, under its own good name.

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::target::Registration;
use crate::verdict::Level;

use super::astray::{FOREIGN, judge};

/// `as-redirect-error-open`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-redirect-error-open",
        name: "Open redirector by an error",
        story: story!("redirect_error_open.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 6749 section 4.1.2.1, RFC 9700 section 4.11.2",
        steps: &[
            "The victim opens a request with a foreign redirect URI and an unknown client.",
            "The same with an unknown response type, without a scope, with a request object that is none, and with a contradictory `prompt`.",
        ],
        secure: "Each request is answered with an error page of the server's own (4xx).",
        insecure: "The browser is sent to the foreign address with an error.",
        defence: "Nothing is redirected before the client and its redirect URI are checked.",
        level: Level::Must,
        levels: &[],
    },
    on: On::OneClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let foreign = format!("https://{FOREIGN}/cb");
    // A link is all the attacker has: nothing is pushed or signed.
    let request = || bench.authorization(client).not_pushed().signed_by(None).set("redirect_uri", &foreign);
    let tries = [
        ("a foreign redirect URI of an unknown client", request().set("client_id", "nobody-knows-this-client")),
        ("a foreign redirect URI with an unknown response type", request().set("response_type", "unheard-of")),
        ("a foreign redirect URI without a scope", request().without("scope")),
        ("a foreign redirect URI with a broken request object", request().set("request", "not.a.token")),
        ("a foreign redirect URI with a contradictory prompt", request().set("prompt", "none login")),
    ];
    for (what, request) in tries {
        let answer = request.open().await?;
        judge(bench, client, &answer, (&foreign, what));
    }
    Ok(())
}
