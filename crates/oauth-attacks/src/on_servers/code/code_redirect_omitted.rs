//! The authorization request named a redirect URI, and the token request names none. A server that compares the two
//! only if both are there lets the attacker skip the comparison that would have shown that the code went somewhere
//! else. OAuth 2.1 leaves the comparison to PKCE.

use oauth_types::ErrorCode;

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::profile::Profile;
use crate::target::Registration;
use crate::verdict::Level;

/// `as-code-redirect-omitted`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-code-redirect-omitted",
        name: "No redirect URI at the token endpoint",
        story: story!("code_redirect_omitted.rs"),
        capabilities: &[Capability::A3],
        citation: "RFC 6749 section 4.1.3",
        steps: &[
            "The client asks for a code with a redirect_uri.",
            "The code is redeemed with everything right, but without the redirect_uri.",
        ],
        secure: "The request is refused with `invalid_grant` or `invalid_request`.",
        insecure: "The server hands out tokens.",
        defence: "A redirect URI that was sent with the authorization request is required again.",
        level: Level::Must,
        levels: &[(Profile::Oauth21, Level::Info), (Profile::Mcp, Level::Info)],
    },
    on: On::EachClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let grant = bench.grant(client).await?;
    let answer = bench.redemption(client, &grant).without("redirect_uri").send().await?;
    bench.judge(&answer, MISSING, "a code without its redirect URI");
    Ok(())
}

/// RFC 6749 section 5.2: something is missing, or the grant does not match the redirection URI.
const MISSING: &[ErrorCode] = &[ErrorCode::InvalidGrant, ErrorCode::InvalidRequest];
