//! The client pushes its request and repeats it in the address that the browser opens. What was meant to be between
//! the client and the server can be read there, and a server that looks at the address as well can be told something
//! else.

use oauth_types::fault::Point;
use oauth_types::params::display_name;

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::observe;
use crate::profile::Profile;
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-par-only-params`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-par-only-params",
        name: "What was pushed goes through the browser as well",
        story: story!("par_only_params.rs"),
        capabilities: &[Capability::A4],
        citation: "RFC 9126 section 4, FAPI 2.0 Security Profile section 5.3.3.2",
        steps: &[
            "The client pushes an authorization request.",
            "The address it sends the browser to is searched for more than the name of that request.",
        ],
        secure: "The address carries the client identifier and the request URI and nothing else.",
        insecure: "The address carries parameters of the pushed request.",
        defence: "Only the client identifier and the request URI go through the browser.",
        level: Level::Should,
        levels: &[(Profile::Fapi2, Level::Must)],
    },
    only_looks: true,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = observe::lenient(stage).await?;
    let logins = observe::logins(stage, &idp, 1).await?;
    observe::look(stage, &logins, "only the name of the pushed request goes through the browser", |login| {
        if !login.sent.iter().any(|entry| entry.point == Some(Point::PushedAuthorization)) {
            return Err(Inconclusive::new("the client does not push its requests"));
        }
        let mut names = login.request.params.iter().map(|(name, _)| name);
        let more = names.find(|name| !["client_id", "request_uri"].contains(name));
        Ok(more.map(|name| format!("{} goes through the browser although it was pushed", display_name(name))))
    })
}
