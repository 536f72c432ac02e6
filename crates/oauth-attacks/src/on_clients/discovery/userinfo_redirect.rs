//! The UserInfo endpoint or the key set answers with a redirect. A client that follows gives its token to somebody
//! else, or believes claims and keys of somebody else.

use oauth_types::fault::{Edit, Point};

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::{Said, Visitor};
use crate::stage::{Heard, Stage};
use crate::verdict::Level;

/// `rp-userinfo-redirect`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-userinfo-redirect",
        name: "Claims and keys that have moved",
        story: story!("userinfo_redirect.rs"),
        capabilities: &[Capability::A1, Capability::A5],
        citation: "RFC 9110 section 15.4, RFC 9700 section 4.9.1",
        steps: &[
            "The UserInfo endpoint, in further logins the key set, answers with 302 and 307 to the address of somebody else.",
            "The client logs somebody in, each time.",
        ],
        secure: "The client does not follow, or takes no token along and believes nothing it gets.",
        insecure: "The token arrives at the other address, or what is there is believed.",
        defence: "Redirects of endpoints are not followed.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let (mut asked, endpoints) = (false, [(Point::Userinfo, "/userinfo"), (Point::Jwks, "/jwks")]);
    for ((point, path), code) in endpoints.into_iter().flat_map(|point| [(point, 302), (point, 307)]) {
        let (idp, elsewhere) = (stage.idp().await?, stage.canary().await?);
        let location = format!("{}{path}", elsewhere.issuer());
        let lie = idp.lie_at(point, Edit::Redirect { code, location });
        let heard = stage.login(&Visitor::new(), &idp).await?;
        if !lie.was_told() {
            continue;
        }
        asked = true;
        let followed = elsewhere.journal();
        let believed = matches!(heard, Heard::Said(Said::Accepted { .. })) && !followed.is_empty();
        if followed.iter().any(|entry| entry.headers.get("authorization").is_some()) {
            stage.violated(format!("the token follows a redirect of {path}, status {code}"));
        } else if believed {
            stage.violated(format!("what a redirect of {path} leads to is believed, status {code}"));
        } else if heard == Heard::BrokeDown {
            stage.violated(format!("the client broke down at a redirect of {path}, status {code}"));
        } else {
            stage.withstood(format!("a redirect of {path} leads nowhere, status {code}"));
        }
    }
    if asked { Ok(()) } else { Err(Inconclusive::new("the client does not ask for claims or keys")) }
}
