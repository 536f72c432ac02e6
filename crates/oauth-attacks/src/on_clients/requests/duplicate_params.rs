//! The client sends a parameter twice in one request. Servers, proxies and filters differ in which of the two they
//! read, so that one of them checks what another does not use.

use mock_idp::Entry;
use oauth_types::params::display_name;

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::observe;
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-duplicate-params`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-duplicate-params",
        name: "Parameters that are sent twice",
        story: story!("duplicate_params.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 6749 sections 3.1 and 3.2",
        steps: &["The client logs somebody in.", "Each of its requests is searched for names that occur twice."],
        secure: "Each request carries each parameter once.",
        insecure: "A request carries a parameter more than once.",
        defence: "Requests are made of sets of parameters, not of lists that are added to.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: true,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = observe::lenient(stage).await?;
    let logins = observe::logins(stage, &idp, 1).await?;
    observe::look(stage, &logins, "each parameter is sent once", |login| {
        if let Some(name) = login.request.params.duplicate(REPEATABLE).or(login.asked.duplicate(REPEATABLE)) {
            return Ok(Some(format!("the authorization request carries {} twice", display_name(name))));
        }
        let twice = |entry: &Entry| {
            let name = entry.params.duplicate(REPEATABLE)?;
            Some(format!("{} {} carries {} twice", entry.method, entry.path, display_name(name)))
        };
        Ok(login.sent.iter().find_map(twice))
    })
}

/// "Multiple `resource` parameters MAY be used" (RFC 8707 section 2), and so may `audience` (RFC 8693 section 2.1).
const REPEATABLE: &[&str] = &["resource", "audience"];
