//! The attacker can have the client's key sign something, or has an old assertion, and passes it off: it is about
//! somebody else, or expired, or not valid yet, or it was made for another purpose altogether. Each of them is signed
//! well, so only its claims tell that it is not an assertion of this client for this moment.

use serde_json::json;

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::key::{Jwt, Key};
use crate::target::{Registration, Role};
use crate::verdict::Level;

use super::asserted::{honest, key_of, must_be_refused};
use super::secrets::stranger;

/// `as-assertion-claims`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-assertion-claims",
        name: "Client assertion with wrong claims",
        story: story!("assertion_claims.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 7523 section 3, RFC 8725 sections 2.8, 3.11 and 3.12",
        steps: &[
            "Redeem codes with assertions whose issuer or subject is somebody else, or is not there.",
            "Redeem codes with assertions that do not expire, have expired, or are not valid yet.",
            "Redeem one with an assertion that expires in years.",
            "Redeem codes with an ID token, a DPoP proof and a request object in place of an assertion.",
        ],
        secure: "Each is refused with invalid_client.",
        insecure: "One of them is taken for an assertion of this client.",
        defence: "The issuer and the subject are the client, the times are now, and the type is that of an assertion.",
        level: Level::Must,
        levels: &[],
    },
    on: On::Client(Role::Keyed),
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

/// An hour, in seconds.
const HOUR: u64 = 3600;
/// Ten years, in seconds.
const YEARS: u64 = 10 * 365 * 24 * HOUR;

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let key = key_of(client)?;
    let now = bench.now();
    let honest = || honest(bench, client);
    let other = stranger(bench, client).map_or("somebody-else", |other| other.client_id.as_str());
    for (what, jwt) in [
        ("an assertion that another client issued", honest().claim("iss", other)),
        ("an assertion without an issuer", honest().without("iss")),
        ("an assertion about another client", honest().claim("sub", other)),
        ("an assertion about nobody", honest().without("sub")),
        ("an assertion whose subject is a number", honest().claim("sub", 1)),
        ("an assertion that does not expire", honest().without("exp")),
        ("an assertion that has expired", honest().claim("iat", now - 2 * HOUR).claim("exp", now - HOUR)),
        ("an assertion that expires at a text", honest().claim("exp", "tomorrow")),
        ("an assertion that is not valid yet", honest().claim("nbf", now + HOUR).claim("exp", now + 2 * HOUR)),
    ] {
        must_be_refused(bench, client, None, (what, jwt.signed_by(key)?)).await?;
    }
    let long = honest().claim("exp", now + YEARS).signed_by(key)?;
    must_be_refused(bench, client, Level::Should, ("an assertion that is good for ten years", long)).await?;
    for (what, token) in other_kinds(bench, client, key).await? {
        must_be_refused(bench, client, None, (what, token)).await?;
    }
    // With a subject, which request objects do not have, its type alone tells it from an assertion.
    let typed = Jwt::of_type("oauth-authz-req+jwt");
    let claims = ["iss", "sub"].map(|name| (name.to_owned(), json!(client.client_id)));
    let typed = typed.claims(claims).claim("aud", bench.target().metadata().issuer.as_str());
    let typed = typed.claim("jti", crate::dice::fresh()).claim("iat", now).claim("exp", now + 60).signed_by(key)?;
    let what = "a request object with a subject in place of an assertion";
    must_be_refused(bench, client, Level::Should, (what, typed)).await?;
    Ok(())
}

/// Tokens that are no assertions.
async fn other_kinds(
    bench: &Bench,
    client: &Registration,
    key: &Key,
) -> Result<Vec<(&'static str, String)>, Inconclusive> {
    let request = bench.authorization(client).request_object().signed_by(key)?;
    let endpoint = bench.endpoint("token_endpoint")?;
    let mut kinds = vec![
        ("a request object in place of an assertion", request),
        ("a DPoP proof in place of an assertion", bench.proof(key, "POST", endpoint, None).signed_by(key)?),
    ];
    let (tokens, _) = bench.tokens(client).await?;
    if let Some(token) = tokens.id_token {
        kinds.push(("an ID token in place of an assertion", token.expose().to_owned()));
    }
    Ok(kinds)
}
