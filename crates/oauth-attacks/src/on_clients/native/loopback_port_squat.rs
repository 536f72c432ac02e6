//! Another program on the machine listens on the port before the application does. If the application sends its user
//! there all the same, the other program gets the code.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::{Ability, Said, Visitor};
use crate::on_clients::native::{listener, thief};
use crate::stage::{Heard, Stage};
use crate::verdict::Level;
use std::net::{Ipv4Addr, TcpListener};

/// `rp-loopback-port-squat`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-loopback-port-squat",
        name: "Port that somebody else has taken",
        story: story!("loopback_port_squat.rs"),
        capabilities: &[Capability::A1, Capability::A3],
        citation: "RFC 8252 sections 8.1 and 8.3, RFC 7636 section 1",
        steps: &[
            "Let a native application log somebody in, and take its port when it has closed it.",
            "Let it begin another login, and see whether it sends its user to the port that is taken.",
            "While it listens, try to listen on the same port.",
            "Redeem a code without its verifier, as a program that has taken the port would.",
        ],
        secure: "The application uses only a port that it has, and nobody can take it from it.",
        insecure: "The application names a port in its redirect URI that it did not get.",
        defence: "The redirect URI names the port that the listener is bound to, and no other.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[Ability::Listen],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = listener::idp(stage).await?;
    let visitor = Visitor::new();
    let request = stage.must_begin(&visitor, &idp).await?;
    let port = listener::port(&idp, &request)?;
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        Ok(_) => stage.violated("another program can listen on the port of the client while it waits"),
        Err(_) => stage.withstood("nobody else can listen on the port while the client waits"),
    };
    let address = stage.follow(&visitor, &idp, &request).await?;
    let heard = stage.deliver(&visitor, &address, &[&idp]).await?;
    if !matches!(heard, Heard::Said(Said::Accepted { .. })) {
        return Err(Inconclusive::new(format!("a login by the listener failed: {heard}")));
    }
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    let _taken =
        taken.map_err(|error| Inconclusive::new(format!("the port of the client cannot be taken: {error}")))?;
    let visitor = Visitor::new();
    match stage.begin(&visitor, &idp).await? {
        Err(rejected) => stage.withstood(format!("a port that is taken ends the login: {}", rejected.shown())),
        Ok(request) if listener::port(&idp, &request)? == port => {
            stage.violated("the client sends its user to a port where another program listens");
            let address = stage.follow(&visitor, &idp, &request).await?;
            thief::redeem(stage, &idp, &address).await?;
            return Ok(());
        }
        Ok(_) => stage.withstood("the client goes to another port when its own is taken"),
    };
    Ok(())
}
