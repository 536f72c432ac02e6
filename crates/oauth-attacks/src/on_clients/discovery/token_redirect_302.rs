//! The token endpoint answers with a redirect that is followed with a GET request. The client then asks the attacker,
//! takes the answer for that of its server, and may have put the code into the address.

use crate::attack::{Capability, ClientAttack, Idea, story};
use crate::verdict::Level;

use super::token_redirect;

/// `rp-token-redirect-302`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-token-redirect-302",
        name: "Token endpoint that has moved",
        story: story!("token_redirect_302.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 9110 section 15.4, RFC 6749 section 3.2",
        steps: &[
            "The token endpoint answers with 301, 302 and 303 to the address of somebody else.",
            "The client logs somebody in, each time.",
        ],
        secure: "The client does not follow, and the login fails.",
        insecure: "A request of the client arrives at the other address.",
        defence: "No redirect of a token request is followed.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(token_redirect::must_not_be_followed(stage, &[301, 302, 303])),
};
