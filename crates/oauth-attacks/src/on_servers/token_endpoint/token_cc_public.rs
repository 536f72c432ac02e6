//! A public client asks for tokens of its own with the client credentials grant. It has no credentials, and its
//! client_id is known to everybody, so whoever likes gets a token that an API takes for a trusted machine. A client
//! that may use the grant gets no refresh token by it: it can always ask again.

use oauth_types::{ErrorCode, Params};

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::Finding;
use crate::target::{Registration, Role};
use crate::trace::Party;
use crate::verdict::{Level, Verdict};

/// `as-token-cc-public`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-token-cc-public",
        name: "Client credentials without credentials",
        story: story!("token_cc_public.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 6749 sections 4.4 and 4.4.3",
        steps: &[
            "A public client sends the client credentials grant with its client_id.",
            "A confidential client that may use the grant sends it with its credentials.",
        ],
        secure: "The public client is refused, and the confidential one gets an access token alone.",
        insecure: "The public client gets a token, or the confidential one a refresh token.",
        defence: "The client credentials grant is for clients that have authenticated.",
        level: Level::Must,
        levels: &[],
    },
    on: On::Client(Role::Public),
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let form = || Params::new().with("grant_type", "client_credentials");
    let answer = bench.request(client, "token_endpoint", form()).send().await?;
    bench.judge(&answer, REFUSED, "the client credentials grant of a public client");
    let Some(machine) = bench.target().role(Role::WithoutCode) else { return Ok(()) };
    let answer = bench.request(machine, "token_endpoint", form()).from(Party::Client).send().await?;
    if answer.member("refresh_token").is_some() {
        let because = "the client credentials grant brings a refresh token";
        bench.found(Finding::new(Verdict::Vulnerable, because).at(Level::Should), Some(&answer));
    }
    Ok(())
}

/// Who may not use it is not authorized, and who cannot authenticate is no client for it.
const REFUSED: &[ErrorCode] =
    &[ErrorCode::UnauthorizedClient, ErrorCode::InvalidClient, ErrorCode::UnsupportedGrantType];
