//! The nonce in the ID token shows the client that the token belongs to the login that this browser began. If the
//! token request may say which nonce goes into it, whoever injects a stolen code sends the victim's nonce along, and
//! the comparison proves nothing.

use mock_idp::jose::Jws;

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::dice::fresh;
use crate::judge::{Finding, VERIFIER};
use crate::target::Registration;
use crate::verdict::{Level, Verdict};

/// `as-code-nonce-override`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-code-nonce-override",
        name: "A nonce at the token endpoint",
        story: story!("code_nonce_override.rs"),
        capabilities: &[Capability::A3],
        citation: "OpenID Connect Core sections 2 and 3.1.2.1, RFC 9700 section 4.5.3.2",
        steps: &[
            "The client gets a code for a request with one nonce.",
            "The token request names another nonce.",
            "The nonce in the ID token is looked at.",
        ],
        secure: "The ID token has the nonce of the authorization request.",
        insecure: "The ID token has the nonce of the token request.",
        defence: "The nonce of an ID token comes from the authorization request.",
        level: Level::Must,
        levels: &[],
    },
    on: On::OneClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let (first, other) = (fresh(), fresh());
    let grant = bench.authorization(client).set("nonce", &first).grant().await?;
    let answer = bench.redemption(client, &grant).set("nonce", &other).send().await?;
    if !answer.has_tokens() {
        bench.judge(&answer, VERIFIER, "a nonce at the token endpoint");
        return Ok(());
    }
    let tokens = bench.tokens_of(client, &answer)?;
    let id_token = tokens.id_token.ok_or_else(|| Inconclusive::new("the server issues no ID token"))?;
    let id_token = Jws::parse(id_token.expose());
    let id_token = id_token.map_err(|_| Inconclusive::new("the server issues no ID token that can be read"))?;
    let nonce = id_token.claims().get("nonce").and_then(|nonce| nonce.as_str());
    let finding = match nonce {
        Some(nonce) if nonce == first => {
            Finding::new(Verdict::Stopped, "the ID token has the nonce of the authorization request")
        }
        Some(nonce) if nonce == other => {
            Finding::new(Verdict::Vulnerable, "the ID token has the nonce of the token request")
        }
        _ => Finding::new(Verdict::Vulnerable, "the ID token does not have the nonce of the authorization request"),
    };
    bench.found(finding, Some(&answer));
    Ok(())
}
