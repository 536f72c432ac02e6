//! A page of the attacker's sends the browser to the logout endpoint, in an image or a frame. If nobody is asked, every
//! page on the web can log people out, and wait for them to log in again where it wants them.

use mock_idp::jose::Jws;
use oauth_types::Params;
use serde_json::Value;

use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::bench::Bench;
use crate::browser::Browser;
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
    log_in(bench, client, &browser).await?;
    let before = session(bench, client, &browser).await?;
    if before.is_none() || session(bench, client, &browser).await? != before {
        return Err(Inconclusive::new("the server does not say which session a login belongs to"));
    }
    for (what, query) in [
        ("a logout without anything", Params::new()),
        ("a logout with a client_id", Params::new().with("client_id", &client.client_id)),
    ] {
        let answer = log_out(bench, &browser, &query).await?;
        let after = session(bench, client, &browser).await?;
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

/// The session of a browser: the `sid` of a login in it, or else that there is one, as far as the server tells a browser
/// with a session from one without.
async fn session(bench: &Bench, client: &Registration, browser: &Browser) -> Result<Option<Value>, Inconclusive> {
    let quiet = bench.authorization(client).set("prompt", "none");
    let knows = quiet.grant_in(&quiet.open_in(browser).await?).is_some();
    let token = log_in(bench, client, browser).await?;
    let sid = Jws::parse(&token).ok().and_then(|jws| jws.claims().get("sid").cloned());
    if sid.is_some() {
        return Ok(sid);
    }
    let stranger = bench.authorization(client).set("prompt", "none");
    let tells = stranger.grant_in(&stranger.open_in(&bench.browser()).await?).is_none();
    Ok((knows && tells).then_some(Value::Bool(true)))
}
