//! The token endpoint answers with a redirect that repeats the request elsewhere. A client that follows it sends the
//! code, the verifier and its secret to whoever the redirect names.

use crate::attack::{Capability, ClientAttack, Idea, story};
use crate::verdict::Level;

use super::token_redirect;

/// `rp-token-redirect-307`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-token-redirect-307",
        name: "Token endpoint that redirects",
        story: story!("token_redirect_307.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 9110 section 15.4.8, RFC 6749 section 3.2",
        steps: &[
            "The token endpoint answers with 307, and in another login with 308, to the address of somebody else.",
            "The client logs somebody in.",
        ],
        secure: "The client does not follow, and the login fails.",
        insecure: "The code, the verifier and the secret arrive at the other address.",
        defence: "No redirect of a token request is followed.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(token_redirect::must_not_be_followed(stage, &[307, 308])),
};
