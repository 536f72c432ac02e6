//! The token endpoint refuses every code. A client that answers by beginning the login anew keeps the browser of its
//! user going round, since a server where the user is logged in already answers at once, with the next code to be
//! refused.

use oauth_types::fault::{Edit, Point};

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::{Said, Visitor};
use crate::stage::{Address, Heard, Stage};
use crate::verdict::Level;

/// How often a browser may be sent back.
const BOUND: usize = 3;

/// `rp-token-invalid-grant-loop`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-token-invalid-grant-loop",
        name: "Code that is always refused",
        story: story!("token_invalid_grant_loop.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 6749 section 5.2",
        steps: &[
            "A login is begun and answered honestly.",
            "The token endpoint answers with `invalid_grant`.",
            "Wherever the client sends the browser at the server, it goes, up to six times.",
        ],
        secure: "A code is sent once, and after a few requests the login has failed.",
        insecure: "The client sends a code again, or begins the login anew each time.",
        defence: "A refused code ends the login, and the user begins the next.",
        level: Level::Should,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    let _lie = idp.lie_at(Point::TokenResponse, Edit::error("invalid_grant"));
    let visitor = Visitor::new();
    let mut request = stage.must_begin(&visitor, &idp).await?;
    for times in 1.. {
        let address = stage.follow(&visitor, &idp, &request).await?;
        let before = idp.token_requests().len();
        let heard = stage.deliver(&visitor, &address, &[&idp]).await?;
        if idp.token_requests().len() > before + 1 {
            stage.violated("the client sends a refused code again");
        }
        match &heard {
            Heard::Said(Said::SentOn { url }) if url.starts_with(idp.issuer()) && times <= 2 * BOUND => {
                request = Address::parse(url)?;
            }
            _ if times > BOUND => {
                stage.violated(format!("the client has sent the browser to the server {times} times"));
                break;
            }
            _ => {
                stage.must_reject(&heard, "a code that is refused");
                break;
            }
        }
    }
    Ok(())
}
