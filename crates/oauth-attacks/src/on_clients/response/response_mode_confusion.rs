//! The client has asked for a response in the query, and gets one in the fragment or in a form. Clients keep old ways
//! in for such responses, pages that read the fragment or doors for forms, and these often look at less: the attacker
//! chooses the way that does not compare the state.

use super::altered;

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::{Ability, Done, Errand, Said, Visitor};
use crate::dice::fresh;
use crate::stage::{Heard, Stage};
use crate::verdict::Level;

/// `rp-response-mode-confusion`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-response-mode-confusion",
        name: "Response in another place",
        story: story!("response_mode_confusion.rs"),
        capabilities: &[Capability::A1],
        citation: "OAuth 2.0 Multiple Response Type Encoding Practices section 2.1, RFC 6749 sections 4.1.2 and 10.12",
        steps: &[
            "A login is begun and answered honestly.",
            "The response reaches the client in the fragment, with a state of the attacker.",
            "The same in a form, if the client takes forms.",
        ],
        secure: "Each response is rejected, and no token request is sent.",
        insecure: "The code is redeemed although the state is wrong.",
        defence: "A response is taken only in the way that was asked for, or with the same checks.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    let (visitor, address): (Visitor, _) = altered::answered(stage, &idp).await?;
    let forged = address.set("state", fresh()).in_fragment();
    let what = "a response in the fragment, with another state";
    let heard = stage.deliver(&visitor, &forged, &[&idp]).await?;
    stage.must_not_redeem(&idp, forged.get("code"), what);
    stage.must_reject(&heard, what);
    if stage.can(Ability::TakeForm) {
        let (visitor, address) = altered::answered(stage, &idp).await?;
        let form = address.set("state", fresh()).params.encode();
        let before = idp.token_requests().len();
        let done = stage.ask(&visitor, Errand::TakeForm { form }, &[&idp]).await?;
        if idp.token_requests().len() > before {
            stage.violated("the client redeemed the code of a form with another state");
        }
        let heard = match done {
            None => Heard::BrokeDown,
            Some(Ok(Done::Is(said))) => Heard::Said(said),
            Some(Ok(_)) => return Err(Inconclusive::new("the client does not say what came of a form")),
            Some(Err(rejected)) => Heard::Said(Said::Rejected(rejected)),
        };
        stage.must_reject(&heard, "a response in a form, with another state");
    }
    Ok(())
}
