//! The attacker registers a client whose redirect URI is a phishing page, and writes links to the honest server that
//! end in an error at once: with a scope that nobody grants, or with `prompt=none` for somebody who is not logged in.
//! The victim sees the good name of the server, and lands on the page of the attacker without having been asked
//! anything.

use serde_json::json;

use crate::agent::Request;
use crate::answer::Answer;
use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::authorization::Authorization;
use crate::bench::Bench;
use crate::dice::fresh;
use crate::judge::Finding;
use crate::target::Registration;
use crate::trace::Party;
use crate::verdict::{Level, Verdict};

use super::astray::FOREIGN;

/// `as-redirect-registered-phish`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-redirect-registered-phish",
        name: "Registered phishing page",
        story: story!("redirect_registered_phish.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 9700 section 4.11.2, OAuth 2.1 section 7.13.2",
        steps: &[
            "The attacker registers a client with a redirect URI of their own.",
            "A browser that nobody has logged in with opens a request of that client with a scope that it does not have.",
            "The same with `prompt=none`.",
        ],
        secure: "The server shows a page of its own first: it asks who the user is, or tells them of the error.",
        insecure: "The browser is sent on to the attacker's page at once.",
        defence: "To a client that nobody has looked at, nobody is redirected before they were asked.",
        level: Level::Should,
        levels: &[],
    },
    on: On::Nobody,
    needs: &[Need::Endpoint("registration_endpoint")],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, _: &Registration) -> Result<(), Inconclusive> {
    let client = registered(bench).await?;
    let request = || bench.authorization(&client).not_pushed();
    let honest = opened(bench, &request()).await?;
    if leads_to(&honest, &client) {
        return Err(Inconclusive::new(
            "the server does not ask its users anything, not even for a client it has just met",
        ));
    }
    let more = format!("{} {}", bench.target().scope, fresh());
    let tries = [
        ("a scope that the client does not have", Level::Should, request().set("scope", more)),
        // RFC 9700 section 4.11.2 excepts silent authentication, and leaves the trust in a client to the server.
        ("prompt=none, and nobody logged in", Level::Info, request().set("prompt", "none")),
    ];
    for (what, level, request) in tries {
        let answer = opened(bench, &request).await?;
        let finding = if leads_to(&answer, &client) {
            Finding::new(Verdict::Vulnerable, format!("the attacker's page is reached at once by {what}")).at(level)
        } else if answer.status >= 500 {
            Finding::new(Verdict::Vulnerable, format!("the server broke down ({}) at {what}", answer.summary()))
                .at(Level::Must)
        } else {
            Finding::new(Verdict::Stopped, format!("{what} leads to a page of the server's own"))
        };
        bench.found(finding, Some(&answer));
    }
    Ok(())
}

/// A client that the attacker registers (RFC 7591 section 3.1).
async fn registered(bench: &Bench) -> Result<Registration, Inconclusive> {
    let redirect_uri = format!("https://{FOREIGN}/phish");
    let metadata = json!({
        "redirect_uris": [&redirect_uri],
        "token_endpoint_auth_method": "none",
        "scope": &bench.target().scope,
        "client_name": "Somebody",
    });
    let place = bench.endpoint("registration_endpoint")?;
    let request = Request::json(Party::Attacker, Party::Server, place, &metadata);
    let request = match &bench.target().registration_token {
        None => request,
        Some(token) => request.with_header("authorization", &format!("Bearer {}", token.expose())),
    };
    let answer = bench.agent().send(request).await?;
    match answer.member("client_id") {
        Some(client_id) if answer.status == 201 => Ok(Registration::public(client_id, redirect_uri)),
        _ => Err(Inconclusive::new(format!(
            "the server does not register clients for everybody, its answer was {}",
            answer.summary()
        ))),
    }
}

/// What a browser is shown first, in which nobody has logged in.
async fn opened(bench: &Bench, request: &Authorization<'_>) -> Result<Answer, Inconclusive> {
    let visit = request.front_channel();
    Ok(bench.browser().open(visit).await?)
}

/// Whether the browser goes on to the attacker's page.
fn leads_to(answer: &Answer, client: &Registration) -> bool {
    answer.location().is_some_and(|location| location.starts_with(client.redirect_uri()))
}
