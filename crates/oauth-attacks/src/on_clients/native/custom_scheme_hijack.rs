//! Another application on the device has claimed the same scheme, and gets the response first. It goes to the token
//! endpoint with the code, and what it lacks is the verifier. Without PKCE it lacks nothing.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::{Said, Visitor};
use crate::observe::lenient;
use crate::on_clients::native::thief;
use crate::stage::{Heard, Stage};
use crate::verdict::Level;

/// `rp-custom-scheme-hijack`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-custom-scheme-hijack",
        name: "Redirect that another application catches",
        story: story!("custom_scheme_hijack.rs"),
        capabilities: &[Capability::A1, Capability::A3],
        citation: "RFC 8252 sections 7.1 and 8.1, RFC 7636 section 1",
        steps: &[
            "Let somebody log in at a server that does not ask for PKCE, and take the code on its way back.",
            "Redeem it without a verifier, and with a wrong one.",
            "Bring the browser back to the client as well, too late.",
        ],
        secure: "The code is worthless without the verifier, and the client fails once and for all.",
        insecure: "The other application gets the tokens.",
        defence: "The client sends a challenge with every request, so that a stolen code cannot be redeemed.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: true,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = lenient(stage).await?;
    match stage.aside().login(&Visitor::new(), &idp).await? {
        Heard::Said(Said::Accepted { .. }) => {}
        heard => return Err(Inconclusive::new(format!("an honest login failed before the attack: {heard}"))),
    }
    let visitor = Visitor::new();
    let request = stage.must_begin(&visitor, &idp).await?;
    let address = stage.follow(&visitor, &idp, &request).await?;
    thief::redeem(stage, &idp, &address).await?;
    let before = idp.token_requests().len();
    if stage.deliver(&visitor, &address, &[&idp]).await? == Heard::BrokeDown {
        stage.violated("the client broke down at a code that somebody else had tried");
    }
    match idp.token_requests().len() - before {
        0 | 1 => stage.withstood("the client tries its code once"),
        tries => stage.violated(format!("the client tried its code {tries} times")),
    };
    Ok(())
}
