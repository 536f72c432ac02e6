//! The user chooses the attacker's server, which sends the browser on to an honest one. The honest server answers,
//! and a client that believes to be talking to the attacker's sends it the code, and the verifier with it.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::Visitor;
use crate::observe;
use crate::stage::{Address, Stage};
use crate::verdict::Level;

/// `rp-mixup-classic`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-mixup-classic",
        name: "Mix-up",
        story: story!("mixup_classic.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 9700 section 4.4, RFC 9207 section 1",
        steps: &[
            "The user chooses the attacker's server.",
            "That server sends the browser on to an honest one, as the client that is known there.",
            "The honest server answers, and the browser brings the response to the client.",
        ],
        secure: "The client sees that the response is from another server than the chosen one, and stops.",
        insecure: "The client sends the honest server's code to the attacker's token endpoint.",
        defence: "The client learns from the response which server it is from, and goes on only with that one.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let honest = stage.idp().await?;
    let attacker = stage.idp_of_attacker().await?;
    let visitor = Visitor::new();
    let chosen = stage.must_begin(&visitor, &attacker).await?;
    // What the attacker's authorization endpoint does: it sends the browser on, as the client that the honest server
    // knows.
    let aside = stage.aside();
    let honest_request = aside.must_begin(&Visitor::new(), &honest).await?;
    let sent_on = Address { base: honest_request.base, params: observe::asked(&chosen, &attacker.journal()) };
    let sent_on = sent_on.set("client_id", &honest.provider().client.client_id);
    stage.note_redirect(&attacker, &chosen, "sent on to the honest server");
    let address = stage.follow(&visitor, &honest, &sent_on).await?;
    let heard = stage.deliver(&visitor, &address, &[&honest, &attacker]).await?;
    stage.must_not_redeem(&attacker, address.get("code"), "the honest server at the attacker's");
    stage.must_reject(&heard, "a response of another server than the chosen one");
    Ok(())
}
