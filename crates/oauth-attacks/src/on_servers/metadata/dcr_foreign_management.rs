//! Whoever registers a client gets a token with which to manage that registration. If the token works at the address of
//! another client, one registration is enough to read, rewrite and delete all the others.

use http::Method;

use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::Finding;
use crate::target::Registration;
use crate::verdict::{Level, Verdict};

use super::registering::{forget, honest, manage, newcomer};

/// `as-dcr-foreign-management`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-dcr-foreign-management",
        name: "Management of another client's registration",
        story: story!("dcr_foreign_management.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 7592 sections 2 and 5",
        steps: &[
            "Register two clients, each with its registration access token.",
            "Read, replace and delete the registration of the first with the token of the second.",
            "Read it without a token.",
            "Read it with its own token.",
        ],
        secure: "The others are refused with 401, and the registration is what it was.",
        insecure: "The registration is shown, changed or gone.",
        defence: "A registration access token is good for the registration it came with.",
        level: Level::Must,
        levels: &[],
    },
    on: On::Nobody,
    needs: &[Need::Endpoint("registration_endpoint")],
    run: |bench, client| Box::pin(run(bench, client)),
};

/// How such a request is refused: by name, or as one without a token.
const REFUSED: &[&str] = &["invalid_token", ""];

async fn run(bench: &Bench, _client: &Registration) -> Result<(), Inconclusive> {
    let (victim, attacker) = (newcomer(bench).await?, newcomer(bench).await?);
    let unmanaged = || Inconclusive::new("the server issues no registration access tokens");
    let (uri, own) = victim.managed.as_ref().ok_or_else(unmanaged)?;
    let (_, foreign) = attacker.managed.as_ref().ok_or_else(unmanaged)?;
    let mut changed = honest();
    changed["client_id"] = victim.client.client_id.as_str().into();
    changed["redirect_uris"] = serde_json::json!(["https://attacker.example/callback"]);
    for (what, method, token, metadata) in [
        ("reading of another client's registration", Method::GET, Some(foreign), None),
        ("reading of a registration without a token", Method::GET, None, None),
        ("replacement of another client's registration", Method::PUT, Some(foreign), Some(&changed)),
        ("deletion of another client's registration", Method::DELETE, Some(foreign), None),
    ] {
        let answer = manage(bench, method, (uri, token), metadata).await?;
        bench.judge_resource(&answer, REFUSED, what);
    }
    let answer = manage(bench, Method::GET, (uri, Some(own)), None).await?;
    if answer.status != 200 || answer.body.contains("attacker.example") {
        let because = "the registration of a client is not what it was";
        bench.found(Finding::new(Verdict::Vulnerable, because), Some(&answer));
    }
    forget(bench, Some(victim)).await;
    forget(bench, Some(attacker)).await;
    Ok(())
}
