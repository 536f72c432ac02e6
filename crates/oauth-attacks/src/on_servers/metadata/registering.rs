//! What attacks on registration have in common: clients that register themselves, and how they manage what was
//! registered (RFC 7591, RFC 7592).

use http::Method;
use oauth_types::{Params, Secret};
use serde_json::{Value, json};

use crate::agent::Request;
use crate::answer::Answer;
use crate::attack::Inconclusive;
use crate::bench::Bench;
use crate::target::{ClientAuth, Registration};
use crate::trace::Party;

/// Where the answers for registered clients go. Nobody listens there.
pub(super) const REDIRECT_URI: &str = "http://127.0.0.1:9/registered";

/// A client that registered itself.
#[derive(Debug)]
pub(super) struct Registered {
    /// What it may be attacked as.
    pub(super) client: Registration,
    /// Where it manages its registration, and with which token, if it can.
    pub(super) managed: Option<(String, Secret)>,
}

/// The metadata of a client of the kind that every server registers.
pub(super) fn honest() -> Value {
    json!({
        "redirect_uris": [REDIRECT_URI],
        "grant_types": ["authorization_code"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
    })
}

/// Asks for a registration (RFC 7591 section 3.1).
pub(super) async fn register(bench: &Bench, metadata: &Value) -> Result<Answer, Inconclusive> {
    let url = bench.endpoint("registration_endpoint")?;
    let request = Request::json(Party::Attacker, Party::Server, url, metadata);
    let request = match &bench.target().registration_token {
        Some(token) => request.with_header("authorization", &format!("Bearer {}", token.expose())),
        None => request,
    };
    let answer = bench.agent().send(request).await?;
    for name in ["client_secret", "registration_access_token"] {
        if let Some(secret) = answer.member(name) {
            bench.agent().keep_secret(&secret);
        }
    }
    Ok(answer)
}

/// The client that an answer registers, if it does.
pub(super) fn registered(answer: &Answer) -> Option<Registered> {
    let client_id = answer.member("client_id").filter(|_| (200..300).contains(&answer.status))?;
    let client = match answer.member("client_secret") {
        Some(secret) => Registration::confidential(client_id, secret, REDIRECT_URI),
        None => Registration::public(client_id, REDIRECT_URI),
    };
    let client = match answer.member("token_endpoint_auth_method").as_deref() {
        Some("client_secret_post") => client.secret_in_body(),
        Some("none") => Registration { auth: ClientAuth::None, ..client },
        _ => client,
    };
    let token = answer.member("registration_access_token").map(Secret::from);
    Some(Registered { client, managed: answer.member("registration_client_uri").zip(token) })
}

/// An honest client, registered.
pub(super) async fn newcomer(bench: &Bench) -> Result<Registered, Inconclusive> {
    let answer = register(bench, &honest()).await?;
    let refused = || Inconclusive::new(format!("the server does not register clients: {}", answer.summary()));
    registered(&answer).ok_or_else(refused)
}

/// A request about a registration with this token, or with none (RFC 7592 section 2).
pub(super) async fn manage(
    bench: &Bench,
    method: Method,
    (uri, token): (&str, Option<&Secret>),
    metadata: Option<&Value>,
) -> Result<Answer, Inconclusive> {
    let request = match metadata {
        Some(metadata) => Request::json(Party::Attacker, Party::Server, uri, metadata),
        None => Request::get(Party::Attacker, Party::Server, uri, Params::new()),
    };
    let request = Request { method, ..request };
    let request = match token {
        Some(token) => request.with_header("authorization", &format!("Bearer {}", token.expose())),
        None => request,
    };
    Ok(bench.agent().send(request).await?)
}

/// Deletes a registration that is of no use any more, if that can be done.
pub(super) async fn forget(bench: &Bench, registered: Option<Registered>) {
    let Some((uri, token)) = registered.and_then(|registered| registered.managed) else { return };
    // A registration that cannot be deleted stays; the verdict does not depend on it.
    let _ = manage(bench, Method::DELETE, (&uri, Some(&token)), None).await;
}
