//! The attacker begins a login, and sends the address of the login page to a victim. The victim logs in there. If
//! what was begun is tied to no browser, the attacker goes on in their own and is logged in as the victim.

use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::authorization::Authorization;
use crate::bench::Bench;
use crate::browser::{Browser, Visit};
use crate::judge::Finding;
use crate::target::Registration;
use crate::user_agent::{Page, Reached, Who};
use crate::verdict::{Level, Verdict};

/// `as-authz-interaction-fixation`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-authz-interaction-fixation",
        name: "A login for somebody else",
        story: story!("authz_interaction_fixation.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 9700 section 4.7, RFC 6749 section 10.12",
        steps: &[
            "Open a request in one browser, up to its login page.",
            "Open the address of that page in another browser, and log in there.",
            "Go on in the first browser.",
        ],
        secure: "The page is not shown in the other browser, or what happens there changes nothing.",
        insecure: "The first browser gets a code without a login, or the other one gets it.",
        defence: "A login goes on only in the browser in which it began.",
        level: Level::Must,
        levels: &[],
    },
    on: On::OneClient,
    needs: &[Need::Forms],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let (attacker, victim) = (bench.browser(), bench.browser());
    // Even if an agreement is remembered, there is something left to do after the login.
    let (request, forms) = (bench.authorization(client).set("prompt", "consent"), bench.forms()?);
    let visit = request.address().await?;
    let begun_at = visit.url.clone();
    let Reached::Page(page) = forms.until_form(&attacker, visit).await? else {
        return Err(Inconclusive::new("the server does not show a login page"));
    };
    // Anybody may open the request itself.
    if page.url() == begun_at {
        return Err(Inconclusive::new("the server does not remember what a browser has begun"));
    }
    let place = Visit { url: page.url().to_owned(), form: None };
    // What the victim cannot do is no harm.
    if let Ok(Reached::Landed(answer)) = forms.until(&victim, place, (Who::First, |page| !page.asks_who())).await
        && request.grant_in(&answer).is_some()
    {
        let because = "another browser that logged in on the same page got the code";
        bench.found(Finding::new(Verdict::Vulnerable, because).at(Level::Should), Some(&answer));
    }
    resume(bench, &request, (&attacker, &page)).await
}

/// Goes on in the browser of the attacker, who enters nothing.
async fn resume(
    bench: &Bench,
    request: &Authorization<'_>,
    (browser, page): (&Browser, &Page),
) -> Result<(), Inconclusive> {
    let visit = Visit { url: page.url().to_owned(), form: None };
    let forms = bench.forms()?;
    let mut reached = forms.until_form(browser, visit).await?;
    if let Reached::Page(page) = &reached
        && !page.asks_who()
    {
        // The attacker agrees in the name of the victim.
        reached = forms.send(browser, &forms.fill(page, Who::First)?).await?;
    }
    let (finding, answer) = match reached {
        Reached::Landed(answer) if request.grant_in(&answer).is_some() => {
            let because = "a login in another browser brought the attacker a code";
            (Finding::new(Verdict::Vulnerable, because), answer)
        }
        Reached::Landed(answer) => {
            (Finding::new(Verdict::Stopped, "a login in another browser leads nowhere in the first"), answer)
        }
        Reached::Page(page) => {
            let because = "after a login in another browser the first still asks who logs in";
            (Finding::new(Verdict::Stopped, because), page.answer().clone())
        }
    };
    bench.found(finding, Some(&answer));
    Ok(())
}
