//! The server promises PKCE and takes any verifier. The attacker brings a code of their own into the browser of the
//! victim, once with the attacker's state and once with the victim's, and only state and nonce can stop it.

use mock_idp::MockIdp;
use oauth_types::fault::{Edit, Point};

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::Visitor;
use crate::on_clients::foreign_code::{self, Foreign};
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-as-ignores-pkce`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-as-ignores-pkce",
        name: "A server that only says it checks verifiers",
        story: story!("as_ignores_pkce.rs"),
        capabilities: &[Capability::A1, Capability::A3],
        citation: "RFC 9700 sections 2.1.1, 4.5.3.2 and 4.7.1",
        steps: &[
            "A server promises PKCE and does not compare verifiers.",
            "The victim begins a login. The attacker logs in as well, and keeps the response.",
            "The browser of the victim brings the response of the attacker.",
            "It brings the attacker's code once more, with the victim's state.",
        ],
        secure: "The state stops the first response, and the nonce the second.",
        insecure: "The client redeems a code that came with another state, or logs the victim in as the attacker.",
        defence: "State and nonce are compared, whatever the server promises.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp_of(MockIdp::builder().without("RFC 7636")).await?;
    let _boast = idp.lie_at(Point::Discovery, Edit::set("code_challenge_methods_supported", vec!["S256"]));
    for with_state in [false, true] {
        let (attacker, victim) = (Visitor::attacker(), Visitor::new());
        let since = idp.journal().len();
        let request = stage.must_begin(&victim, &idp).await?;
        let wanted = foreign_code::asked(&idp, &request, since);
        let since = idp.journal().len();
        let own = stage.must_begin(&attacker, &idp).await?;
        let asked = foreign_code::asked(&idp, &own, since);
        let foreign = Foreign::of(own, &asked, &wanted);
        let injected = stage.follow(&attacker, &idp, &foreign.request).await?;
        let state = wanted.get("state").filter(|_| with_state).unwrap_or(injected.get("state")).to_owned();
        let address = injected.set("state", state);
        let before = idp.requests("/userinfo").len();
        let heard = stage.deliver(&victim, &address, &[&idp]).await?;
        if with_state {
            foreign.differs_in_its_nonce()?;
            let heard = (address.get("code"), &heard);
            let what = "a code of the attacker's with the victim's state";
            foreign_code::must_be_rejected(stage, &idp, heard, what)?;
        } else {
            let whose = "the attacker at a server that does not check verifiers";
            stage.must_not_redeem(&idp, address.get("code"), whose);
            stage.must_reject(&heard, "a response of the attacker's at a server that does not check verifiers");
        }
        if idp.requests("/userinfo").len() > before {
            stage.violated("the client used the access token of an injected code");
        }
    }
    Ok(())
}
