//! The grant type is one that does not exist, two at once, written in capitals, or missing. A server that searches the
//! value for words it knows, or falls back on what the other parameters look like, takes a path on which something
//! else may not be checked.

use oauth_types::ErrorCode;

use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::target::Registration;
use crate::verdict::Level;

/// `as-token-grant-unknown`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-token-grant-unknown",
        name: "Grant types that nobody knows",
        story: story!("token_grant_unknown.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 6749 sections 4.1.3 and 5.2",
        steps: &[
            "A code is redeemed with a grant type that does not exist, with two, with one in capitals, and with none; each with a fresh code.",
        ],
        secure: "The request is refused with `unsupported_grant_type`, or with `invalid_request` if there is none.",
        insecure: "The server hands out tokens, or breaks down.",
        defence: "The grant type is compared exactly with those that the server knows.",
        level: Level::Must,
        levels: &[],
    },
    on: On::OneClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    for (how, value) in UNKNOWN {
        let grant = bench.grant(client).await?;
        let answer = bench.redemption(client, &grant).set("grant_type", value).send().await?;
        bench.judge(&answer, UNSUPPORTED, &format!("a grant type {how}"));
    }
    let grant = bench.grant(client).await?;
    let answer = bench.redemption(client, &grant).without("grant_type").send().await?;
    bench.judge(&answer, UNSUPPORTED, "a request without a grant type");
    Ok(())
}

/// What no server supports, and how it differs from what one might.
const UNKNOWN: [(&str, &str); 6] = [
    ("that does not exist", "foo"),
    ("that is two", "authorization_code refresh_token"),
    ("in capitals", "AUTHORIZATION_CODE"),
    ("with a space after it", "authorization_code "),
    ("that is empty", ""),
    ("whose URN is in capitals", "URN:IETF:PARAMS:OAUTH:GRANT-TYPE:DEVICE_CODE"),
];

/// The grant type is not supported, or the request is malformed.
const UNSUPPORTED: &[ErrorCode] = &[ErrorCode::UnsupportedGrantType, ErrorCode::InvalidRequest];
