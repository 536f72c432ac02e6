//! The client redeems a code with another redirect URI than the one it was asked for with, or with none. It works only
//! where nobody compares the two, and there a code that was sent to somebody else can be redeemed as well.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::observe;
use crate::profile::Profile;
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-redirect-uri-consistency`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-redirect-uri-consistency",
        name: "Another redirect URI in the token request",
        story: story!("redirect_uri_consistency.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 6749 section 4.1.3, OAuth 2.1 section 4.1.3",
        steps: &[
            "The client logs somebody in.",
            "The redirect URIs of its authorization request and of its token request are compared.",
        ],
        secure: "Both are the same, character by character; under OAuth 2.1 the second may be left out.",
        insecure: "The token request carries another one, or none where it is needed.",
        defence: "The redirect URI is kept with the login and sent again as it was.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: true,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = observe::lenient(stage).await?;
    let logins = observe::logins(stage, &idp, 1).await?;
    let may_be_left_out = matches!(stage.profile(), Profile::Oauth21 | Profile::Mcp);
    observe::look(stage, &logins, "both requests have the same redirect URI", |login| {
        let (first, second) = (login.asked.get("redirect_uri"), login.token()?.params.get("redirect_uri"));
        Ok(match (first, second) {
            (Some(_), None) if !may_be_left_out => Some("the token request carries no redirect URI".to_owned()),
            (first, Some(second)) if first != Some(second) => {
                Some("the token request carries another redirect URI".to_owned())
            }
            _ => None,
        })
    })
}
