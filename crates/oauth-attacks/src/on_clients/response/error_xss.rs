//! The attacker lets the user open an error response whose description is a script, or whose link runs one. A client
//! that puts it on its page as it came runs the script of the attacker on its own site. Terminals and logs have such
//! characters, too.

use super::altered;

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::Ability;
use crate::on_clients::hostile_text;
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-error-xss`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-error-xss",
        name: "Error with a script in it",
        story: story!("error_xss.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 6749 sections 4.1.2.1 and 10.14",
        steps: &[
            "A login is begun.",
            "An error with markup in its description reaches the client in the place of the response.",
            "The same with a script in place of the link, and with characters that steer terminals, headers and the direction of text.",
            "The page that is shown is looked at, and what the client says.",
        ],
        secure: "What the server says is shown as plain text, or not at all.",
        insecure: "Markup, links or control characters of the server are on the page.",
        defence: "Text of a server is encoded for where it is shown.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    for hostile in hostile_text::ALL {
        let (visitor, address) = altered::answered(stage, &idp).await?;
        let address = address.without("code").set("error", "access_denied").set(hostile.parameter, hostile.text);
        let heard = stage.deliver(&visitor, &address, &[&idp]).await?;
        hostile_text::must_not_come_out(stage, &visitor, &heard, hostile);
    }
    match stage.can(Ability::Pages) || stage.can(Ability::Print) {
        true => Ok(()),
        false => Err(Inconclusive::new("the client cannot show pages")),
    }
}
