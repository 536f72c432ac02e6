//! No attack, but the other side of the comparison: a native application listens at a port that the system gives it,
//! so any port of a registered loopback address must do. Where it does not, applications register wildcards, or fixed
//! ports that others can take first. The code is still bound to the whole address it was sent to.

use crate::attack::{Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::{Finding, GRANT};
use crate::target::{Registration, Role};
use crate::verdict::{Level, Verdict};

use super::address::{Address, loopback};

/// `as-redirect-loopback-port`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-redirect-loopback-port",
        name: "Any port of a loopback address",
        story: story!("redirect_loopback_port.rs"),
        capabilities: &[],
        citation: "RFC 8252 section 7.3, OAuth 2.1 section 8.4.2",
        steps: &[
            "A native client asks for a code at another port of each of its registered loopback addresses.",
            "It redeems one code with that address, and another one with a different port.",
        ],
        secure: "The request is granted at that port, and the code is good with exactly that address.",
        insecure: "The request is refused, or the code is redeemed with another port.",
        defence: "Of a loopback address, the port is not compared, and the code is bound to the address with its port.",
        level: Level::Must,
        levels: &[],
    },
    on: On::Client(Role::Native),
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

/// Ports that applications are given, from both ends of the dynamic ones.
const PORTS: [&str; 2] = [":49152", ":65535"];

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    for own in loopback(client)? {
        for port in PORTS.into_iter().filter(|port| *port != own.port) {
            let address = Address { port: port.to_owned(), ..own.clone() };
            at_port(bench, client, &address).await?;
        }
    }
    Ok(())
}

/// The request for this address must be granted, and the code bound to it.
async fn at_port(bench: &Bench, client: &Registration, address: &Address) -> Result<(), Inconclusive> {
    let (uri, Address { host, port, .. }) = (address.to_string(), address);
    let request = || bench.authorization(client).set("redirect_uri", &uri);
    let asked = request();
    let answer = asked.open().await?;
    let Some(grant) = asked.grant_in(&answer) else {
        let because = format!("port {} of {host} is refused with {}", &port[1..], answer.summary());
        bench.found(Finding::new(Verdict::Vulnerable, because), Some(&answer));
        return Ok(());
    };
    let answer = bench.redemption(client, &grant).send().await?;
    let (verdict, what) = match answer.has_tokens() {
        true => (Verdict::Stopped, "is granted, and its code redeemed"),
        false => (Verdict::Vulnerable, "is granted, but its code is not redeemed"),
    };
    bench.found(Finding::new(verdict, format!("port {} of {host} {what}", &port[1..])), Some(&answer));

    let grant = request().grant().await?;
    let other = Address { port: ":49153".to_owned(), ..address.clone() }.to_string();
    let answer = bench.redemption(client, &grant).set("redirect_uri", other).send().await?;
    bench.judge(&answer, GRANT, "a code with another port");
    Ok(())
}
