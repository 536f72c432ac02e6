//! The attacker changes a signed request and takes the signature off, saying in the header that there is none, or
//! saying nothing of it. A library that goes by the header verifies nothing, and spelling the word in another case
//! gets past a list of forbidden algorithms.

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::target::Registration;
use crate::verdict::Level;

use super::objects::Signer;
use super::refused::{OBJECT, no_code};

/// `as-jar-alg-none`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-jar-alg-none",
        name: "Unsigned request object",
        story: story!("jar_alg_none.rs"),
        capabilities: &[Capability::A4],
        citation: "RFC 9101 section 6.2, RFC 8725 section 3.2",
        steps: &[
            "A client that signs its requests is imitated with an object whose algorithm is `none`.",
            "The same with the word in other case, and with a named algorithm and no signature.",
        ],
        secure: "Each is refused with `invalid_request_object`.",
        insecure: "A code is issued.",
        defence: "A request object is verified with an algorithm that the server has chosen, and `none` is not among them.",
        level: Level::Must,
        levels: &[],
    },
    on: On::OneClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let signer = Signer::find(bench, client).await?;
    let stripped = || signer.object().header("kid", signer.key.kid());
    let objects = [
        ("an unsigned request object", signer.object().unsigned()),
        ("a request object of algorithm nOnE", signer.object().header("alg", "nOnE").with_signature(&[])),
        ("a request object of algorithm None", signer.object().header("alg", "None").with_signature(&[])),
        ("a request object of algorithm NONE", signer.object().header("alg", "NONE").with_signature(&[])),
        (
            "a request object without its signature",
            stripped().header("alg", signer.key.algorithm().as_str()).with_signature(&[]),
        ),
    ];
    for (what, object) in objects {
        let answer = signer.open(&object).await?;
        no_code(bench, &answer, OBJECT, what, None);
    }
    Ok(())
}
