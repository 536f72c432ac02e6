//! The attacker asks for a token instead of a code, for a client that uses codes. There is nothing to redeem, so
//! neither a challenge nor a secret protects it, and the access token lies in the address bar.

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::{Finding, sent_to_client};
use crate::target::Registration;
use crate::verdict::{Level, Verdict};

/// `as-pkce-implicit-bypass`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-pkce-implicit-bypass",
        name: "Implicit flow instead of PKCE",
        story: story!("pkce_implicit_bypass.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 9700 section 2.1.2",
        steps: &["Ask for `token`, and for `id_token token`, without a challenge, as a client that uses codes."],
        secure: "The client is sent `unsupported_response_type` or `unauthorized_client`.",
        insecure: "An access token comes in the fragment.",
        defence: "A client that uses codes cannot ask for tokens in the front channel.",
        level: Level::Must,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    for response_type in ["token", "id_token token"] {
        let request = bench.authorization(client).without_pkce().set("response_type", response_type);
        let request = request.refused_with(&["unsupported_response_type", "unauthorized_client"]);
        let answer = request.open().await?;
        let what = format!("a request for {response_type}");
        let sent = sent_to_client(&answer, client.redirect_uri()).unwrap_or_default();
        let finding = match sent.get("access_token") {
            None => request.refusal(&answer, &what),
            Some(access) => {
                bench.agent().keep_secret(access);
                let because = format!("the server answered {what} with an access token");
                Finding::new(Verdict::Vulnerable, because)
            }
        };
        bench.found(finding, Some(&answer));
    }
    Ok(())
}
