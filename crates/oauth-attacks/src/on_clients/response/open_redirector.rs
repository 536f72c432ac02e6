//! The login page of the client takes an address to return to, and the attacker links to it with one of their own. The
//! user trusts the site of the link, logs in, and lands at the attacker, who asks for a password again, or gets what
//! the client adds to the address.

use super::destination;

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::{Ability, Done, Door, Errand, Visitor};
use crate::stage::{Address, Stage};
use crate::verdict::Level;

/// Addresses that are elsewhere, for browsers at least.
const ADDRESSES: [&str; 8] = [
    "https://attacker.example/",
    "//attacker.example/",
    "/\\attacker.example/",
    "\\\\attacker.example/",
    "/\t/attacker.example/",
    "https:attacker.example/",
    "http://127.0.0.1:9@attacker.example/",
    "javascript:alert(document.domain)",
];

/// `rp-open-redirector`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-open-redirector",
        name: "Open redirector",
        story: story!("open_redirector.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 9700 section 4.11.1, RFC 6749 section 10.15",
        steps: &[
            "The login page is opened with an address of the attacker as the page to return to.",
            "The login is answered honestly and brought back, and the browser goes where it is led.",
            "The same with addresses that only browsers take for somewhere else, and with a script.",
        ],
        secure: "The browser stays at the site of the client.",
        insecure: "The browser is led to the attacker, or runs the script.",
        defence: "A page to return to is one of the own site, as browsers read it.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[Ability::Open, Ability::Pages],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    for address in ADDRESSES {
        let visitor = Visitor::new();
        stage.must_begin(&visitor, &idp).await?;
        let params = vec![("return_to".to_owned(), address.to_owned())];
        match stage.ask(&visitor, Errand::Open { door: Door::Login, params }, &[&idp]).await? {
            None => {
                stage.violated(format!("the client broke down when it was told to return to {address:?}"));
            }
            Some(Ok(Done::Sent { url })) if url.starts_with(idp.issuer()) => {
                let response = stage.follow(&visitor, &idp, &Address::parse(&url)?).await?;
                let heard = stage.deliver(&visitor, &response, &[&idp]).await?;
                match destination::astray(stage, &visitor, &heard) {
                    Some(to) => stage.violated(format!("the client leads to {to:?} after a login")),
                    None => stage.withstood(format!("the client does not lead to {address:?}")),
                };
            }
            Some(Ok(Done::Sent { url })) if url == address => {
                stage.violated(format!("the login page leads to {address:?}"));
            }
            Some(_) => {
                stage.withstood(format!("the client begins no login that returns to {address:?}"));
            }
        }
    }
    Ok(())
}
