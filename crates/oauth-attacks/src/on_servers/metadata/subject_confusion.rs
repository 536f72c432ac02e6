//! A client gets a token on its own account, whose subject is the client. If it can choose its identifier, it chooses
//! that of a user, and a resource that looks at the subject alone takes it for that user.

use oauth_types::{ErrorCode, Params};
use serde_json::json;

use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::bench::{Bench, Tokens};
use crate::judge::Finding;
use crate::target::{Registration, Role};
use crate::verdict::{Level, Verdict};

use super::registering::{forget, honest, newcomer, register, registered};

/// `as-subject-confusion`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-subject-confusion",
        name: "A client that is called like a user",
        story: story!("subject_confusion.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 9700 section 4.15",
        steps: &[
            "Learn the subject of a user from a login.",
            "Register a client, and say that its client_id is that subject.",
            "Ask for a token on a client's own account, and show it at the UserInfo endpoint.",
        ],
        secure: "The server chooses another identifier, and UserInfo refuses the token of a client.",
        insecure: "The client is called like the user, or UserInfo answers as if the client were a user.",
        defence: "Clients do not choose their identifiers, and tokens tell clients from users.",
        level: Level::Must,
        levels: &[],
    },
    on: On::OneClient,
    needs: &[Need::Endpoint("registration_endpoint"), Need::Endpoint("userinfo_endpoint")],
    run: |bench, client| Box::pin(run(bench, client)),
};

/// How a registration may be refused that names its own identifier.
const REFUSED: &[ErrorCode] = &[ErrorCode::InvalidClientMetadata];
/// How UserInfo refuses a token that is not about a user.
const NO_USER: &[&str] = &["invalid_token", "insufficient_scope"];

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let (tokens, _) = bench.tokens(client).await?;
    let told = bench.userinfo(&tokens).await?;
    let subject = told.member("sub").ok_or_else(|| Inconclusive::new("the server does not say who logged in"))?;
    forget(bench, Some(newcomer(bench).await?)).await;
    let mut metadata = honest();
    metadata["client_id"] = json!(subject);
    let answer = register(bench, &metadata).await?;
    match registered(&answer) {
        None => drop(bench.judge(&answer, REFUSED, "a registration that names its own client_id")),
        Some(newcomer) => {
            let finding = match newcomer.client.client_id == subject {
                true => Finding::new(Verdict::Vulnerable, "a client may be called like a user").at(Level::Should),
                false => Finding::new(Verdict::Stopped, "a client that wants to be called like a user is not"),
            };
            bench.found(finding, Some(&answer));
            forget(bench, Some(newcomer)).await;
        }
    }
    let Some(machine) = bench.target().role(Role::WithoutCode) else { return Ok(()) };
    for scope in [None, Some("openid")] {
        let form = Params::new().with("grant_type", "client_credentials");
        let form = scope.map_or(form.clone(), |scope| form.with("scope", scope));
        let answer = bench.request(machine, "token_endpoint", form).send().await?;
        let Some(access) = answer.member("access_token") else { continue };
        let own = Tokens { access: access.into(), bound_to: None, id_token: None, refresh: None };
        let answer = bench.userinfo(&own).await?;
        bench.judge_resource(&answer, NO_USER, "a client's own access token at the UserInfo endpoint");
    }
    Ok(())
}
