//! A page of the attacker's sends the browser to the logout endpoint, in an image or a frame. If nobody is asked, every
//! page on the web can log people out, and wait for them to log in again where it wants them.

use mock_idp::jose::Jws;
use oauth_types::Params;
use serde_json::Value;

use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::Finding;
use crate::target::Registration;
use crate::verdict::{Level, Verdict};

use super::sessions::{log_in, log_out};

/// `as-logout-csrf`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-logout-csrf",
        name: "Logout without asking",
        story: story!("logout_csrf.rs"),
        capabilities: &[Capability::A1],
        citation: "OpenID Connect RP-Initiated Logout sections 2 and 6",
        steps: &[
            "Log in twice in a browser, and see that both logins belong to one session.",
            "Open the logout endpoint in it, without an ID token.",
            "Log in again, and see whether the session is the same.",
        ],
        secure: "The session is the same: the page asks first.",
        insecure: "The session has ended, and nobody was asked.",
        defence: "Whoever shows no ID token of the session is asked before it ends.",
        level: Level::Should,
        levels: &[],
    },
    on: On::OneClient,
    needs: &[Need::Endpoint("end_session_endpoint")],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let browser = bench.browser();
    let before = session(&log_in(bench, client, &browser).await?);
    if before.is_none() || session(&log_in(bench, client, &browser).await?) != before {
        return Err(Inconclusive::new("the server does not say which session a login belongs to"));
    }
    for (what, query) in [
        ("a logout without anything", Params::new()),
        ("a logout with a client_id", Params::new().with("client_id", &client.client_id)),
    ] {
        let answer = log_out(bench, &browser, &query).await?;
        let after = session(&log_in(bench, client, &browser).await?);
        let finding = match after == before {
            true => Finding::new(Verdict::Stopped, format!("{what} does not end the session")),
            false => Finding::new(Verdict::Vulnerable, format!("{what} ends the session, and nobody was asked")),
        };
        if bench.found(finding, Some(&answer)) == Verdict::Vulnerable {
            return Ok(());
        }
    }
    Ok(())
}

/// The session that an ID token belongs to, by its `sid`, or else by when it began.
fn session(token: &str) -> Option<Value> {
    let jws = Jws::parse(token).ok()?;
    jws.claims().get("sid").or_else(|| jws.claims().get("auth_time")).cloned()
}
