//! The attacker's page has the browser of a user who is logged in send the form that says yes. If the server takes it
//! without a token that only its own page has, the user has agreed to the attacker's client without seeing anything.

use crate::attack::{Capability, Idea, Inconclusive, Need, On, ServerAttack, story};
use crate::authorization::Authorization;
use crate::bench::Bench;
use crate::browser::Browser;
use crate::judge::Finding;
use crate::target::Registration;
use crate::user_agent::{Reached, Submission, Who};
use crate::verdict::{Level, Verdict};

/// `as-authz-consent-csrf`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-authz-consent-csrf",
        name: "A consent form that somebody else sends",
        story: story!("authz_consent_csrf.rs"),
        capabilities: &[Capability::A1],
        citation: "RFC 6749 section 10.12, RFC 6819 section 4.4.1.8",
        steps: &[
            "Go to the consent page, and send its form from a browser without cookies.",
            "Send it from the right browser without its token, and with the token of another browser.",
            "Send the form of another browser from a page of another site.",
        ],
        secure: "Each form is refused.",
        insecure: "A code comes.",
        defence: "A form counts only from the page that was shown in the same browser.",
        level: Level::Must,
        levels: &[],
    },
    on: On::OneClient,
    needs: &[Need::Forms],
    run: |bench, client| Box::pin(run(bench, client)),
};

/// What the fields are called that only the right page has.
const TOKENS: [&str; 7] = ["csrf", "xsrf", "token", "authenticity", "ticket", "nonce", "_state"];
/// The page of the attacker.
const ELSEWHERE: &str = "https://attacker.example/";

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let (request, _, form) = consent(bench, client).await?;
    attempt(bench, &request, (&bench.browser(), &form), "a consent form from another browser").await?;

    let (_, _, foreign) = consent(bench, client).await?;
    let differs = |name: &&String| form.params().get(name) != foreign.params().get(name);
    let differing: Vec<_> = form.hidden().iter().filter(differs).cloned().collect();
    let named: Vec<_> = differing.iter().filter(|name| is_token(name)).cloned().collect();
    let tokens = if named.is_empty() { &differing } else { &named };
    // The token may as well be in the address: then no attacker knows where the form of another browser is sent.

    if tokens.is_empty() && form.visit().url != foreign.visit().url {
        return posted_elsewhere(bench, client).await;
    }
    let (request, browser, form) = consent(bench, client).await?;
    let bare = tokens.iter().fold(form, |form, name| form.without(name));
    attempt(bench, &request, (&browser, &bare), "a consent form without its token").await?;

    let (request, browser, form) = consent(bench, client).await?;
    let other = |form: Submission, name: &String| form.set(name, foreign.params().get(name).unwrap_or_default());
    let mixed = tokens.iter().fold(form, other);
    attempt(bench, &request, (&browser, &mixed), "a consent form with the token of another browser").await?;
    posted_elsewhere(bench, client).await
}

/// The attacker's own form, with whatever token it has in its fields or in its address, sent by the victim's browser.
async fn posted_elsewhere(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let (request, _, form) = consent(bench, client).await?;
    let (_, victim, _) = consent(bench, client).await?;
    let form = form.from_page(ELSEWHERE);
    attempt(bench, &request, (&victim, &form), "a consent form of the attacker from another site").await
}

/// A request that has come to its consent page, the browser, and the form filled in.
async fn consent<'a>(
    bench: &'a Bench,
    client: &'a Registration,
) -> Result<(Authorization<'a>, Browser, Submission), Inconclusive> {
    // An earlier agreement may be remembered.
    let request = bench.authorization(client).set("prompt", "consent");
    let (browser, forms) = (bench.browser(), bench.forms()?);
    let visit = request.address().await?;
    match forms.until(&browser, visit, (Who::First, |page| !page.asks_who())).await? {
        Reached::Page(page) => {
            let form = forms.fill(&page, Who::First)?;
            Ok((request, browser, form))
        }
        Reached::Landed(_) => Err(Inconclusive::new("the server does not ask for consent")),
    }
}

async fn attempt(
    bench: &Bench,
    request: &Authorization<'_>,
    (browser, form): (&Browser, &Submission),
    what: &str,
) -> Result<(), Inconclusive> {
    let (finding, answer) = match bench.forms()?.send(browser, form).await? {
        Reached::Page(page) => {
            let because = format!("{what} is answered with the page “{}”", page.title());
            (Finding::new(Verdict::Stopped, because), page.answer().clone())
        }
        Reached::Landed(answer) => match (request.grant_in(&answer), answer.status) {
            (Some(_), _) => {
                (Finding::new(Verdict::Vulnerable, format!("the server answered {what} with a code")), answer)
            }
            (None, 500..) => (Finding::new(Verdict::Vulnerable, format!("the server broke down at {what}")), answer),
            (None, _) => {
                let because = format!("{what} is refused with {}", answer.summary());
                (Finding::new(Verdict::Stopped, because), answer)
            }
        },
    };
    bench.found(finding, Some(&answer));
    Ok(())
}

fn is_token(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    TOKENS.iter().any(|word| name.contains(word))
}
