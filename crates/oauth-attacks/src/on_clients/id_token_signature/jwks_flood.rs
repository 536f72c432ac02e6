//! The key set has no end, or ten thousand keys, or is not there at all. A client that reads on, or asks again and
//! again, is busy with one login for as long as the attacker likes.

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::Visitor;
use crate::judge::Finding;
use crate::on_clients::forged_token::Arrived;
use crate::on_clients::stranger;
use crate::stage::Stage;
use crate::verdict::Level;
use crate::verdict::Verdict;
use oauth_types::fault::{Edit, Point};
use serde_json::json;

/// `rp-jwks-flood`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-jwks-flood",
        name: "Key set without measure",
        story: story!("jwks_flood.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 8725 section 3.10, RFC 7517 section 5",
        steps: &[
            "Let the server answer for its key set with a body that never ends, and let somebody log in.",
            "Let it publish ten thousand keys.",
            "Let it answer 500, five times, and count how often it is asked.",
        ],
        secure: "The client stops reading at a limit, and fails at once.",
        insecure: "The client reads for as long as something comes, or asks again without pause.",
        defence: "Key sets have a greatest size, and a failure is not followed by another attempt at once.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: false,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    answered_in_time(stage, Edit::Endless, "a key set without end").await?;
    let key = stranger::key()?;
    let many: Vec<_> = (0..10_000)
        .map(|number| stranger::jwk(&key, |jwk| jwk.insert("kid".to_owned(), format!("key-{number}").into())))
        .collect();
    answered_in_time(stage, Edit::set("keys", json!(many)), "a key set of ten thousand keys").await?;
    let idp = stage.idp().await?;
    let lie = idp.lie_at(Point::Jwks, Edit::Status { code: 500 });
    for _ in 0..5 {
        // A client that begins no login without the keys has asked for them as well.
        if let Err(reason) = stage.aside().login(&Visitor::new(), &idp).await
            && idp.requests("/jwks").is_empty()
        {
            return Err(reason);
        }
    }
    drop(lie);
    let asked = idp.requests("/jwks").len();
    let (verdict, because) = match asked <= 10 {
        true => (Verdict::Stopped, format!("five logins without a key set made it ask {asked} times")),
        false => (Verdict::Vulnerable, format!("the client asked {asked} times for the key set in five logins")),
    };
    stage.found(Finding::new(verdict, because).at(Level::Should));
    Ok(())
}

/// Whether a client that meets this key set comes to an end.
async fn answered_in_time(stage: &Stage, edit: Edit, what: &str) -> Result<(), Inconclusive> {
    let idp = stage.idp().await?;
    let lie = idp.lie_at(Point::Jwks, edit);
    // A client may fetch the keys before it sends anybody to the server.
    match stage.begin(&Visitor::new(), &idp).await {
        Ok(Ok(_)) => {}
        Ok(Err(rejected)) if lie.was_told() => {
            stage.withstood(format!("no login is begun with {what}: {}", rejected.shown()));
            return Ok(());
        }
        Err(_) if lie.was_told() => {
            stage.violated(format!("the client did not begin a login within ten seconds with {what}"));
            return Ok(());
        }
        Ok(Err(rejected)) => {
            return Err(Inconclusive::new(format!("the client begins no login: {}", rejected.shown())));
        }
        Err(reason) => return Err(reason),
    }
    let login = Arrived::at(stage, &idp).await?;
    let token = login.right(|mint| mint).await?.text;
    let heard = login.given(stage, token.into()).await?;
    if !lie.was_told() {
        return Err(Inconclusive::new("the client does not fetch the key set"));
    }
    match heard {
        None => stage.violated(format!("the client did not answer within ten seconds to {what}")),
        Some(crate::stage::Heard::BrokeDown) => stage.violated(format!("the client broke down at {what}")),
        Some(_) => stage.withstood(format!("the client comes to an end with {what}")),
    };
    Ok(())
}
