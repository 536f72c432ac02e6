//! A resource of the attacker's names an honest authorization server as its own. The user logs in there, sees nothing
//! unusual, and the attacker gets the token; if the client has not said for which resource it is, it is good at all
//! the others.

use oauth_types::fault::{Edit, Point};

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::{Ability, Done, Errand, Visitor};
use crate::observe;
use crate::profile::Profile;
use crate::stage::{Address, Stage};
use crate::verdict::Level;

/// `rp-prm-foreign-as`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-prm-foreign-as",
        name: "A resource of the attacker's with an honest server",
        story: story!("prm_foreign_as.rs"),
        capabilities: &[Capability::A1, Capability::A5],
        citation: "RFC 9728 section 7.6, RFC 8707 section 2",
        steps: &[
            "The metadata of the attacker's resource name the honest server.",
            "The client is asked to begin a login for that resource.",
        ],
        secure: "The client refuses, or asks for a token for the attacker's resource alone.",
        insecure: "The client asks for a token that is good elsewhere.",
        defence: "Tokens are asked for by the name of the resource they are for.",
        level: Level::Should,
        levels: &[(Profile::Mcp, Level::Must)],
    },
    only_looks: false,
    needs: &[Ability::BeginFor],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let (honest, attacker) = (stage.idp().await?, stage.idp_of_attacker().await?);
    let visitor = Visitor::new();
    stage.login(&visitor, &honest).await?;
    let own = Errand::BeginFor { resource: format!("{}/resource", honest.issuer()) };
    stage.must(&visitor, own, &[&honest]).await?;
    let lie = attacker.lie_at(Point::ResourceMetadata, Edit::set("authorization_servers", vec![honest.issuer()]));
    let resource = format!("{}/resource", attacker.issuer());
    let errand = Errand::BeginFor { resource: resource.clone() };
    let before = honest.journal().len();
    let done = stage.ask(&visitor, errand, &[&attacker, &honest]).await?;
    if !lie.was_told() {
        return Err(Inconclusive::new("the client does not read the metadata of a resource"));
    }
    let Some(Ok(Done::Sent { url })) = done else {
        stage.withstood("the client begins no login for a resource of somebody else");
        return Ok(());
    };
    let sent: Vec<_> = honest.journal().into_iter().skip(before).collect();
    let asked = observe::asked(&Address::parse(&url)?, &sent);
    match asked.all("resource").eq([resource.as_str()]) {
        true => stage.withstood("the token is for the resource of the attacker alone"),
        false => stage.violated("a resource of the attacker gets a token that is good elsewhere"),
    };
    Ok(())
}
