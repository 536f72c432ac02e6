//! The verifier is somewhere else than in the body of the token request: in the address the browser opens, in the
//! state, in a header, in a query that logs keep. Whoever reads it there redeems the code.

use mock_idp::Entry;

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::observe;
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-pkce-verifier-leaked`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-pkce-verifier-leaked",
        name: "The verifier leaves the back channel",
        story: story!("pkce_verifier_leaked.rs"),
        capabilities: &[Capability::A3, Capability::A4],
        citation: "RFC 7636 section 7.1, RFC 9700 section 2.1.1",
        steps: &["The client logs somebody in.", "Everything it sent is searched for the verifier."],
        secure: "The verifier is in the body of the token request alone.",
        insecure: "The verifier is in an address, in a header or in another request as well.",
        defence: "The verifier is sent in the body of the token request and nowhere else.",
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
    observe::look(stage, &logins, "the verifier is in the body of the token request and nowhere else", |login| {
        let verifier = login.verifier()?;
        let in_front = login.request.to_string().contains(verifier)
            || login.request.params.iter().any(|(_, value)| value.contains(verifier));
        if in_front && login.asked("code_challenge") != verifier {
            return Ok(Some("the verifier is in the authorization request".to_owned()));
        }
        let leaks = |entry: &Entry| {
            let in_header =
                entry.headers.values().any(|value| value.to_str().is_ok_and(|text| text.contains(verifier)));
            let allowed = |number: usize, name: &str| {
                entry.path == "/token" && number >= entry.in_query && name == "code_verifier"
            };
            let mut params = entry.params.iter().enumerate();
            in_header || params.any(|(number, (name, value))| value.contains(verifier) && !allowed(number, name))
        };
        let leak = login.sent.iter().find(|entry| leaks(entry));
        Ok(leak.map(|entry| format!("the verifier is in {} {} outside of its place", entry.method, entry.path)))
    })
}
