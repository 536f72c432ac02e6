//! A code that was sent to one redirect URI of a client is redeemed with another one, as it happens when the attacker
//! made the server send the code elsewhere. The comparison is the client's way to learn of that.

use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::GRANT;
use crate::target::Registration;
use crate::verdict::Level;

/// `as-code-redirect-mismatch`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-code-redirect-mismatch",
        name: "Other redirect URI at the token endpoint",
        story: story!("code_redirect_mismatch.rs"),
        capabilities: &[Capability::A3],
        citation: "RFC 6749 sections 4.1.3 and 10.6, RFC 9700 section 4.5.2",
        steps: &[
            "The client asks for a code at its first redirect URI.",
            "The code is redeemed with the client's second redirect URI.",
        ],
        secure: "The request is refused with `invalid_grant`.",
        insecure: "The server hands out tokens without comparing the two.",
        defence: "The redirect URI of the token request is the one of the authorization request.",
        level: Level::Must,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[Need::SecondRedirectUri],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let second = client.redirect_uris.get(1);
    let second = second.ok_or_else(|| Inconclusive::new("the client has no second redirect URI"))?;
    let grant = bench.grant(client).await?;
    let answer = bench.redemption(client, &grant).set("redirect_uri", second).send().await?;
    bench.judge(&answer, GRANT, "a code with another redirect URI");
    Ok(())
}
