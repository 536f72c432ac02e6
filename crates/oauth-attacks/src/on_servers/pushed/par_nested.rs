//! A pushed request refers to another one, that was pushed before or lies anywhere on the web. A server that follows
//! such references can be led in circles, or to addresses inside its own network, or past the checks that it made
//! when the request was pushed.

use oauth_types::ErrorCode;

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::target::Registration;
use crate::verdict::Level;

use super::objects::Signer;
use super::refused::{PAR, no_reference, push};

/// `as-par-nested`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-par-nested",
        name: "Reference inside a pushed request",
        story: story!("par_nested.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 9126 sections 2.1 and 3, RFC 9101 section 4",
        steps: &[
            "A client pushes a request that carries a reference to one pushed before.",
            "If a client signs its requests, it pushes an object with such a reference as a claim.",
        ],
        secure: "Both are refused with 400 invalid_request.",
        insecure: "A reference is issued.",
        defence: "A pushed request with `request_uri` is refused.",
        level: Level::Must,
        levels: &[],
    },
    on: On::OneClient,
    needs: &[PAR],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let reference = push(&bench.authorization(client)).await?;
    let request = bench.authorization(client);
    let answer = request.push().set("request_uri", &reference).send().await?;
    no_reference(bench, &answer, &[ErrorCode::InvalidRequest], "a pushed request with a reference");

    // A target without a client that signs has nothing to put a claim into.
    let Ok(signer) = Signer::find(bench, client).await else { return Ok(()) };
    let reference = push(&bench.authorization(signer.client)).await?;
    let object = signer.object().claim("request_uri", reference).signed_by(signer.key)?;
    let request = bench.authorization(signer.client);
    let answer = request.push().set("request", object).send().await?;
    let errors = [ErrorCode::InvalidRequest, ErrorCode::InvalidRequestObject];
    no_reference(bench, &answer, &errors, "a pushed object with a reference");
    Ok(())
}
