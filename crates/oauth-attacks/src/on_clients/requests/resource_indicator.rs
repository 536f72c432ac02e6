//! The client wants to call one resource and asks for a token without naming it. The token is then good at every
//! resource of the server, and the one that gets it can call the others with it.

use oauth_types::Params;

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::{Ability, Done, Errand, Visitor};
use crate::observe;
use crate::profile::Profile;
use crate::stage::{Address, Stage};
use crate::verdict::Level;

/// `rp-resource-indicator`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-resource-indicator",
        name: "A token for everywhere",
        story: story!("resource_indicator.rs"),
        capabilities: &[Capability::A1, Capability::A5],
        citation: "RFC 8707 section 2, Model Context Protocol Authorization section Resource Parameter Implementation",
        steps: &[
            "The client is asked to log in for a resource.",
            "Its authorization request and its token request are searched for the name of the resource.",
        ],
        secure: "Both requests name exactly the resource that is going to be called.",
        insecure: "One of the requests names no resource, or another one.",
        defence: "Tokens are asked for by the name of the resource they are for.",
        level: Level::Should,
        levels: &[(Profile::Mcp, Level::Must)],
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
    let before = idp.journal().len();
    let done = stage.must(&visitor, Errand::BeginFor { resource: resource.clone() }, &[&idp]).await?;
    let Done::Sent { url } = done else {
        return Err(Inconclusive::new("the client does not begin a login for a resource"));
    };
    let login = observe::carry_on(stage, &idp, &visitor, (Address::parse(&url)?, before)).await?;
    observe::look(stage, &[login], "both requests name the resource", |login| {
        let names = |params: &Params| params.all("resource").eq([resource.as_str()]);
        Ok(if !names(&login.asked) {
            Some("the authorization request does not name the resource".to_owned())
        } else if !names(&login.token()?.params) {
            Some("the token request does not name the resource".to_owned())
        } else {
            None
        })
    })
}
