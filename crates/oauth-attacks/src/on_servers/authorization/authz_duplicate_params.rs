//! An authorization request says the same thing twice and differently. Whatever is checked may be the first value,
//! and whatever is used the last one, so each part of a server sees a request that it likes. The attacker writes the
//! second value into a link.

use crate::answer::Answer;
use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::Finding;
use crate::target::Registration;
use crate::verdict::{Level, Verdict};

/// `as-authz-duplicate-params`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-authz-duplicate-params",
        name: "A parameter that occurs twice",
        story: story!("authz_duplicate_params.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 6749 section 3.1",
        steps: &[
            "Repeat one parameter of an honest request with another value, behind the first and before it.",
            "Open each of these requests in a fresh browser.",
        ],
        secure: "Each request is refused with `invalid_request`, to the client or on a page.",
        insecure: "The request is answered with a code.",
        defence: "A request in which any parameter occurs twice is refused.",
        level: Level::Must,
        levels: &[],
    },
    on: On::OneClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

/// What is repeated, and with which value.
const REPEATED: [(&str, &str); 7] = [
    ("client_id", "another-client"),
    ("response_type", "token"),
    ("scope", "another-scope"),
    ("state", "another-state"),
    ("nonce", "another-nonce"),
    ("prompt", "login"),
    ("request_uri", "urn:ietf:params:oauth:request_uri:another"),
];

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    if client.signs.is_some() {
        return Err(Inconclusive::new("the target has no client whose requests are unsigned"));
    }
    for (name, other) in REPEATED {
        let honest = || bench.authorization(client).page_will_do();
        let own = honest().value(name).unwrap_or(other).to_owned();
        let once = || honest().set(name, &own);
        // The client is named at the authorization endpoint even if the request is pushed.
        let twice = match name {
            "client_id" => [once().outside(name, other), once().outside(name, &own)],
            _ => [once().also(name, other), once().first(name, other)],
        };
        for (request, place) in twice.into_iter().zip(["behind", "before"]) {
            let what = format!("a second {name} {place} the first");
            let answer = request.open().await?;
            let finding = match request.grant_in(&answer) {
                Some(_) => Finding::new(Verdict::Vulnerable, format!("the server answered {what} with a code")),
                None => excused(request.refusal(&answer, &what), &answer, name),
            };
            bench.found(finding, Some(&answer));
        }
    }
    Ok(())
}

/// Nobody can tell which of two states should come back.
fn excused(finding: Finding, answer: &Answer, name: &str) -> Finding {
    let told = answer.location().is_some_and(|location| location.contains("error=invalid_request"));
    match finding.verdict {
        Verdict::Tolerated if name == "state" && told => Finding { verdict: Verdict::Stopped, ..finding },
        _ => finding,
    }
}
