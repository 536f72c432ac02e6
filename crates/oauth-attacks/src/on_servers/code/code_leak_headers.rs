//! Codes travel in addresses. A browser that keeps the redirect, or tells the next site where it came from, gives the
//! code away; so does a page that carries a code and fetches pictures and scripts from others.

use crate::answer::Answer;
use crate::attack::{Capability, Idea, Inconclusive, On, ServerAttack, story};
use crate::bench::Bench;
use crate::judge::Finding;
use crate::target::Registration;
use crate::user_agent::{Who, page_in};
use crate::verdict::{Level, Verdict};

/// `as-code-leak-headers`
pub(super) const ATTACK: ServerAttack = ServerAttack {
    idea: Idea {
        id: "as-code-leak-headers",
        name: "A code in caches and in the Referer header",
        story: story!("code_leak_headers.rs"),
        capabilities: &[Capability::A3],
        citation: "RFC 9700 section 4.2.4 and section 4.3.1",
        steps: &[
            "Log in and agree in a browser.",
            "Read the headers of each page and of the response with the code.",
            "Look at what each page fetches from elsewhere.",
        ],
        secure: "Each answer has `Referrer-Policy` and `Cache-Control: no-store`, and nothing is fetched from others.",
        insecure: "An answer lacks one of them, or fetches something from others.",
        defence: "Answers of the authorization endpoint are kept nowhere and told to nobody.",
        level: Level::Should,
        levels: &[],
    },
    on: On::OneClient,
    needs: &[],
    run: |bench, client| Box::pin(run(bench, client)),
};

async fn run(bench: &Bench, client: &Registration) -> Result<(), Inconclusive> {
    let request = bench.authorization(client);
    let (visit, browser) = (request.address().await?, bench.browser());
    let here = visit.url.clone();
    let login = &bench.target().login;
    let (pages, answer) = match login.forms() {
        Some(forms) => forms.walk(&browser, visit, Who::First).await?,
        None => (Vec::new(), login.authorize(&browser, visit).await?),
    };
    if request.grant_in(&answer).is_none() {
        return Err(Inconclusive::new("an honest request brought no code"));
    }
    for page in &pages {
        judge(bench, page.answer(), (&format!("the page “{}”", page.title()), page.foreign_origins()));
    }
    judge(bench, &answer, ("the response with the code", page_in(&here, &answer).foreign_origins()));
    Ok(())
}

fn judge(bench: &Bench, answer: &Answer, (what, foreign): (&str, Vec<String>)) {
    let cached = answer.header("cache-control").unwrap_or_default().to_ascii_lowercase();
    let finding = if let Some(origin) = foreign.first() {
        Finding::new(Verdict::Vulnerable, format!("{what} fetches something from {origin}"))
    } else if !hides_referrer(answer) {
        Finding::new(Verdict::Vulnerable, format!("{what} does not forbid the Referer header"))
    } else if !cached.contains("no-store") {
        Finding::new(Verdict::Vulnerable, format!("{what} may be kept in caches"))
    } else {
        Finding::new(Verdict::Stopped, format!("{what} is kept nowhere and told to nobody"))
    };
    bench.found(finding, Some(answer));
}

/// Whether other sites are told no more than the origin (Referrer Policy section 3). The last word that is known counts.
fn hides_referrer(answer: &Answer) -> bool {
    let policy = answer.header("referrer-policy").unwrap_or_default().to_ascii_lowercase();
    let last = policy.rsplit(',').next().unwrap_or_default().trim();
    matches!(
        last,
        "no-referrer"
            | "same-origin"
            | "origin"
            | "strict-origin"
            | "origin-when-cross-origin"
            | "strict-origin-when-cross-origin"
    )
}
