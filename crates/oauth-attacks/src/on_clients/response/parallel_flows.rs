//! Two logins are under way in one browser, and their codes are exchanged. The verifier and the nonce of a login
//! belong to its state. A client that keeps one of each for the whole browser lets the second tab finish the first one
//! as somebody else.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::Visitor;
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-parallel-flows`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-parallel-flows",
        name: "Two tabs, crossed",
        story: story!("parallel_flows.rs"),
        capabilities: &[Capability::A1, Capability::A3],
        citation: "RFC 9700 section 4.5, RFC 7636 section 4.5",
        steps: &[
            "Two logins are begun in one browser, one after the other, and answered for two users.",
            "The response to the first reaches the client with the code of the second.",
            "The same with the code of the first in the response to the second.",
        ],
        secure: "Neither code is accepted, and none is sent with the verifier of the login it was issued for.",
        insecure: "The user of the second login is logged in by the first.",
        defence: "Verifier and nonce are kept with the state they belong to.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    for first_has_second in [true, false] {
        let visitor = Visitor::new();
        let requests = [stage.must_begin(&visitor, &idp).await?, stage.must_begin(&visitor, &idp).await?];
        let [first, second] = requests;
        let first = stage.follow(&visitor, &idp, &first).await?;
        let second = stage.follow(&visitor, &idp, &second.set("login_hint", "bob")).await?;
        let (what, crossed) = match first_has_second {
            true => ("the code of the second tab in the first", first.set("code", second.get("code"))),
            false => ("the code of the first tab in the second", second.set("code", first.get("code"))),
        };
        let heard = stage.deliver(&visitor, &crossed, &[&idp]).await?;
        stage.must_reject(&heard, what);
    }
    Ok(())
}
