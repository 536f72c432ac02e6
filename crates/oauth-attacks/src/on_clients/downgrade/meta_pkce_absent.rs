//! The metadata do not say that the server knows PKCE, because it does not, or because somebody has removed the line.
//! A client that then leaves out the challenge, and has nothing else that ties the response to the browser, takes any
//! code for its own.

use oauth_types::fault::{Edit, Point};

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::Visitor;
use crate::observe;
use crate::profile::Profile;
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-meta-pkce-absent`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-meta-pkce-absent",
        name: "Metadata without PKCE",
        story: story!("meta_pkce_absent.rs"),
        capabilities: &[Capability::A1, Capability::A2],
        citation: "RFC 9700 sections 2.1.1 and 4.7.1, Model Context Protocol Authorization section Authorization Code Protection",
        steps: &["The metadata do not name a method of PKCE.", "The client is asked to log somebody in."],
        secure: "The client refuses, or sends a challenge all the same and a state or a nonce besides; under the Model Context Protocol it refuses.",
        insecure: "The client begins a login without a challenge.",
        defence: "PKCE is used whether or not it is promised, and is not the only thing that ties responses to logins.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = observe::lenient(stage).await?;
    let lie = idp.lie_at(Point::Discovery, Edit::remove("code_challenge_methods_supported"));
    let begun = stage.begin(&Visitor::new(), &idp).await?;
    if !lie.was_told() {
        return Err(Inconclusive::new("the client does not read metadata"));
    }
    if begun.is_err() {
        stage.withstood("no login begins where no PKCE is promised");
        return Ok(());
    }
    if stage.profile() == Profile::Mcp {
        stage.violated("a login begins where no PKCE is promised");
        return Ok(());
    }
    let login = observe::login(stage, &idp, &Visitor::new()).await?;
    observe::look(stage, &[login], "PKCE is used although it is not promised", |login| {
        if login.challenge().is_err() {
            return Ok(Some("the client leaves PKCE out where it is not promised".to_owned()));
        }
        let alone = login.asked("state").is_empty() && login.asked("nonce").is_empty();
        Ok(alone.then(|| "the client trusts in PKCE alone where it is not promised".to_owned()))
    })
}
