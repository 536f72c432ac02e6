//! A parameter is sent twice with two values. A gateway that checks the first value in front of a server that uses the
//! last one has checked something else; so has one that looks at the body in front of a server that looks into the
//! query as well.

use oauth_types::ErrorCode;

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::authorization::Grant;
use crate::bench::Bench;
use crate::dice::fresh;
use crate::judge::VERIFIER;
use crate::redemption::TokenRequest;
use crate::target::{ClientAuth, Registration};
use crate::verdict::Level;

/// `as-token-duplicate`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-token-duplicate",
        name: "Parameters that occur twice",
        story: story!("token_duplicate.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 6749 section 3.2",
        steps: &[
            "The grant type, the code, the client_id and the redirect URI are each sent twice, the wrong value first or last; each with a fresh code.",
            "In another attempt the body has a wrong code, and the query the right one.",
        ],
        secure: "Every request is refused with `invalid_request`.",
        insecure: "The server picks one of the values and hands out tokens.",
        defence: "A parameter occurs once, in the body, or the request is refused.",
        level: Level::Must,
        levels: &[],
    },
    on: On::EachClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    for name in ["grant_type", "code", "client_id", "redirect_uri"] {
        for right_first in [true, false] {
            let grant = bench.grant(client).await?;
            let (order, request) = twice(bench.redemption(client, &grant), (client, &grant), (name, right_first));
            let answer = request.send().await?;
            bench.judge(&answer, TWICE, &format!("a second {name}, the wrong one {order},"));
        }
    }
    let grant = bench.grant(client).await?;
    let request = bench.redemption(client, &grant).set("code", fresh()).in_query("code", grant.code.expose());
    let answer = request.send().await?;
    bench.judge(&answer, VERIFIER, "a wrong code in the body and the right one in the query");
    Ok(())
}

/// RFC 6749 section 5.2: the request "repeats a parameter".
const TWICE: &[ErrorCode] = &[ErrorCode::InvalidRequest];

/// The same request with a parameter twice: the right value, and one that is wrong.
fn twice<'a>(
    request: TokenRequest<'a>,
    (client, grant): (&Registration, &Grant),
    (name, right_first): (&str, bool),
) -> (&'static str, TokenRequest<'a>) {
    let (right, wrong) = match name {
        "grant_type" => ("authorization_code", "refresh_token".to_owned()),
        "code" => (grant.code.expose(), fresh()),
        "client_id" => (client.client_id.as_str(), format!("{}-other", client.client_id)),
        _ => (grant.redirect_uri.as_str(), format!("{}-other", grant.redirect_uri)),
    };
    // Whoever authenticates by a header does not name itself in the body.
    let unnamed = name == "client_id" && matches!(client.auth, ClientAuth::Basic(_));
    match (name, right_first) {
        ("client_id", true) if unnamed => ("last", request.also(name, right).also(name, wrong)),
        ("client_id", false) if unnamed => ("first", request.also(name, wrong).also(name, right)),
        // It is added at the end when the request is sent, so that it cannot come first.
        ("client_id", _) => ("first", request.also(name, wrong)),
        (_, true) => ("last", request.also(name, wrong)),
        (_, false) => ("first", request.set(name, wrong).also(name, right)),
    }
}
