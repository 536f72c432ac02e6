//! A stranger registers a client and says itself what it may do: log in with passwords, act on its own account, manage
//! the server. What is meant for clients that somebody knows is not to be had by asking for it.

use oauth_types::{ErrorCode, Params};
use serde_json::{Value, json};

use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::bench::Bench;
use crate::dice::fresh;
use crate::judge::Finding;
use crate::target::Registration;
use crate::verdict::{Level, Verdict};

use super::registering::{REDIRECT_URI, forget, newcomer, register, registered};

/// `as-dcr-privilege`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-dcr-privilege",
        name: "Registration of privileges",
        story: story!("dcr_privilege.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 7591 sections 2 and 5, RFC 9700 sections 2.6 and 4.15",
        steps: &[
            "Register a client for the password grant.",
            "Register a public client for the client credentials grant, and ask for a token.",
            "Register a client with a secret, that grant and the scope admin, and ask for a token with that scope.",
        ],
        secure: "What a stranger must not have is refused or left out.",
        insecure: "The client is registered for it, or gets a token with it.",
        defence: "What a client may do is decided by the server, and not by the client.",
        level: Level::Should,
        levels: &[],
    },
    on: On::Nobody,
    needs: &[Need::Endpoint("registration_endpoint")],
    run: |bench, client| Box::pin(run(bench, client)),
};

/// A scope that sounds like power.
const POWER: &str = "admin";
/// How a registration or a token request may be refused.
const REFUSED: &[ErrorCode] = &[
    ErrorCode::InvalidClientMetadata,
    ErrorCode::UnauthorizedClient,
    ErrorCode::UnsupportedGrantType,
    ErrorCode::InvalidScope,
    ErrorCode::InvalidClient,
];

async fn run(bench: &Bench, _client: &Registration) -> Result<(), Inconclusive> {
    forget(bench, Some(newcomer(bench).await?)).await;
    let both = |grant: &str| json!([grant, "authorization_code"]);
    for (what, grant, auth) in [
        ("a stranger for the password grant", "password", "none"),
        ("a public stranger for the client credentials grant", "client_credentials", "none"),
        ("a stranger with the scope admin", "client_credentials", "client_secret_basic"),
    ] {
        let asked = json!({
            "redirect_uris": [REDIRECT_URI],
            "grant_types": both(grant),
            "response_types": ["code"],
            "token_endpoint_auth_method": auth,
            "scope": POWER,
        });
        let answer = register(bench, &asked).await?;
        let Some(newcomer) = registered(&answer) else {
            bench.judge(&answer, REFUSED, what);
            continue;
        };
        // Being registered for it is one thing, getting it another.
        let form = Params::new().with("grant_type", grant).with("scope", POWER);
        let form = if grant == "password" { form.with("username", "alice").with("password", fresh()) } else { form };
        let token = bench.request(&newcomer.client, "token_endpoint", form).send().await?;
        let granted = token.has_tokens() && names_power(&token);
        let registered_for_passwords =
            grant == "password" && names(&answer.object().unwrap_or_default()["grant_types"]);
        let finding = match granted || registered_for_passwords {
            true => Finding::new(Verdict::Vulnerable, format!("the server registers {what}, and means it")),
            false => Finding::new(Verdict::Stopped, format!("{what} gets nothing of the kind")),
        };
        bench.found(finding, Some(&token));
        forget(bench, Some(newcomer)).await;
    }
    Ok(())
}

/// Whether the password grant is among these.
fn names(grants: &Value) -> bool {
    grants.as_array().is_some_and(|grants| grants.iter().any(|grant| grant == "password"))
}

/// Whether an answer with a token grants the scope that was asked for, which it does if it does not say otherwise
/// (RFC 6749 section 5.1).
fn names_power(answer: &crate::answer::Answer) -> bool {
    answer.member("scope").is_none_or(|scope| scope.split(' ').any(|one| one == POWER))
}
