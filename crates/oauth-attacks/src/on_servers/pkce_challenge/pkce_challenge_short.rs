//! The challenge has 42 characters, one less than a digest takes. A server that takes any length keeps whatever it is
//! given, also texts that can be guessed where the method plain is known.

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::challenge::s256;
use crate::target::Registration;
use crate::verdict::Level;

/// `as-pkce-challenge-short`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-pkce-challenge-short",
        name: "Challenge that is too short",
        story: story!("pkce_challenge_short.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 7636 section 4.2",
        steps: &["Ask for a code with the first 42 characters of an S256 challenge."],
        secure: "The request is refused with `invalid_request`.",
        insecure: "A code comes.",
        defence: "A challenge of fewer than 43 characters is refused.",
        level: Level::Should,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let request = bench.authorization(client);
    let mut challenge = s256(request.current_verifier().expose());
    challenge.truncate(42);
    let request = request.set("code_challenge", challenge);
    let what = "a challenge of 42 characters";
    if request.must_be_refused(what).await?.is_some() {
        request.was_granted(what, None);
    }
    Ok(())
}
