//! The client sends its secret in the header and in the body, or sends it although the server asks for signatures
//! only. The secret is seen by more eyes than it has to be, and a server that looks at one of the two may be made to
//! look at the other.

use mock_idp::Entry;
use oauth_types::fault::{Edit, Point};

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::client::Visitor;
use crate::judge::Finding;
use crate::observe;
use crate::stage::Stage;
use crate::verdict::{Level, Verdict};

/// `rp-client-auth-double`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-client-auth-double",
        name: "Two ways to authenticate in one request",
        story: story!("client_auth_double.rs"),
        capabilities: &[Capability::A2],
        citation: "RFC 6749 section 2.3",
        steps: &[
            "The client logs in where every method is offered.",
            "It logs in again where the metadata offer private_key_jwt alone.",
        ],
        secure: "Each request authenticates once, by a method that the server offers.",
        insecure: "A request carries more than one kind of credentials, or a secret that nobody asked for.",
        defence: "A request is authenticated by exactly one method, and that is one the server offers.",
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
    let mut sent = logins.iter().flat_map(|login| &login.sent);
    if sent.all(|entry| ways(entry).is_empty()) {
        return Err(Inconclusive::new("the client does not authenticate"));
    }
    observe::look(stage, &logins, "each request authenticates once", |login| {
        let twice = login.sent.iter().map(ways).find(|ways| ways.len() > 1);
        Ok(twice.map(|ways| format!("one request authenticates by {}", ways.join(" and by "))))
    })?;
    let strict = observe::lenient(stage).await?;
    let offer = Edit::set("token_endpoint_auth_methods_supported", vec!["private_key_jwt"]);
    let _offer = strict.lie_at(Point::Discovery, offer);
    let visitor = Visitor::new();
    if let Ok(request) = stage.begin(&visitor, &strict).await? {
        let address = stage.follow(&visitor, &strict, &request).await?;
        stage.deliver(&visitor, &address, &[&strict]).await?;
    }
    if strict.journal().iter().any(|entry| ways(entry).iter().any(|way| *way != ASSERTION)) {
        let because = "the secret is sent to a server that offers private_key_jwt alone";
        stage.found(Finding::new(Verdict::Vulnerable, because).at(Level::Should));
    }
    Ok(())
}

const ASSERTION: &str = "an assertion";

/// How a request authenticates.
fn ways(entry: &Entry) -> Vec<&'static str> {
    let header = entry.headers.get("authorization").and_then(|value| value.to_str().ok());
    let basic = header.is_some_and(|value| value.to_ascii_lowercase().starts_with("basic "));
    let ways = [
        ("the Authorization header", basic),
        ("a secret in the body", entry.params.get("client_secret").is_some()),
        (ASSERTION, entry.params.get("client_assertion").is_some()),
    ];
    ways.into_iter().filter(|(_, used)| *used).map(|(way, _)| way).collect()
}
