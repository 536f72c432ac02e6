//! Tokens without a flow.

use oauth_types::Secret;
use oauth_types::mint::Mint;
use schemars::JsonSchema;
use serde::Serialize;

use super::Group;
use super::call::{Answer, Ask, Call, Example, Handler, Outcome, Told, Verb, of};
use super::problem::Problem;
use crate::http::mint::MintError;

pub(super) const GROUP: Group = Group {
    name: "Tokens",
    says: "Tokens without a flow, right and wrong, for tests of whoever takes tokens.",
    calls: &[MINT],
};

const MINT: Call = Call {
    verb: Verb::Post,
    path: "/tenants/{tenant}/tokens",
    id: "mintToken",
    says: "Makes a token",
    more: "Any kind, subject, audience, scope, claims, lifetime and key. A right one is taken by the server, too.",
    body: Some(of::<Mint>),
    answers: &[
        Answer::json(201, "The token.", of::<Minted>),
        Answer::problem(409, "There is no former key, or the server cannot make a token now."),
    ],
    example: Example::with(
        "/tenants/_root/tokens",
        r#"{"sub":"alice","audience":["https://api.example"],"scope":"read","lifetime":-60}"#,
    ),
    handler: Handler::Later(|ask| Box::pin(mint(ask))),
    ..Call::PLAIN
};

/// A token that was made.
#[derive(Debug, Serialize, JsonSchema)]
struct Minted {
    /// The token.
    token: Secret,
}

async fn mint(ask: Ask<'_>) -> Outcome {
    let tenant = ask.tenant()?;
    let mint: Mint = ask.read()?;
    let token = tenant.try_mint(&mint).await.map_err(|error| match error {
        MintError::NoFormerKey | MintError::NotIssued | MintError::Server(_) => Problem::conflict(error.to_string()),
        other => Problem::unfit(other.to_string()),
    })?;
    Ok(Told::json(&Minted { token }).with(http::StatusCode::CREATED))
}
