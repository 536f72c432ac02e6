//! The client signs assertions that several servers would take, that can be used again, or that live for hours.
//! Whoever gets hold of one authenticates with it as the client.

use mock_idp::MockIdp;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::judge::Finding;
use crate::observe;
use crate::stage::Stage;
use crate::verdict::{Level, Verdict};

/// `rp-assertion-hygiene`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-assertion-hygiene",
        name: "Assertions that are good elsewhere, or for long",
        story: story!("assertion_hygiene.rs"),
        capabilities: &[Capability::A1, Capability::A2],
        citation: "RFC 7523 section 3 as draft-ietf-oauth-rfc7523bis updates it, FAPI 2.0 Security Profile section 5.3.3.1",
        steps: &[
            "The client logs in twice and authenticates by private_key_jwt.",
            "Audience, identifier, lifetime and algorithm of its assertions are looked at.",
        ],
        secure: "The audience is the issuer and nobody else, each assertion has an identifier of its own and ends within minutes.",
        insecure: "The audience is a list or an endpoint, an identifier comes twice, or the assertion lives for long.",
        defence: "An assertion is for one server, one request and a few minutes.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: true,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = stage.idp_of(MockIdp::builder().pkce_optional().on("audience-token-endpoint")).await?;
    let logins = observe::logins(stage, &idp, 2).await;
    let sent = idp.journal();
    let assertions: Vec<_> = sent.iter().filter_map(|entry| entry.params.get("client_assertion")).collect();
    if assertions.is_empty() {
        return Err(Inconclusive::new("the client does not authenticate by private_key_jwt"));
    }
    let mut seen = BTreeSet::new();
    let mut wrong = None;
    for assertion in &assertions {
        let (header, claims) = (observe::header(assertion), observe::claims(assertion));
        let (header, claims) = (header.unwrap_or_default(), claims.unwrap_or_default());
        let fresh = claims.get("jti").and_then(Value::as_str).is_some_and(|jti| seen.insert(jti.to_owned()));
        wrong = wrong.or(defect(&header, &claims, idp.issuer()));
        if !fresh {
            wrong = wrong.or(Some("assertions have no identifier of their own"));
        }
        if life(&claims, idp.now()).is_none_or(|seconds| seconds > LONGEST) {
            let because = "an assertion is good for more than five minutes";
            stage.found(Finding::new(Verdict::Vulnerable, because).at(Level::Should));
        }
    }
    if let Some(because) = wrong {
        stage.violated(because);
        return Ok(());
    }
    observe::look(stage, &logins?, "assertions are for one server and one request", |_| Ok(None))
}

/// How long an assertion may be good, in seconds, with some leeway.
const LONGEST: u64 = 330;

fn defect(header: &Map<String, Value>, claims: &Map<String, Value>, issuer: &str) -> Option<&'static str> {
    let algorithm = header.get("alg").and_then(Value::as_str).unwrap_or("none");
    match claims.get("aud") {
        _ if algorithm == "none" || algorithm.starts_with("HS") => {
            Some("assertions are not signed with a private key")
        }
        Some(Value::String(audience)) if audience == issuer => None,
        Some(Value::Array(_)) => Some("the audience of assertions is a list"),
        Some(Value::String(audience)) if audience.starts_with(issuer) => {
            Some("the audience of assertions is an endpoint instead of the issuer")
        }
        _ => Some("the audience of assertions is not the issuer"),
    }
}

fn life(claims: &Map<String, Value>, now: u64) -> Option<u64> {
    Some(claims.get("exp")?.as_u64()?.saturating_sub(now))
}
