//! The attacker begins a login and lets the victim go on with it. The victim's response leaks, out of a log or a
//! history, and the attacker brings it to the client in the browser that began. Nothing stops an attacker who is
//! faster than the victim; one who comes later finds the login ended, if the client took the response in the wrong
//! browser for what it was.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::{Ability, Visitor};
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-browser-swap`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-browser-swap",
        name: "The victim's response in the attacker's browser",
        story: story!("browser_swap.rs"),
        capabilities: &[Capability::A1, Capability::A3],
        citation: "FAPI 2.0 Security Profile section 6, RFC 9700 section 4.7",
        steps: &[
            "The attacker begins a login and sends the address to the victim.",
            "The victim logs in, and the victim's browser brings the response, which the client rejects.",
            "The attacker brings the same response from the browser that began.",
        ],
        secure: "The login has ended with the first response, and the second is rejected.",
        insecure: "The attacker is logged in as the victim.",
        defence: "A response that turns up in another browser ends the login it is for.",
        level: Level::Info,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    if stage.can(Ability::OpenBrowser) {
        // What comes to another computer never gets to the program of the attacker.
        return Err(Inconclusive::new("the client does not see what comes to other computers than its own"));
    }
    let idp = stage.idp().await?;
    let (attacker, victim) = (Visitor::attacker(), Visitor::new());
    let request = stage.must_begin(&attacker, &idp).await?;
    let address = stage.follow_as_is(&victim, &idp, &request).await?;
    let first = stage.deliver(&victim, &address, &[&idp]).await?;
    stage.must_reject(&first, "a response to a login of another browser");
    let second = stage.deliver(&attacker, &address, &[&idp]).await?;
    stage.must_reject(&second, "a response that was in another browser before");
    Ok(())
}
