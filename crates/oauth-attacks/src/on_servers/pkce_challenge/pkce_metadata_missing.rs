//! The metadata does not say which methods there are, so a client cannot know whether its challenge is looked at or
//! ignored, and must not rely on it. Or the metadata offers plain, and clients that take the first method of the list
//! send their verifiers through the front channel.

use oauth_types::Params;
use serde_json::Value;

use crate::agent::Request;
use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::Finding;
use crate::profile::Profile;
use crate::target::{Registration, well_known};
use crate::trace::Party;
use crate::verdict::{Level, Verdict};

/// `as-pkce-metadata-missing`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-pkce-metadata-missing",
        name: "PKCE that nobody can find out about",
        story: story!("pkce_metadata_missing.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 9700 section 2.1.1, RFC 8414 section 2",
        steps: &[
            "Read the metadata, at both well-known addresses.",
            "Look for S256 and for plain in `code_challenge_methods_supported`.",
        ],
        secure: "The metadata lists S256 and nothing weaker.",
        insecure: "The member is missing, lacks S256, or lists plain.",
        defence: "The metadata says that S256 is supported, and plain is not on offer.",
        level: Level::Should,
        levels: &[(Profile::Mcp, Level::Must)],
    },
    on: On::Nobody,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

const MEMBER: &str = "code_challenge_methods_supported";

async fn run(bench: &Bench, _client: &Registration) -> Result<(), Inconclusive> {
    let mut seen = false;
    for place in well_known(&bench.target().metadata().issuer) {
        let answer = bench.agent().send(Request::get(Party::Attacker, Party::Server, place, Params::new())).await?;
        let Some(document) = answer.object().filter(|_| answer.status == 200) else { continue };
        seen = true;
        let listed = document.get(MEMBER).and_then(Value::as_array);
        let has = |method: &str| listed.is_some_and(|listed| listed.iter().any(|own| own == method));
        let finding = match listed {
            None => Finding::new(Verdict::Vulnerable, format!("the metadata has no {MEMBER}")),
            Some(_) if !has("S256") => {
                Finding::new(Verdict::Vulnerable, format!("{MEMBER} does not list S256")).at(Level::Should)
            }
            Some(_) if has("plain") => {
                Finding::new(Verdict::Vulnerable, format!("{MEMBER} lists plain")).at(Level::Should)
            }
            Some(_) => Finding::new(Verdict::Stopped, "the metadata lists S256 and nothing weaker"),
        };
        bench.found(finding, Some(&answer));
    }
    if seen { Ok(()) } else { Err(Inconclusive::new("the server has no metadata at a well-known address")) }
}
