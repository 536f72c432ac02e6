//! The user logs in, a code is on its way, and the user logs out. Whoever holds the code redeems it afterwards and is
//! logged in for a user who is gone. Logging out that only takes the cookie away from the browser leaves everything
//! else as it was.

use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::authorization::Grant;
use crate::bench::Bench;
use crate::browser::Browser;
use crate::judge::GRANT;
use crate::target::Registration;
use crate::trace::Party;
use crate::verdict::Level;

/// `as-code-after-logout`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-code-after-logout",
        name: "Redemption after the user has logged out",
        story: story!("code_after_logout.rs"),
        capabilities: &[Capability::A3],
        citation: "RFC 6749 section 5.2, OpenID Connect RP-Initiated Logout section 2",
        steps: &[
            "The client logs the user in and gets an ID token.",
            "In the same browser it gets a second code and does not redeem it.",
            "The browser is sent to the end session endpoint with the ID token.",
            "The second code is redeemed.",
        ],
        secure: "The request is refused with `invalid_grant`.",
        insecure: "The code brings tokens for a user who has logged out.",
        defence: "The end of a session ends the codes that it brought.",
        level: Level::Should,
        levels: &[],
    },
    on: On::OneClient,
    needs: &[Need::Endpoint("end_session_endpoint")],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let browser = bench.browser();
    let first = granted_in(bench, client, &browser).await?;
    let answer = bench.redemption(client, &first).from(Party::Client).send().await?;
    let id_token = bench.tokens_of(client, &answer)?.id_token;
    let id_token = id_token.ok_or_else(|| Inconclusive::new("the server issues no ID token"))?;
    let second = granted_in(bench, client, &browser).await?;
    bench.log_out(&browser, client, &id_token).await?;
    let answer = bench.redemption(client, &second).send().await?;
    bench.judge(&answer, GRANT, "the code of a user who has logged out");
    Ok(())
}

/// A code that is issued in this browser.
async fn granted_in(bench: &Bench, client: &Registration, browser: &Browser) -> Result<Grant, Inconclusive> {
    let authorization = bench.authorization(client);
    let answer = authorization.open_in(browser).await?;
    let refused = || format!("an honest authorization request was answered {}", answer.summary());
    authorization.grant_in(&answer).ok_or_else(|| Inconclusive::new(refused()))
}
