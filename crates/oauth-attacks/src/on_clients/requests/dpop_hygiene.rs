//! The proofs of the client can be used again, fit other requests or other tokens, or carry the private key. Whoever
//! reads one of them uses a stolen token with it.

use mock_idp::Entry;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::challenge::s256;
use crate::idp::Idp;
use crate::observe;
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-dpop-hygiene`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-dpop-hygiene",
        name: "Proofs that prove too little",
        story: story!("dpop_hygiene.rs"),
        capabilities: &[Capability::A2, Capability::A5],
        citation: "RFC 9449 sections 4.2, 4.3 and 7.1",
        steps: &[
            "The client logs in twice and proves possession of a key.",
            "Every proof is compared with the request and the token it came with.",
        ],
        secure: "Each proof has an identifier and a time of its own, names method and address of its request, and the token if there is one.",
        insecure: "A proof repeats an identifier, names something else, leaves the token out, or holds more than a public key.",
        defence: "A proof is made for one request and one token.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: true,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = observe::lenient(stage).await?;
    let logins = observe::logins(stage, &idp, 2).await;
    if idp.journal().iter().all(|entry| proof(entry).is_none()) {
        return Err(Inconclusive::new("the client does not prove possession of a key"));
    }
    let mut seen = BTreeSet::new();
    let mut wrong = None;
    for entry in &idp.journal() {
        let Some(text) = proof(entry) else { continue };
        let (header, claims) = (observe::header(text), observe::claims(text));
        let (header, claims) = (header.unwrap_or_default(), claims.unwrap_or_default());
        let fresh = claims.get("jti").and_then(Value::as_str).is_some_and(|jti| seen.insert(jti.to_owned()));
        if !fresh {
            wrong = wrong.or(Some("proofs have no identifier of their own"));
        }
        wrong = wrong.or(of_header(&header)).or(of_claims(&claims, entry, &idp));
    }
    if let Some(because) = wrong {
        stage.violated(because);
        return Ok(());
    }
    observe::look(stage, &logins?, "each proof is for one request and one token", |_| Ok(None))
}

fn proof(entry: &Entry) -> Option<&str> {
    entry.headers.get("dpop")?.to_str().ok()
}

fn of_header(header: &Map<String, Value>) -> Option<&'static str> {
    let algorithm = header.get("alg").and_then(Value::as_str).unwrap_or("none");
    let private = |name: &str| header.get("jwk").and_then(|jwk| jwk.get(name)).is_some();
    if ["d", "p", "q", "dp", "dq", "qi", "k"].into_iter().any(private) {
        Some("a proof carries the private key")
    } else if algorithm == "none" || algorithm.starts_with("HS") {
        Some("a proof is not signed with a private key")
    } else if header.get("typ").is_none_or(|typ| typ != "dpop+jwt") {
        Some("a proof does not say that it is one")
    } else {
        None
    }
}

fn of_claims(claims: &Map<String, Value>, entry: &Entry, idp: &Idp) -> Option<&'static str> {
    let claim = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default();
    let made = claims.get("iat").and_then(Value::as_u64).unwrap_or_default();
    let header = entry.headers.get("authorization").and_then(|value| value.to_str().ok());
    let token = header.and_then(|value| value.split_once(' ')).filter(|(way, _)| way.eq_ignore_ascii_case("dpop"));
    if claim("htm") != entry.method.as_str() {
        Some("a proof names another method")
    } else if claim("htu") != format!("{}{}", idp.issuer(), entry.path) {
        Some("a proof names another address")
    } else if made.abs_diff(idp.now()) > LEEWAY {
        Some("a proof names another time")
    } else if token.is_some_and(|(_, token)| claim("ath") != s256(token)) {
        Some("a proof does not name the token it comes with")
    } else {
        None
    }
}

/// How far clocks may differ, in seconds.
const LEEWAY: u64 = 300;
