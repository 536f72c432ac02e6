//! The server answers with an error, and the client lets the same visitor try again with the challenge, the state or
//! the nonce of before. These were shown to whoever read the first request and response.

use oauth_types::fault::{Edit, Fault, Point};

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::{Said, Visitor};
use crate::observe;
use crate::stage::{Address, Heard, Stage};
use crate::verdict::Level;

/// `rp-pkce-fresh-after-error`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-pkce-fresh-after-error",
        name: "Old challenge after an error",
        story: story!("pkce_fresh_after_error.rs"),
        capabilities: &[Capability::A3, Capability::A4],
        citation: "OAuth 2.1 section 7.5.1, RFC 9700 section 2.1.1",
        steps: &[
            "The server answers an authorization request with temporarily_unavailable.",
            "The same visitor tries again.",
            "The two requests are compared.",
        ],
        secure: "The second request has another challenge, state and nonce.",
        insecure: "The second request repeats one of them.",
        defence: "A new attempt has a new challenge, state and nonce.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = observe::lenient(stage).await?;
    let visitor = Visitor::new();
    let lie = idp.lie(
        Fault::always(Point::AuthorizationResponse, Edit::set("error", "temporarily_unavailable"))
            .and(Edit::remove("code"))
            .once(),
    );
    let first = observe::login(stage, &idp, &visitor).await?;
    if !lie.was_told() {
        return Err(Inconclusive::new("the authorization request did not reach the server"));
    }
    let again = match first.heard()? {
        Heard::Said(Said::SentOn { url }) => Address::parse(url)?,
        _ => stage.must_begin(&visitor, &idp).await?,
    };
    let reused = ["code_challenge", "state", "nonce"]
        .into_iter()
        .filter(|name| !again.get(name).is_empty() && again.get(name) == first.asked(name));
    match reused.collect::<Vec<_>>().as_slice() {
        [] => stage.withstood("the second attempt is a new login"),
        names => stage.violated(format!("the second attempt has the {} of the first", names.join(" and "))),
    };
    Ok(())
}
