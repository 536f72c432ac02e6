//! The attacker has an access token of a client that uses mutual TLS, and shows it over a connection of its own:
//! without a certificate, or with another one. The token says to which certificate it belongs, if somebody looks.

use crate::agent::Agent;
use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::Finding;
use crate::target::{ClientAuth, Registration, Role};
use crate::verdict::{Level, Verdict};

use super::shown::show;

/// `as-mtls-token-binding`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-mtls-token-binding",
        name: "Access token without the certificate it is bound to",
        story: story!("mtls_token_binding.rs"),
        capabilities: &[Capability::A5],
        citation: "RFC 8705 section 3",
        steps: &[
            "Obtain an access token of a client that authenticates with mutual TLS.",
            "Show it over a connection without a certificate.",
            "Show it over a connection with the certificate of somebody else.",
        ],
        secure: "Both are refused with invalid_token.",
        insecure: "The resource answers.",
        defence: "A token that is bound to a certificate counts over connections with that certificate alone.",
        level: Level::Must,
        levels: &[],
    },
    on: On::Client(Role::MutualTls),
    needs: &[Need::Endpoint("userinfo_endpoint"), Need::Metadata("tls_client_certificate_bound_access_tokens")],
    run: |bench, client| Box::pin(run(bench, client)),
};

/// A certificate that somebody made for themselves, and its worthless key.
const STRANGER: &str = include_str!("stranger.pem");
/// How a resource refuses such a token (RFC 8705 section 3).
const REFUSED: &[&str] = &["invalid_token"];

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let ClientAuth::MutualTls(identity) = &client.auth else {
        return Err(Inconclusive::new("the target has no client with mutual TLS"));
    };
    let url = match bench.target().mtls_endpoint("userinfo_endpoint") {
        Some(url) => url,
        None => bench.endpoint("userinfo_endpoint")?,
    };
    let (tokens, _) = bench.tokens(client).await?;
    let shown = ("Bearer", &tokens.access);
    let own: Agent = bench.agent().with_certificate(identity)?;
    let honest = show(&own, url, shown, &[]).await?;
    if honest.status != 200 {
        let because = format!("a token with its own certificate was answered {}", honest.summary());
        return Err(Inconclusive::new(because));
    }
    let answer = show(bench.agent(), url, shown, &[]).await?;
    bench.judge_resource(&answer, REFUSED, "a bound token without a certificate");
    let what = "a bound token with another certificate";
    match show(&bench.agent().with_certificate(&STRANGER.into())?, url, shown, &[]).await {
        Ok(answer) => drop(bench.judge_resource(&answer, REFUSED, what)),
        // A server that lets in the certificates of known authorities alone does not get as far as to the token.
        Err(reason) => {
            let because = format!("the connection of {what} is refused: {reason}");
            bench.found(Finding::new(Verdict::Stopped, because), Some(&answer));
        }
    }
    Ok(())
}
