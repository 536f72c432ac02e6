//! The flows of a tenant, and what can be done to it: its clock, its faults, its journal.

use std::fmt::Write as _;

use http::StatusCode;
use oauth_types::clock::Turn;
use oauth_types::fault::{Fault, catalogue};
use oauth_types::journal::{Entry, Flow};

use super::super::aside::aside;
use super::super::call::shown;
use super::super::clock::check as check_clock;
use super::{INSPECT, Outcome, Page, Shown, TRY, Visit, Wrong, entries};
use crate::Tenant;
use crate::escape::html;
use crate::http::date;

/// The most flows that are listed, the newest first.
const MOST_FLOWS: usize = 100;
/// The most requests that are listed which belong to no flow, the newest first.
const MOST_STRAYS: usize = 50;
/// The most tenants that are listed.
const MOST_TENANTS: usize = 50;

/// How far a clock is moved by a button each, in seconds.
const MOVES: &[(u64, &str)] = &[(60, "a minute"), (600, "ten minutes"), (3_600, "an hour"), (86_400, "a day")];

/// The page of a tenant.
pub(super) async fn show(visit: &Visit<'_>, name: &str) -> Outcome {
    let tenant = visit.tenant(name)?;
    let live = visit.asked.get("live") == Some("true");
    let top = format!("{}{}", others(visit, tenant.name()), said(visit));
    let body = aside(move || {
        let journal = tenant.journal();
        let (flows, entries) = (journal.flows(), journal.redacted());
        format!("{top}{}{}{}", watch(&tenant, live), listed(&tenant, &flows, &entries), levers(&tenant))
    })
    .await?;
    Ok(Page { live, ..Page::new("What happened here", body) }.into())
}

/// Moves the clock.
pub(super) fn turn(visit: &Visit<'_>, name: &str) -> Outcome {
    let tenant = visit.tenant(name)?;
    let seconds = visit.must("seconds")?.parse();
    let seconds = seconds.map_err(|_| Wrong::of(StatusCode::BAD_REQUEST, "seconds is a whole number of seconds"))?;
    let turn = Turn::Advance { seconds };
    check_clock(tenant.clock(), &[turn])?;
    tenant.clock().turn(turn);
    Ok(back(&tenant, "clock"))
}

/// Mounts a fault that has a name.
pub(super) fn mount(visit: &Visit<'_>, name: &str) -> Outcome {
    let tenant = visit.tenant(name)?;
    let named = catalogue::find(visit.must("named")?)
        .ok_or_else(|| Wrong::of(StatusCode::BAD_REQUEST, "There is no fault of this name"))?;
    let fault: Fault = match visit.must("times")? {
        "once" => named.fault().once(),
        "always" => named.fault(),
        _ => return Err(Wrong::of(StatusCode::BAD_REQUEST, "times is once or always")),
    };
    tenant.faults().add(fault).map_err(|unfit| Wrong::of(StatusCode::CONFLICT, unfit.to_string()))?;
    Ok(back(&tenant, "faults"))
}

/// Takes every fault off.
pub(super) fn behave(visit: &Visit<'_>, name: &str) -> Outcome {
    let tenant = visit.tenant(name)?;
    tenant.faults().clear();
    Ok(back(&tenant, "faults"))
}

/// Forgets the journal.
pub(super) fn forget(visit: &Visit<'_>, name: &str) -> Outcome {
    let tenant = visit.tenant(name)?;
    tenant.clear_journal();
    Ok(back(&tenant, "journal"))
}

fn back(tenant: &Tenant, what: &str) -> Shown {
    Shown::GoTo(format!("{INSPECT}/{}?done={what}", shown(tenant.name())))
}

/// What was done by the button that led here.
fn said(visit: &Visit<'_>) -> String {
    let done = match visit.asked.get("done") {
        Some("clock") => "The clock was moved.",
        Some("faults") => "The faults were changed.",
        Some("journal") => "The journal is empty.",
        _ => return String::new(),
    };
    format!("<p role=\"status\" id=\"done\">{done}</p>\n")
}

/// Links to the other tenants.
fn others(visit: &Visit<'_>, own: &str) -> String {
    let tenants = &visit.app.tenants;
    let all: Vec<_> = tenants.all();
    let mut list = format!(
        "<nav aria-label=\"Tenants\"><p><a href=\"{TRY}{}\">Try it</a> with a client of the server's own",
        if own.is_empty() { String::new() } else { format!("?tenant={own}") }
    );
    if !all.is_empty() || !own.is_empty() {
        list += ". Tenants:";
        for name in std::iter::once("").chain(all.iter().map(|tenant| tenant.name.as_str())).take(MOST_TENANTS) {
            let (path, shown) = (shown(name), if name.is_empty() { "the root" } else { name });
            let current = if name == own { " aria-current=\"page\"" } else { "" };
            // Writing into a string cannot fail.
            let _ = write!(list, " <a href=\"{INSPECT}/{path}\"{current}>{}</a>", html(shown));
        }
    }
    list + "</p></nav>\n"
}

/// Whose page it is, what time it is there, and whether the page is kept up to date.
fn watch(tenant: &Tenant, live: bool) -> String {
    let path = format!("{INSPECT}/{}", shown(tenant.name()));
    let link = match live {
        true => format!("<a id=\"live\" href=\"{path}\">Stop updating this page</a>"),
        false => format!("<a id=\"live\" href=\"{path}?live=true\">Keep this page up to date</a>"),
    };
    format!(
        "<p>Issuer <code id=\"issuer\">{}</code>, where it is <span id=\"now\">{}</span>. {link}.</p>\n",
        html(tenant.issuer()),
        date::text(tenant.clock().reading().now)
    )
}

/// The flows, and the requests that belong to none.
fn listed(tenant: &Tenant, flows: &[Flow], entries: &[Entry]) -> String {
    let mut body = String::from("<h2>Flows</h2>\n");
    if flows.is_empty() {
        body += "<p id=\"nothing\">Nobody has begun one yet.</p>\n";
    } else {
        body += "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Flows\"><table id=\"flows\">\n<thead><tr><th scope=\"col\">Began</th>\
                 <th scope=\"col\">Client</th><th scope=\"col\">Requests</th><th scope=\"col\">Refused for</th>\
                 <th scope=\"col\">The client did not</th></tr></thead>\n<tbody>\n";
        for flow in flows.iter().rev().take(MOST_FLOWS) {
            body += &row(tenant.name(), flow, entries);
        }
        body += "</tbody></table></div>\n";
    }
    let strays: Vec<&Entry> = entries.iter().rev().filter(|entry| entry.flow.is_none()).take(MOST_STRAYS).collect();
    if !strays.is_empty() {
        body += "<h2>Requests outside of flows</h2>\n<ol class=\"plain\" id=\"strays\">\n";
        for entry in strays {
            // Writing into a string cannot fail.
            let _ = writeln!(body, "<li>{}</li>", entries::line(entry));
        }
        body += "</ol>\n";
    }
    body
}

fn row(tenant: &str, flow: &Flow, entries: &[Entry]) -> String {
    let own = || entries.iter().filter(|entry| flow.entries.contains(&entry.number));
    let refused: Vec<String> = own()
        .filter_map(|entry| entry.refusal.as_ref())
        .map(|refusal| format!("<code>{}</code>", html(&refusal.rule)))
        .collect();
    let broken: Vec<String> = flow.broken().map(|finding| format!("<code>{}</code>", html(&finding.check))).collect();
    let nothing = |list: Vec<String>| if list.is_empty() { "–".to_owned() } else { list.join(" ") };
    let href = format!("{INSPECT}/{}/flows/{}", shown(tenant), html(&flow.id));
    format!(
        "<tr><td><a href=\"{href}\">{}</a></td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
        date::text(flow.started),
        html(flow.client_id.as_deref().unwrap_or("unknown")),
        flow.entries.len(),
        nothing(refused),
        nothing(broken)
    )
}

/// What can be done to the tenant.
fn levers(tenant: &Tenant) -> String {
    let path = format!("{INSPECT}/{}", shown(tenant.name()));
    let mut body = format!("<h2>Let time pass</h2>\n<form method=\"post\" action=\"{path}/clock\" id=\"clock\">\n");
    for (seconds, says) in MOVES {
        // Writing into a string cannot fail.
        let _ = writeln!(body, "<button type=\"submit\" name=\"seconds\" value=\"{seconds}\">{says}</button>");
    }
    body += "</form>\n<h2>Misbehave</h2>\n";
    body += &standing(tenant);
    let mut options = String::new();
    for named in catalogue::all() {
        let (name, says) = (html(named.name), html(named.says));
        // Writing into a string cannot fail.
        let _ = writeln!(options, "<option value=\"{name}\">{name}: {says}</option>");
    }
    let _ = write!(
        body,
        "<form method=\"post\" action=\"{path}/faults\" id=\"fault\">\n<p><label for=\"named\">Fault</label>\n\
         <select id=\"named\" name=\"named\">\n{options}</select></p>\n\
         <button type=\"submit\" name=\"times\" value=\"once\">Once</button>\n\
         <button type=\"submit\" name=\"times\" value=\"always\">Until it is taken off</button>\n</form>\n\
         <h2>Begin anew</h2>\n<form method=\"post\" action=\"{path}/forget\" id=\"forget\">\n\
         <button type=\"submit\">Forget what happened</button>\n</form>\n"
    );
    body
}

/// The faults that are mounted.
fn standing(tenant: &Tenant) -> String {
    let faults = tenant.faults().list();
    if faults.is_empty() {
        return "<p id=\"behaves\">It behaves.</p>\n".to_owned();
    }
    let mut body = String::from("<ul class=\"plain\" id=\"standing\">\n");
    for standing in &faults {
        let fault = serde_json::to_string(&standing.fault).unwrap_or_default();
        // Writing into a string cannot fail.
        let _ = writeln!(
            body,
            "<li>fault {}, which acted {} times: <code>{}</code></li>",
            standing.id,
            standing.fired,
            html(entries::shortened(&fault))
        );
    }
    body += "</ul>\n";
    let path = format!("{INSPECT}/{}", shown(tenant.name()));
    body + &format!(
        "<form method=\"post\" action=\"{path}/behave\" id=\"behave\">\n\
         <button type=\"submit\">Take every fault off</button>\n</form>\n"
    )
}
