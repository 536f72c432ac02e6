//! Two logins are under way in one browser, and their codes are exchanged. The verifier and the nonce of a login
//! belong to its state. A client that keeps one of each for the whole browser lets the second tab finish the first one
//! as somebody else.

use oauth_types::Params;

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::Visitor;
use crate::idp::Idp;
use crate::on_clients::foreign_code::{self, Foreign};
use crate::stage::{Address, Stage};
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
    cross(stage, &idp, "the code of the second tab in the first", |tabs| tabs).await?;
    cross(stage, &idp, "the code of the first tab in the second", |[first, second]| [second, first]).await
}

/// A login as it was begun: where its browser is sent, and what it asks for.
type Tab = (Address, Params);

/// Lets a visitor log in twice, and brings back to one login what the other one got. `order` says to which.
async fn cross(stage: &Stage, idp: &Idp, what: &str, order: fn([Tab; 2]) -> [Tab; 2]) -> Result<(), Inconclusive> {
    let visitor = Visitor::new();
    let tabs = [begin(stage, idp, &visitor).await?, begin(stage, idp, &visitor).await?];
    let [(request, wanted), (other, asked)] = order(tabs);
    let foreign = Foreign::of(other.set("login_hint", "bob"), &asked, &wanted);
    let response = stage.follow(&visitor, idp, &request).await?;
    let other = stage.follow(&visitor, idp, &foreign.request).await?;
    let heard = stage.deliver(&visitor, &response.set("code", other.get("code")), &[idp]).await?;
    foreign.refused_for_its_verifier(idp, other.get("code"))?;
    stage.must_reject(&heard, what);
    Ok(())
}

async fn begin(stage: &Stage, idp: &Idp, visitor: &Visitor) -> Result<Tab, Inconclusive> {
    let since = idp.journal().len();
    let request = stage.must_begin(visitor, idp).await?;
    let asked = foreign_code::asked(idp, &request, since);
    Ok((request, asked))
}
