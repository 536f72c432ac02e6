//! With `prompt=none` a request asks to be answered without anything being shown. The attacker puts it into a hidden
//! frame. If a code comes although nobody is logged in, or has agreed, the client works for somebody who never said
//! so.

use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::authorization::Authorization;
use crate::bench::Bench;
use crate::browser::Browser;
use crate::judge::Finding;
use crate::target::Registration;
use crate::user_agent::Reached;
use crate::verdict::{Level, Verdict};

/// `as-authz-prompt-none`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-authz-prompt-none",
        name: "Issuance behind the back of the user",
        story: story!("authz_prompt_none.rs"),
        capabilities: &[Capability::A1],
        citation: "OpenID Connect Core section 3.1.2.1 and section 3.1.2.6",
        steps: &[
            "Open a request with `prompt=none` in a browser in which nobody is logged in.",
            "Log in, and where the user would be asked to agree, open the same request with `prompt=none`.",
            "Open a request with `prompt=none login`.",
        ],
        secure: "Each request is answered with an error such as `login_required` or `consent_required`.",
        insecure: "A code comes.",
        defence: "Without a login and an agreement, `prompt=none` is answered with an error.",
        level: Level::Must,
        levels: &[],
    },
    on: On::OneClient,
    needs: &[Need::Forms],
    run: |bench, client| Box::pin(run(bench, client)),
};

/// What may be answered (OpenID Connect Core section 3.1.2.6).
const ERRORS: &[&str] = &["login_required", "consent_required", "interaction_required", "account_selection_required"];

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    // Without OpenID Connect the parameter means nothing.
    if bench.tokens(client).await?.0.id_token.is_none() {
        return Err(Inconclusive::new("the server issues no ID token"));
    }
    let silent = || bench.authorization(client).set("prompt", "none").refused_with(ERRORS);
    try_in(bench, &bench.browser(), silent(), "a silent request without a login").await?;
    let browser = bench.browser();
    bench.authorization(client).open_in(&browser).await?;
    let asked = bench.authorization(client).address().await?;
    // Where the user would not be asked, their agreement is remembered and may be used.
    if let Reached::Page(page) = bench.forms()?.until_form(&browser, asked).await?
        && !page.asks_who()
    {
        try_in(bench, &browser, silent(), "a silent request without an agreement").await?;
    }
    let both = bench.authorization(client).set("prompt", "none login").page_will_do();
    let answer = both.open().await?;
    let finding = match both.grant_in(&answer) {
        Some(_) => Finding::new(Verdict::Vulnerable, "the server answered `none login` with a code"),
        None => both.refusal(&answer, "`none login`"),
    };
    bench.found(finding, Some(&answer));
    Ok(())
}

async fn try_in(
    bench: &Bench,
    browser: &Browser,
    request: Authorization<'_>,
    what: &str,
) -> Result<(), Inconclusive> {
    match bench.forms()?.until_form(browser, request.address().await?).await? {
        Reached::Page(page) => {
            let because = format!("{what} is answered with a page, but nothing should be shown");
            bench.found(Finding::new(Verdict::Tolerated, because), Some(page.answer()));
        }
        Reached::Landed(answer) => {
            let finding = match request.grant_in(&answer) {
                Some(_) => Finding::new(Verdict::Vulnerable, format!("the server answered {what} with a code")),
                None => request.refusal(&answer, what),
            };
            bench.found(finding, Some(&answer));
        }
    }
    Ok(())
}
