//! The attacker puts a code of their own into the victim's response, where the state is right. The verifier of the
//! victim's login does not fit, unless the client lets the logins of different visitors share one, and then the
//! victim works in the attacker's account.

use mock_idp::Entry;

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::Visitor;
use crate::idp::Idp;
use crate::stage::{Address, Heard, Stage};
use crate::verdict::Level;

/// `rp-code-injection-pkce`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-code-injection-pkce",
        name: "Code injection, PKCE",
        story: story!("code_injection_pkce.rs"),
        capabilities: &[Capability::A3],
        citation: "RFC 9700 section 4.5",
        steps: &[
            "The victim and the attacker each begin a login and are answered honestly.",
            "The code of the response of the victim is replaced by that of the attacker.",
            "The response reaches the client in the browser of the victim.",
        ],
        secure: "The code is sent at most once, with the verifier of the victim, and nobody is logged in.",
        insecure: "The victim is logged in as the attacker, or the code is tried again.",
        defence: "A code is redeemed with the verifier of the login it came back to.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    let (injected, heard) = inject(stage, &idp).await?;
    let carries = |entry: &&Entry| entry.params.get("code") == Some(injected.get("code"));
    if idp.token_requests().iter().filter(carries).count() > 1 {
        stage.violated("the client sent an injected code again");
    }
    stage.must_reject(&heard, "an injected code");
    Ok(())
}

/// The attacker's code in the victim's response: the state is right, the code is not.
pub(super) async fn inject(stage: &Stage, idp: &Idp) -> Result<(Address, Heard), Inconclusive> {
    let (victim, attacker) = (Visitor::new(), Visitor::attacker());
    let request = stage.must_begin(&victim, idp).await?;
    let response = stage.follow(&victim, idp, &request).await?;
    let own_request = stage.must_begin(&attacker, idp).await?.set("login_hint", "bob");
    let own_response = stage.follow(&attacker, idp, &own_request).await?;
    let injected = response.set("code", own_response.get("code"));
    let heard = stage.deliver(&victim, &injected, &[idp]).await?;
    Ok((injected, heard))
}
