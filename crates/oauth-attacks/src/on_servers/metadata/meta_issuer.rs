//! Clients learn everything about a server from its metadata. If the document names another issuer, or differs from the
//! one at the other address, or sends clients to unencrypted endpoints, somebody between them can stand in.

use oauth_types::Params;
use serde_json::Value;

use crate::agent::Request;
use crate::answer::Answer;
use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::Finding;
use crate::target::{Registration, well_known};
use crate::trace::Party;
use crate::verdict::{Level, Verdict};

/// `as-meta-issuer`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-meta-issuer",
        name: "Metadata that contradict themselves",
        story: story!("meta_issuer.rs"),
        capabilities: &[Capability::A2],
        citation: "RFC 8414 sections 2 and 3.3, OpenID Connect Discovery section 4.3",
        steps: &[
            "Fetch the metadata from both well-known addresses.",
            "Compare the issuer with the one that was asked for, character for character.",
            "Look whether the issuer and every endpoint are https, unless they are on this machine.",
            "Compare the two documents.",
        ],
        secure: "The issuer is the one that was asked for, everything is https, and the documents agree.",
        insecure: "One of these does not hold.",
        defence: "The metadata name the issuer they were asked from, and endpoints by https.",
        level: Level::Must,
        levels: &[],
    },
    on: On::Nobody,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

/// What both documents say, if they say it.
const COMMON: &[&str] = &[
    "issuer",
    "authorization_endpoint",
    "token_endpoint",
    "jwks_uri",
    "registration_endpoint",
    "revocation_endpoint",
];

async fn run(bench: &Bench, _client: &Registration) -> Result<(), Inconclusive> {
    let issuer = bench.target().metadata().issuer.as_str();
    let mut documents: Vec<(Answer, Value)> = Vec::new();
    for place in well_known(issuer) {
        let request = Request::get(Party::Client, Party::Server, place, Params::new());
        let answer = bench.agent().send(request).await?;
        let document = serde_json::from_str(&answer.body).ok().filter(|_| answer.status == 200);
        documents.extend(document.map(|document| (answer, document)));
    }
    if documents.is_empty() {
        return Err(Inconclusive::new("the server has no metadata document"));
    }
    let mut flaws = Vec::new();
    for (answer, document) in &documents {
        flaws.extend(flaws_of(document, issuer).into_iter().map(|flaw| (answer, flaw)));
    }
    if let [(_, first), (answer, second)] = documents.as_slice() {
        let differs =
            |name: &&&str| !first[**name].is_null() && !second[**name].is_null() && first[**name] != second[**name];
        let differing = COMMON.iter().filter(differs);
        flaws.extend(differing.map(|name| (answer, format!("the two documents differ in {name}"))));
    }
    let sound = flaws.is_empty();
    for (answer, flaw) in flaws {
        bench.found(Finding::new(Verdict::Vulnerable, flaw), Some(answer));
    }
    if sound {
        let answer = documents.first().map(|(answer, _)| answer);
        bench.found(Finding::new(Verdict::Stopped, "the metadata agree with themselves and with the issuer"), answer);
    }
    Ok(())
}

/// What is wrong with one document.
fn flaws_of(document: &Value, issuer: &str) -> Vec<String> {
    let mut flaws = Vec::new();
    let named = document["issuer"].as_str().unwrap_or_default();
    if named != issuer {
        flaws.push("the metadata name another issuer than the one that was asked for".to_owned());
    }
    if named.contains(['?', '#']) {
        flaws.push("the issuer has a query or a fragment".to_owned());
    }
    for (name, value) in document.as_object().into_iter().flatten() {
        let is_address = name == "issuer" || name == "jwks_uri" || name.ends_with("_endpoint");
        if is_address && !value.as_str().is_some_and(is_encrypted) {
            flaws.push(format!("{name} is not https"));
        }
    }
    flaws
}

/// Whether an address is https, or does not leave this machine.
fn is_encrypted(address: &str) -> bool {
    let Ok(url) = url::Url::parse(address) else { return false };
    let host = url.host_str().unwrap_or_default();
    let here = matches!(host, "127.0.0.1" | "[::1]" | "localhost");
    url.scheme() == "https" || (url.scheme() == "http" && here)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_address_is_https_unless_it_is_on_this_machine() {
        let document = |endpoint: &str| json!({ "issuer": "https://a.example", "token_endpoint": endpoint });
        assert!(flaws_of(&document("https://a.example/token"), "https://a.example").is_empty());
        assert!(flaws_of(&document("http://127.0.0.1:8080/token"), "https://a.example").is_empty());
        for endpoint in ["http://a.example/token", "/token", "http://127.0.0.1.example/token"] {
            assert_eq!(flaws_of(&document(endpoint), "https://a.example"), ["token_endpoint is not https"]);
        }
        assert_eq!(flaws_of(&document("https://a.example/token"), "https://a.example/").len(), 1);
        let queried = json!({ "issuer": "https://a.example?x" });
        assert_eq!(flaws_of(&queried, "https://a.example?x"), ["the issuer has a query or a fragment"]);
    }
}
