//! The client is registered as public and sends a secret all the same, one that is in every copy of the application. A
//! server that takes it for proof of who is asking trusts whoever has read the application.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mock_idp::Entry;

use crate::attack::{Capability, ClientAttack, Idea, Inconclusive, story};
use crate::observe;
use crate::stage::Stage;
use crate::verdict::Level;

/// `rp-public-sends-secret`
pub(super) const ATTACK: ClientAttack = ClientAttack {
    idea: Idea {
        id: "rp-public-sends-secret",
        name: "A secret that everybody has",
        story: story!("public_sends_secret.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 8252 section 8.5, RFC 9700 section 2.5",
        steps: &["The client, registered as public, logs somebody in.", "Its requests are searched for a secret."],
        secure: "The requests name the client and carry no secret.",
        insecure: "A request carries a secret of the client.",
        defence: "A public client has no secret to send.",
        level: Level::Must,
        levels: &[],
    },
    only_looks: true,
    needs: &[],
    run: |stage| Box::pin(run(stage)),
};

async fn run(stage: &Stage) -> Result<(), Inconclusive> {
    let idp = observe::lenient(stage).await?;
    if !idp.provider().client.is_public() {
        return Err(Inconclusive::new("the client does not log in as a public one"));
    }
    let logins = observe::logins(stage, &idp, 1).await?;
    observe::look(stage, &logins, "a public client sends no secret", |login| {
        let told = login.sent.iter().find(|entry| in_body(entry) || in_header(entry));
        Ok(told.map(|entry| format!("a public client sends a secret with {} {}", entry.method, entry.path)))
    })
}

fn in_body(entry: &Entry) -> bool {
    entry.params.get("client_secret").is_some()
}

/// Whether there is a password in the header. Some libraries send an empty one.
fn in_header(entry: &Entry) -> bool {
    let header = entry.headers.get("authorization").and_then(|value| value.to_str().ok());
    let told = header.and_then(|value| value.split_once(' ')).filter(|(way, _)| way.eq_ignore_ascii_case("basic"));
    let pair = told.and_then(|(_, pair)| STANDARD.decode(pair).ok());
    pair.is_some_and(|pair| !pair.ends_with(b":"))
}
