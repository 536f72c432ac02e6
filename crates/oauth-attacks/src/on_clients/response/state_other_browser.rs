//! The attacker begins a login in their own browser, and lets the victim's browser open the response. A client that
//! finds the login by its state alone logs the victim in as the attacker, who later reads what the victim entered.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::Visitor;
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-state-other-browser`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-state-other-browser",
        name: "Response in another browser",
        story: story!("state_other_browser.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 9700 sections 2.1 and 4.7, RFC 6749 section 10.12",
        steps: &[
            "The attacker begins a login and is answered honestly.",
            "The response is opened in the browser of the victim, which has no login open.",
            "The same in a browser that has a login of its own open.",
        ],
        secure: "Each response is rejected, and the code is not sent to anybody.",
        insecure: "The victim is logged in as the attacker.",
        defence: "A login is finished only in the browser that began it.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    for has_login in [false, true] {
        let (attacker, victim) = (Visitor::attacker(), Visitor::new());
        let request = stage.must_begin(&attacker, &idp).await?;
        let address = stage.follow(&attacker, &idp, &request).await?;
        let what = if has_login {
            stage.must_begin(&victim, &idp).await?;
            "a response to a login of another browser, beside a login of its own"
        } else {
            "a response to a login of another browser"
        };
        let heard = stage.deliver(&victim, &address, &[&idp]).await?;
        stage.must_not_redeem(&idp, address.get("code"), what);
        stage.must_reject(&heard, what);
    }
    Ok(())
}
