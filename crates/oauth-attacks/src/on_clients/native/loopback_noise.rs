//! Before the browser comes back, others knock: a favicon, a page that tries ports, a request for another host that a
//! rebound name leads here, a hundred forged responses. A client that takes the first visitor for the right one gives
//! up the login, or finishes one that is not its own.

use crate::agent::Request;
use crate::client::{Ability, Said, Visitor};
use crate::on_clients::native::listener;
use crate::stage::Address;
use http::Method;

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::stage::{Heard, Stage};
use crate::trace::Party;
use crate::verdict::Level;

/// `rp-loopback-noise`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-loopback-noise",
        name: "Noise at the listener",
        story: story!("loopback_noise.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 8252 sections 8.3 and 8.9",
        steps: &[
            "Let a native application begin a login.",
            "Send its listener requests for other paths, with other methods, for another host, without a state, with another one, and a hundred more.",
            "Bring the browser back with the right response.",
        ],
        secure: "The application ignores what is not its response, and finishes with the right one.",
        insecure: "The first request ends the login.",
        defence: "Only a response with the right path, host and state ends the wait.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[Ability::Listen],
    run: |stage| Box::pin(run(stage)),
};

/// How many forged responses come before the right one.
const FORGED: usize = 100;

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = listener::idp(stage).await?;
    let visitor = Visitor::new();
    let request = stage.must_begin(&visitor, &idp).await?;
    let address = stage.follow(&visitor, &idp, &request).await?;
    let forged = Address { base: address.base.clone(), ..Address::parse("?code=forged&state=forged")? };
    let get = |address: &Address| Request::get(Party::Attacker, Party::Client, &address.base, address.params.clone());
    let favicon = Address::parse(&format!("http://127.0.0.1:{}/favicon.ico", listener::port(&idp, &request)?))?;
    let noise = [
        get(&favicon),
        get(&Address { base: address.base.clone(), ..favicon }),
        get(&forged.clone().without("state")),
        get(&forged).with_header("host", "attacker.example"),
        Request { method: Method::HEAD, ..get(&forged) },
        Request::post(Party::Attacker, Party::Client, &forged.base, forged.params.clone()),
    ];
    for knock in noise {
        // Nobody has to answer it.
        let _ = stage.agent().send(knock).await;
    }
    let aside = stage.agent().aside();
    for _ in 0..FORGED {
        let _ = aside.send(get(&forged)).await;
    }
    let heard = stage.deliver(&visitor, &address, &[&idp]).await?;
    match &heard {
        Heard::Said(Said::Accepted { .. }) => stage.withstood("the client waits for the right response"),
        heard => stage.violated(format!("noise at the listener ends the login: {heard}")),
    };
    let codes: Vec<_> = idp
        .token_requests()
        .into_iter()
        .map(|entry| entry.params.get("code").unwrap_or_default().to_owned())
        .collect();
    if codes.iter().any(|code| code != address.get("code")) {
        stage.violated("the client redeemed a code that its listener was given by somebody else");
    }
    if codes.len() > 1 {
        stage.violated("the client redeemed more than one code in one login");
    }
    Ok(())
}
