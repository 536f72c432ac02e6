//! The attacker puts a code of their own into the victim's response, where the state is right. The verifier of the
//! victim's login does not fit, unless the client lets the logins of different visitors share one, and then the
//! victim works in the attacker's account.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::Visitor;
use crate::idp::Idp;
use crate::on_clients::foreign_code::{self, Foreign};
use crate::stage::{Heard, Stage};
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
    let injected = inject(stage, &idp).await?;
    if foreign_code::redeemed(&idp, &injected.code).len() > 1 {
        stage.violated("the client sent an injected code again");
    }
    injected.login.refused_for_its_verifier(&idp, &injected.code)?;
    stage.must_reject(&injected.heard, "an injected code");
    Ok(())
}

/// A code of the attacker's that came back to the victim's login.
pub(super) struct Injected {
    /// The login it is of.
    pub(super) login: Foreign,
    /// The code.
    pub(super) code: String,
    /// What the client made of it.
    pub(super) heard: Heard,
}

/// The attacker's code in the victim's response: the state is right, the code is not.
pub(super) async fn inject(stage: &Stage, idp: &Idp) -> Result<Injected, Inconclusive> {
    let (victim, attacker) = (Visitor::new(), Visitor::attacker());
    let since = idp.journal().len();
    let request = stage.must_begin(&victim, idp).await?;
    let wanted = foreign_code::asked(idp, &request, since);
    let response = stage.follow(&victim, idp, &request).await?;
    let since = idp.journal().len();
    let own = stage.must_begin(&attacker, idp).await?;
    let asked = foreign_code::asked(idp, &own, since);
    let login = Foreign::of(own.set("login_hint", "bob"), &asked, &wanted);
    let own_response = stage.follow(&attacker, idp, &login.request).await?;
    let code = own_response.get("code").to_owned();
    let heard = stage.deliver(&victim, &response.set("code", &code), &[idp]).await?;
    Ok(Injected { login, code, heard })
}
