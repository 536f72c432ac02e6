//! The metadata are said to be elsewhere, and there they are those of another issuer. A client that follows, and
//! believes that it still talks to the one it asked, logs its users in at the attacker's.

use oauth_types::fault::{Edit, Point};

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::Visitor;
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-discovery-redirect`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-discovery-redirect",
        name: "Metadata that have moved to somebody else",
        story: story!("discovery_redirect.rs"),
        capabilities: &[Capability::A1, Capability::A2],
        citation: "RFC 8414 section 3.3, OpenID Connect Discovery section 4.3",
        steps: &[
            "The metadata are redirected to those of the attacker's server, by 302 and by 307.",
            "The client is asked to log somebody in.",
        ],
        secure: "The client does not follow, or sees that the issuer is another one.",
        insecure: "The client sends the browser to the attacker's server.",
        defence: "Metadata are used only if they name the issuer they were asked of, wherever they come from.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    for code in [302, 307] {
        let (idp, attacker) = (stage.idp().await?, stage.canary().await?);
        let location = format!("{}/.well-known/openid-configuration", attacker.issuer());
        let lie = idp.lie_at(Point::Discovery, Edit::Redirect { code, location });
        let begun = stage.ask_to_begin(&Visitor::new(), &idp).await?;
        match begun {
            _ if !lie.was_told() => return Err(Inconclusive::new("the client does not read metadata")),
            Some(Ok(url)) if url.starts_with(attacker.issuer()) => {
                stage.violated(format!("a login begins where a redirect of the metadata leads, status {code}"))
            }
            None => stage.violated(format!("the client broke down at metadata that redirect, status {code}")),
            Some(_) => stage.withstood(format!("metadata that redirect are not used, status {code}")),
        };
    }
    Ok(())
}
