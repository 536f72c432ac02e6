//! One flow: what it says of the client, a diagram, and each request with what was decided and why.

use http::StatusCode;
use oauth_types::journal::{Entry, Finding, Flow, Verdict};

use super::super::aside::aside;
use super::super::call::shown;
use super::{INSPECT, Outcome, Page, Visit, Wrong, attack, diagram, entries};
use crate::escape::html;
use crate::http::journal::snapshot::Journal;

/// The most requests of a flow that are shown, the first ones.
const MOST: usize = 200;

/// The page of a flow.
pub(super) async fn show(visit: &Visit<'_>, name: &str, id: &str) -> Outcome {
    let tenant = visit.tenant(name)?;
    let (id, reveal) = (id.to_owned(), visit.asked.get("reveal") == Some("true"));
    let page = aside(move || {
        let journal = tenant.journal();
        let flow = journal.flows().into_iter().find(|flow| flow.id == id)?;
        let told = if reveal { journal.revealed() } else { journal.redacted() };
        let own: Vec<Entry> =
            told.into_iter().filter(|entry| flow.entries.contains(&entry.number)).take(MOST).collect();
        let head = head(tenant.name(), &flow, reveal);
        Some(Page::new("One flow", head + &each(tenant.name(), &journal, &own)))
    })
    .await?;
    let page = page.ok_or_else(|| Wrong::of(StatusCode::NOT_FOUND, "The journal has no such flow, or no longer"))?;
    Ok(page.into())
}

/// What the flow says of its client, and where else one can go.
fn head(tenant: &str, flow: &Flow, reveal: bool) -> String {
    let own = format!("{INSPECT}/{}", shown(tenant));
    let here = format!("{own}/flows/{}", html(&flow.id));
    let secrets = match reveal {
        true => format!("<a id=\"reveal\" href=\"{here}\">Hide the secrets</a>"),
        false => format!("<a id=\"reveal\" href=\"{here}?reveal=true\">Show the secrets</a>"),
    };
    let client = html(flow.client_id.as_deref().unwrap_or("an unknown client"));
    let top = format!(
        "<nav aria-label=\"Way back\"><p><a href=\"{own}\">All flows</a></p></nav>\n\
         <p>Flow <code id=\"flow\">{}</code> of <code id=\"client\">{client}</code>. {secrets}.</p>\n",
        html(&flow.id)
    );
    top + &findings(&flow.findings)
}

/// What was said, and each request.
fn each(tenant: &str, journal: &Journal, entries: &[Entry]) -> String {
    let own = format!("{INSPECT}/{}", shown(tenant));
    let mut body = format!("<h2>What was said</h2>\n{}<h2>Each request</h2>\n", diagram::draw(entries));
    for entry in entries {
        let seen = journal.iter().find(|seen| seen.number == entry.number);
        body += &entries::whole(entry, &own, seen.and_then(attack::obstacle));
    }
    body
}

/// What the flow says of its client: what was not done at once, the rest for whoever wants to see it.
fn findings(findings: &[Finding]) -> String {
    let of = |verdict: Verdict| findings.iter().filter(|finding| finding.verdict == verdict).collect::<Vec<_>>();
    let (broken, kept, unseen) = (of(Verdict::Broken), of(Verdict::Kept), of(Verdict::NotObserved));
    let mut body = String::from("<h2>What it says of the client</h2>\n");
    match broken.is_empty() {
        true => body += "<p id=\"sound\">Nothing that can be seen from here is wrong.</p>\n",
        false => body += &format!("<div id=\"broken\">{}</div>\n", told(&broken)),
    }
    for (id, says, list) in
        [("kept", "things it has to do and did", &kept), ("unseen", "things there was no sign of", &unseen)]
    {
        if !list.is_empty() {
            body +=
                &format!("<details id=\"{id}\"><summary>{} {says}</summary>\n{}</details>\n", list.len(), told(list));
        }
    }
    body
}

fn told(findings: &[&Finding]) -> String {
    let mut list = String::from("<dl>\n");
    for finding in findings {
        let (says, section) = (html(finding.says.trim_end_matches('.')), html(&finding.section));
        let place = format!("<small>{section}{}</small>", shown_by(&finding.entries));
        list += &format!("<dt><code>{}</code></dt><dd>{says}. {place}</dd>\n", html(&finding.check));
    }
    list + "</dl>\n"
}

fn shown_by(entries: &[u64]) -> String {
    let links: Vec<String> =
        entries.iter().take(MOST).map(|number| format!("<a href=\"#entry-{number}\">{number}</a>")).collect();
    if links.is_empty() { String::new() } else { format!(", request {}", links.join(", ")) }
}
