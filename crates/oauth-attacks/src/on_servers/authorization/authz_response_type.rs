//! A request asks for nothing, for something that no server has, or for the right thing in the wrong letters. A
//! server that falls back to what it usually gives, or looks only at how the value begins, hands out codes and tokens
//! that nobody asked for.

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::target::Registration;
use crate::verdict::Level;

/// `as-authz-response-type`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-authz-response-type",
        name: "Response types that do not exist",
        story: story!("authz_response_type.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 6749 section 3.1.1 and section 4.1.2.1",
        steps: &["Leave `response_type` out.", "Ask for `foo`, for `code foo` and for `CODE`."],
        secure: "Each request is refused with `invalid_request` or `unsupported_response_type`.",
        insecure: "The request is answered with a code or a token.",
        defence: "A response type is compared as a whole and exactly, and has no default.",
        level: Level::Must,
        levels: &[],
    },
    on: On::OneClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    for value in [None, Some("foo"), Some("code foo"), Some("CODE")] {
        let request = bench.authorization(client);
        let request = request.refused_with(&["unsupported_response_type", "invalid_request"]);
        let (request, what) = match value {
            None => (request.without("response_type"), "a request without a response type".to_owned()),
            Some(value) => (request.set("response_type", value), format!("the response type {value:?}")),
        };
        if request.must_be_refused(&what).await?.is_some() {
            request.was_granted(&what, None);
        }
    }
    Ok(())
}
