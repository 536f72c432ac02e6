//! The metadata at a resource of the attacker's say that they are about another one. A client that believes it gets a
//! token for that one, and sends it to the attacker.

use oauth_types::fault::{Edit, Point};

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::{Ability, Errand, Visitor};
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-prm-resource-mismatch`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-prm-resource-mismatch",
        name: "Metadata of another resource",
        story: story!("prm_resource_mismatch.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 9728 section 3.3",
        steps: &[
            "The client begins a login for a resource.",
            "The metadata of the resource name another host, another path, and no resource at all.",
            "The client is asked to begin again, each time.",
        ],
        secure: "The client does not use the metadata, and begins no login.",
        insecure: "The client begins a login all the same.",
        defence: "The resource in the metadata is compared with the one they were asked of.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[Ability::BeginFor],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    let visitor = Visitor::new();
    stage.login(&visitor, &idp).await?;
    let resource = format!("{}/resource", idp.issuer());
    let errand = Errand::BeginFor { resource: resource.clone() };
    stage.must(&visitor, errand.clone(), &[&idp]).await?;
    let set = |value: String| Edit::set("resource", value);
    let lies = [
        ("on another host", set("https://bank.example/resource".to_owned())),
        ("at another path", set(format!("{resource}/other"))),
        ("without a name", Edit::remove("resource")),
    ];
    for (what, edit) in lies {
        let lie = idp.lie_at(Point::ResourceMetadata, edit);
        let done = stage.ask(&visitor, errand.clone(), &[&idp]).await?;
        match done {
            _ if !lie.was_told() => return Err(Inconclusive::new("the client does not read metadata again")),
            Some(Err(_)) => stage.withstood(format!("metadata of a resource {what} are rejected")),
            Some(Ok(_)) => stage.violated(format!("a login begins with the metadata of a resource {what}")),
            None => stage.violated(format!("the client broke down at metadata of a resource {what}")),
        };
    }
    Ok(())
}
