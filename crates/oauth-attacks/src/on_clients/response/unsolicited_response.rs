//! The attacker lets a browser that has begun no login open the redirect URI with a code of the attacker. A client
//! that makes up for the missing login leaves its user in the account of the attacker.

use super::altered;

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::{Ability, Visitor};
use crate::dice::fresh;
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-unsolicited-response`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-unsolicited-response",
        name: "Response that nobody asked for",
        story: story!("unsolicited_response.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 6749 section 10.12, RFC 9700 section 4.7",
        steps: &[
            "The attacker begins a login and is answered honestly.",
            "A browser that has begun nothing opens the response without a state.",
            "The same in logins of their own with a made up state, and with an empty one.",
        ],
        secure: "Each response is rejected, and no token request is sent.",
        insecure: "The code of the attacker is redeemed for a browser that began nothing.",
        defence: "A response is taken only from a browser that began a login.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    if stage.can(Ability::OpenBrowser) {
        // There is no application before it opens the browser.
        return Err(Inconclusive::new("the client does not run before a login is begun"));
    }
    let idp = stage.idp().await?;
    for what in [
        "a response without a login",
        "a response without a login, with a made up state",
        "a response without a login, with an empty state",
    ] {
        let attacker = Visitor::attacker();
        let request = stage.must_begin(&attacker, &idp).await?;
        let address = stage.follow(&attacker, &idp, &request).await?;
        let address = match what {
            "a response without a login" => address.without("state"),
            "a response without a login, with an empty state" => address.set("state", ""),
            _ => address.set("state", fresh()),
        };
        altered::must_be_rejected(stage, &idp, &Visitor::new(), &address, what).await?;
    }
    Ok(())
}
