//! The client keeps in its state where to lead its user after the login. The attacker writes another address into it.
//! A client that recognises the login by another part of the state follows what the attacker has written.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

use super::destination;

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::{Ability, Done, Door, Errand, Said, Visitor};
use crate::stage::{Address, Heard, Stage};
use crate::verdict::Level;

/// A page of the client. It need not exist.
const PAGE: &str = "/the-page-after-the-login";

/// `rp-state-tampered`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-state-tampered",
        name: "The page to return to, changed in the state",
        story: story!("state_tampered.rs"),
        capabilities: &[Capability::A1, Capability::A3],
        citation: "RFC 9700 sections 4.7.1 and 4.11.1, RFC 6749 section 10.15",
        steps: &[
            "A login is begun that returns to a page of the client.",
            "The part of the state of the response that names this page is replaced by an address of the attacker.",
            "The response reaches the client, and the browser goes where it is led.",
        ],
        secure: "The response is rejected, or what was changed is ignored.",
        insecure: "The browser is led to the address of the attacker.",
        defence: "A state is compared as a whole, or nothing in it is believed without a signature.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[Ability::Open, Ability::Pages],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    let visitor = Visitor::new();
    stage.must_begin(&visitor, &idp).await?;
    let params = vec![("return_to".to_owned(), PAGE.to_owned())];
    let done = stage.must(&visitor, Errand::Open { door: Door::Login, params }, &[&idp]).await?;
    let Done::Sent { url } = done else {
        return Err(Inconclusive::new("the client does not begin a login at its login page"));
    };
    let address = stage.follow(&visitor, &idp, &Address::parse(&url)?).await?;
    let state = tampered(address.get("state"), PAGE, destination::ELSEWHERE)
        .ok_or_else(|| Inconclusive::new("the client does not keep in its state where to return to"))?;
    let heard = stage.deliver(&visitor, &address.set("state", state), &[&idp]).await?;
    match (destination::astray(stage, &visitor, &heard), &heard) {
        (Some(to), _) => stage.violated(format!("the client leads to {to}, which its state was changed to")),
        (None, Heard::Said(Said::Accepted { .. })) => stage.withstood("what was changed in the state is ignored"),
        (None, _) => stage.must_reject(&heard, "a response with a changed state"),
    };
    Ok(())
}

/// The state with one text in it replaced by another, however it is encoded.
fn tampered(state: &str, from: &str, to: &str) -> Option<String> {
    if state.contains(from) {
        return Some(state.replace(from, to));
    }
    let mut pieces = state.split(|c: char| !c.is_ascii_alphanumeric() && !"-_+/=".contains(c));
    pieces.find_map(|piece| {
        [URL_SAFE_NO_PAD, URL_SAFE, STANDARD, STANDARD_NO_PAD].iter().find_map(|engine| {
            let text = String::from_utf8(engine.decode(piece).ok()?).ok()?;
            text.contains(from).then(|| state.replace(piece, &engine.encode(text.replace(from, to))))
        })
    })
}
