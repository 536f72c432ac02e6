//! The server does not say that it checks verifiers, and the client sends neither a state nor a nonce. Nothing then
//! ties the response to the browser that asked for it, and an attacker lets the victim finish a login of the attacker.

use oauth_types::fault::{Edit, Point};

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::Visitor;
use crate::judge::Finding;
use crate::observe;
use crate::stage::Stage;
use crate::verdict::{Level, Verdict};

/// `rp-state-missing`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-state-missing",
        name: "No state",
        story: story!("state_missing.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 9700 sections 2.1 and 4.7.1, RFC 6749 section 10.12",
        steps: &[
            "A server promises no PKCE in its metadata.",
            "The client begins a login there, and another one at a server that promises it.",
        ],
        secure: "The authorization request carries a state, or a nonce, that belongs to this login alone.",
        insecure: "The request carries neither, so that any response fits.",
        defence: "Every authorization request carries a state that is good for one login.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: true,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let careless = observe::lenient(stage).await?;
    let silence = careless.lie_at(Point::Discovery, Edit::remove("code_challenge_methods_supported"));
    let visitor = Visitor::new();
    if stage.begin(&visitor, &careless).await?.is_err() {
        stage.withstood("the client does not log in where no PKCE is promised");
    } else {
        let logins = observe::logins(stage, &careless, 1).await?;
        observe::look(stage, &logins, "the authorization request carries a state or a nonce", |login| {
            let bare = login.asked("state").is_empty() && login.asked("nonce").is_empty();
            Ok(bare.then(|| "neither state nor nonce ties the response to the browser".to_owned()))
        })?;
    }
    drop((silence, careless));
    let careful = observe::lenient(stage).await?;
    let logins = observe::logins(stage, &careful, 1).await?;
    if logins.iter().any(|login| login.asked("state").is_empty()) {
        let because = "PKCE alone ties the response to the browser, without a state";
        stage.found(Finding::new(Verdict::Vulnerable, because).at(Level::Info));
    }
    Ok(())
}
