//! Somebody who sees a signed request, in a link or a log, opens it again. As long as it has not expired, the
//! signature is as good as it was, and the same request is carried out for whoever is logged in.

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::target::Registration;
use crate::verdict::Level;

use super::objects::Signer;
use super::refused::{OBJECT, has_code, no_code};

/// `as-jar-replay`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-jar-replay",
        name: "Request object used twice",
        story: story!("jar_replay.rs"),
        capabilities: &[Capability::A4],
        citation: "RFC 7519 section 4.1.7, RFC 9126 section 7.3",
        steps: &["A client sends a signed request and gets a code.", "Somebody sends the same object again."],
        secure: "The second use is refused with `invalid_request_object`.",
        insecure: "The second use brings a second code.",
        defence: "An object with a `jti` is used once, for as long as it could be used at all.",
        level: Level::Should,
        levels: &[],
    },
    on: On::OneClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let signer = Signer::find(bench, client).await?;
    let object = signer.object().signed_by(signer.key)?;
    let first = signer.open(&object).await?;
    if !has_code(bench, &first) {
        return Err(Inconclusive::new(format!("an honest request object was answered {}", first.summary())));
    }
    let second = signer.open(&object).await?;
    no_code(bench, &second, OBJECT, "the second use of a request object", None);
    Ok(())
}
