//! The token endpoint refuses, with a description that is a script, or a link that runs one. The answer comes from
//! server to server, and so seems safe to put on a page or into a log as it is.

use oauth_types::fault::{Edit, Fault, Point};
use serde_json::json;

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::{Ability, Visitor};
use crate::on_clients::hostile_text;
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-token-error-injection`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-token-error-injection",
        name: "Error of the token endpoint with a script in it",
        story: story!("token_error_injection.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 6749 sections 5.2 and 10.14",
        steps: &[
            "A login is begun and answered honestly.",
            "The token endpoint answers with an error that has markup in its description.",
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
        let text = json!({ "error": "invalid_request", hostile.parameter: hostile.text }).to_string();
        let body = Edit::Body { content_type: "application/json".to_owned(), text };
        let _lie = idp.lie(Fault::always(Point::TokenResponse, body).and(Edit::Status { code: 400 }));
        let visitor = Visitor::new();
        let request = stage.must_begin(&visitor, &idp).await?;
        let address = stage.follow(&visitor, &idp, &request).await?;
        let heard = stage.deliver(&visitor, &address, &[&idp]).await?;
        hostile_text::must_not_come_out(stage, &visitor, &heard, hostile);
    }
    match stage.can(Ability::Pages) || stage.can(Ability::Print) {
        true => Ok(()),
        false => Err(Inconclusive::new("the client cannot show pages")),
    }
}
