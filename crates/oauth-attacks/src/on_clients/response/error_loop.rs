//! The server answers every authorization request with an error that sounds as if asking again would help. A client
//! that sends the browser back at once keeps it going round for ever, and the server with it.

use oauth_types::fault::{Edit, Point};

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::{Said, Visitor};
use crate::stage::{Address, Heard, Stage};
use crate::verdict::Level;

/// How often a browser may be sent back.
const BOUND: usize = 3;

/// `rp-error-loop`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-error-loop",
        name: "Error that never ends",
        story: story!("error_loop.rs"),
        capabilities: &[Capability::A1],
        citation: "OpenID Connect Core section 3.1.2.6, RFC 6749 section 4.1.2.1",
        steps: &[
            "A login is begun at a server that answers every request with `login_required`.",
            "Wherever the client sends the browser at the server, it goes, up to six times.",
            "The same with `interaction_required`.",
        ],
        secure: "After a few requests the login has failed.",
        insecure: "The client begins the login anew after each error.",
        defence: "An error ends the login, and the user begins the next.",
        level: Level::Should,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    for error in ["login_required", "interaction_required"] {
        let idp = stage.idp().await?;
        let _lie = idp.lie_at(Point::AuthorizationResponse, Edit::error(error));
        let visitor = Visitor::new();
        let mut request = stage.must_begin(&visitor, &idp).await?;
        for times in 1.. {
            let address = stage.follow(&visitor, &idp, &request).await?;
            let heard = stage.deliver(&visitor, &address, &[&idp]).await?;
            match &heard {
                Heard::Said(Said::SentOn { url }) if url.starts_with(idp.issuer()) && times <= 2 * BOUND => {
                    request = Address::parse(url)?;
                }
                _ if times > BOUND => {
                    stage
                        .violated(format!("the client has sent the browser to the server {times} times for {error}"));
                    break;
                }
                _ => {
                    stage.must_reject(&heard, "an error that never ends");
                    break;
                }
            }
        }
    }
    Ok(())
}
