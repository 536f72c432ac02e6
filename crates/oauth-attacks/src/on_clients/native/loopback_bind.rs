//! A native application listens for the code on the machine of its user. If it listens on every interface, on the same
//! port each time, or goes on listening when it is done, others on the network or on the machine can speak to it, or
//! take its place.

use crate::client::{Ability, Said, Visitor};
use crate::judge::Finding;
use crate::on_clients::native::listener;
use std::net::Ipv4Addr;

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::stage::{Heard, Stage};
use crate::verdict::Level;
use crate::verdict::Verdict;

/// `rp-loopback-bind`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-loopback-bind",
        name: "Listener that others can reach",
        story: story!("loopback_bind.rs"),
        capabilities: &[Capability::A1, Capability::A2],
        citation: "RFC 8252 sections 7.3 and 8.3",
        steps: &[
            "Let a native application begin a login, and read its port from the redirect URI.",
            "Connect to that port at another address of the machine.",
            "Bring the browser back, and connect once more.",
            "Let it begin another login, and compare the ports.",
        ],
        secure: "The application listens on the loopback address alone, on a port of the moment, until the response is there.",
        insecure: "The application listens on every interface, or does not stop.",
        defence: "The listener is bound to the loopback address and closed after the response.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[Ability::Listen],
    run: |stage| Box::pin(run(stage)),
};

/// Another address of this machine alone: a listener that is bound to 127.0.0.1 does not answer there.
const ELSEWHERE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = listener::idp(stage).await?;
    let visitor = Visitor::new();
    let request = stage.must_begin(&visitor, &idp).await?;
    let port = listener::port(&idp, &request)?;
    if !listener::answers(Ipv4Addr::LOCALHOST, port).await {
        return Err(Inconclusive::new("the client does not listen at its redirect URI on 127.0.0.1"));
    }
    match listener::answers(ELSEWHERE, port).await {
        true => stage.violated("the client listens on other addresses than that of its redirect URI"),
        false => stage.withstood("the client listens on the loopback address alone"),
    };
    let address = stage.follow(&visitor, &idp, &request).await?;
    let heard = stage.deliver(&visitor, &address, &[&idp]).await?;
    if !matches!(heard, Heard::Said(Said::Accepted { .. })) {
        return Err(Inconclusive::new(format!("a login by the listener failed: {heard}")));
    }
    match listener::answers(Ipv4Addr::LOCALHOST, port).await {
        true => stage.violated("the client goes on listening after the response"),
        false => stage.withstood("the client closes its listener after the response"),
    };
    let second = listener::port(&idp, &stage.must_begin(&Visitor::new(), &idp).await?)?;
    let (verdict, because) = match second == port {
        true => (Verdict::Vulnerable, "the client listens on the same port each time"),
        false => (Verdict::Stopped, "the client listens on another port each time"),
    };
    stage.found(Finding::new(verdict, because).at(Level::Should));
    Ok(())
}
