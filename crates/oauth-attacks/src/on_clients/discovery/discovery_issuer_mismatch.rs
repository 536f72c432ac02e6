//! The metadata of a server name another issuer than the one they were asked of. A client that does not compare the
//! two takes the endpoints of one server for those of another.

use oauth_types::fault::{Edit, Point};

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::Visitor;
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-discovery-issuer-mismatch`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-discovery-issuer-mismatch",
        name: "Metadata of another issuer",
        story: story!("discovery_issuer_mismatch.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 8414 section 3.3, OpenID Connect Discovery section 4.3",
        steps: &[
            "The issuer in the metadata is another host, in further attempts one with a slash or a path more, or missing.",
            "The client is asked to log somebody in.",
        ],
        secure: "The client does not use the metadata.",
        insecure: "The client begins a login with them.",
        defence: "The issuer in the metadata is compared, character by character, with the one they were asked of.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let lies = [
        ("on another host", Edit::set("issuer", "https://honest.example")),
        ("with a slash more", Edit::Suffix { name: "issuer".to_owned(), text: "/".to_owned() }),
        ("with a path more", Edit::Suffix { name: "issuer".to_owned(), text: "/tenant".to_owned() }),
        ("without a name", Edit::remove("issuer")),
    ];
    for (what, edit) in lies {
        let idp = stage.idp().await?;
        let lie = idp.lie_at(Point::Discovery, edit);
        let begun = stage.ask_to_begin(&Visitor::new(), &idp).await?;
        match begun {
            _ if !lie.was_told() => return Err(Inconclusive::new("the client does not read metadata")),
            Some(Err(_)) => stage.withstood(format!("metadata of an issuer {what} are not used")),
            Some(Ok(_)) => stage.violated(format!("a login begins with the metadata of an issuer {what}")),
            None => stage.violated(format!("the client broke down at metadata of an issuer {what}")),
        };
    }
    Ok(())
}
