//! A resource server that users do not trust with much gets hold of a token for another one, and introspects it. If it
//! is told what the token is good for and whom it is about, it learns what was meant for the other.

use mock_idp::jose::Jws;
use serde_json::Value;

use crate::answer::Answer;
use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::Finding;
use crate::target::{Registration, Role};
use crate::verdict::{Level, Verdict};

use super::probes::{is_active, judge_silence};

/// `as-introspect-foreign-aud`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-introspect-foreign-aud",
        name: "Introspection of a token for another resource",
        story: story!("introspect_foreign_aud.rs"),
        capabilities: &[Capability::A5],
        citation: "RFC 7662 section 4, RFC 9701 section 5",
        steps: &[
            "Obtain an access token for the first resource, which that resource can introspect.",
            "Introspect it as the second resource.",
            "Do so again, asking for an answer in a JWT.",
        ],
        secure: "The second resource is told that the token is not active, and nothing else.",
        insecure: "The second resource is told what the token is good for.",
        defence: "A resource is told of tokens that are meant for it, and of no others.",
        level: Level::Should,
        levels: &[],
    },
    on: On::OneClient,
    needs: &[
        Need::Endpoint("introspection_endpoint"),
        Need::Resources,
        Need::Client(Role::Resource),
        Need::Client(Role::SecondResource),
    ],
    run: |bench, client| Box::pin(run(bench, client)),
};

/// What an answer in a JWT is asked for by (RFC 9701 section 4).
const IN_JWT: &str = "application/token-introspection+jwt";

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let missing = || Inconclusive::new("the target has no two resources");
    let [resource, _] = bench.target().resources.as_ref().ok_or_else(missing)?;
    let grant = bench.authorization(client).set("resource", resource).grant().await?;
    let answer = bench.redemption(client, &grant).set("resource", resource).send().await?;
    let tokens = bench.tokens_of(client, &answer)?;
    let (first, second) = (bench.role(Role::Resource)?, bench.role(Role::SecondResource)?);
    let told = bench.introspection(first, &tokens.access).send().await?;
    if !is_active(&told) {
        return Err(Inconclusive::new("the server does not tell a resource of the tokens that are meant for it"));
    }
    if !names(&told, resource) {
        return Err(Inconclusive::new("the server does not issue tokens for one resource"));
    }
    let answer = bench.introspection(second, &tokens.access).send().await?;
    judge_silence(bench, None, &answer, "introspection by another resource");
    let answer = bench.introspection(second, &tokens.access).header("accept", IN_JWT).send().await?;
    let what = "introspection by another resource that asks for a JWT";
    match in_jwt(&answer) {
        Some(true) => {
            let because = format!("the server answers {what} with active true");
            bench.found(Finding::new(Verdict::Vulnerable, because), Some(&answer))
        }
        Some(false) => {
            let because = format!("{what} is answered with active false");
            bench.found(Finding::new(Verdict::Stopped, because), Some(&answer))
        }
        None => judge_silence(bench, None, &answer, what),
    };
    Ok(())
}

/// Whether an answer says that a token is for this resource (RFC 7662 section 2.2).
fn names(answer: &Answer, resource: &str) -> bool {
    let members = answer.object().unwrap_or_default();
    match members.get("aud") {
        Some(Value::Array(all)) => all.iter().any(|one| one == resource),
        Some(only) => only == resource,
        None => false,
    }
}

/// What an answer in a JWT says of the token, if it is one (RFC 9701 section 5).
fn in_jwt(answer: &Answer) -> Option<bool> {
    let jws = Jws::parse(answer.body.trim()).ok()?;
    jws.claims().get("token_introspection")?.get("active")?.as_bool()
}
