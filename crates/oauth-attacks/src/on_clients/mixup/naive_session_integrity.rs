//! The user chose one server, and the attacker makes the browser come back with a response of another, with the
//! attacker's own code in it. A client that takes the server from the response, and not from the login it remembers,
//! logs the user in as the attacker.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::Visitor;
use crate::idp::Idp;
use crate::observe;
use crate::on_clients::foreign_code;
use crate::stage::{Address, Stage};
use crate::verdict::Level;

/// `rp-naive-session-integrity`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-naive-session-integrity",
        name: "The response chooses the server",
        story: story!("naive_session_integrity.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 9207 section 2.4, RFC 9700 section 4.4.2, OAuth 2.1 section 7.15",
        steps: &[
            "The user begins a login at the attacker's server, which thereby learns the state.",
            "The attacker logs in at the honest server and keeps the response.",
            "The attacker's server sends the browser back to the client with that code and the state of the user's login.",
        ],
        secure: "The client goes on with the server that the user chose, or not at all.",
        insecure: "The client redeems the attacker's code at the honest server.",
        defence: "The server of a login is remembered with the login.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let honest = stage.idp().await?;
    let chosen = stage.idp_of_attacker().await?;
    let injected = response_of_attacker(stage, &honest).await?;
    let visitor = Visitor::new();
    let request = stage.must_begin(&visitor, &chosen).await?;
    let asked = observe::asked(&request, &chosen.journal());
    stage.note_redirect(&chosen, &request, "sent back with a code of the attacker's");
    let address = foreign_code::at_port_of(injected, &asked).set("state", asked.get("state").unwrap_or_default());
    let heard = stage.deliver(&visitor, &address, &[&honest, &chosen]).await?;
    stage.must_not_redeem(&honest, address.get("code"), "the attacker at a server the user has not chosen");
    stage.must_reject(&heard, "a response of a server that the user has not chosen");
    Ok(())
}

/// What comes back when the attacker logs in at a server, kept from the client.
pub(super) async fn response_of_attacker(stage: &Stage, honest: &Idp) -> Result<Address, Inconclusive> {
    let attacker = Visitor::attacker();
    let request = stage.must_begin(&attacker, honest).await?;
    stage.follow(&attacker, honest, &request).await
}
