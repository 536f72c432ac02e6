//! One request: what arrived, what was decided and why, what left.

use std::fmt::Write as _;

use oauth_types::journal::{Decoded, Ending, Entry, Pair, Refused};

use super::attack;
use crate::escape::html;
use crate::refusal::place;

/// The most characters that are shown of one value.
const MOST: usize = 4_000;

/// A request in one line: `POST /token`.
pub(super) fn request(entry: &Entry) -> String {
    let grant = entry.grant_type.as_ref().map(|kind| format!(" {kind}")).unwrap_or_default();
    format!("{} {}{grant}", entry.request.method, entry.request.path)
}

/// An answer in one line: `400 invalid_grant`.
pub(super) fn answer(entry: &Entry) -> String {
    let status = entry.response.status;
    let what = match (&entry.refusal, entry.ending) {
        (_, ending) if ending != Ending::Answered => format!(" {ending}"),
        (Some(refusal), _) => format!(" {}", refusal.error),
        (None, _) => String::new(),
    };
    let lied = if entry.faults > 0 { ", changed by a fault" } else { "" };
    format!("{status}{what}{lied}")
}

/// A request that belongs to no flow.
pub(super) fn line(entry: &Entry) -> String {
    let why = entry.refusal.as_ref().map(|refusal| format!(": {}", decision(refusal))).unwrap_or_default();
    format!("<code>{}</code> {}{why}", html(shortened(&request(entry))), html(&answer(entry)))
}

/// All of a request. `own` is the path of the pages of its tenant, and `obstacle` why it cannot be sent again.
pub(super) fn whole(entry: &Entry, own: &str, obstacle: Option<&str>) -> String {
    let number = entry.number;
    let mut body = format!(
        "<section id=\"entry-{number}\" aria-labelledby=\"title-{number}\">\n<h3 id=\"title-{number}\">{number}. {} → {}</h3>\n",
        html(shortened(&request(entry))),
        html(&answer(entry))
    );
    body += &decided(entry);
    let request =
        [("Query", &entry.request.query), ("Form", &entry.request.form), ("Headers", &entry.request.headers)];
    body += &part("What arrived", &request, &entry.request.body);
    for token in &entry.tokens {
        body += &decoded(token);
    }
    let response = [("Response parameters", &entry.response.params), ("Headers", &entry.response.headers)];
    body += &part("What left", &response, &entry.response.body);
    body += &match obstacle {
        Some(obstacle) => format!("<p id=\"obstacle-{number}\">{}.</p>\n", html(obstacle)),
        None => attack::form(entry, own),
    };
    body + "</section>\n"
}

/// What was decided, and why.
fn decided(entry: &Entry) -> String {
    let mut body = String::from("<dl>\n");
    let mut say = |name: &str, text: String| {
        // Writing into a string cannot fail.
        let _ = writeln!(body, "<dt>{name}</dt><dd>{text}</dd>");
    };
    match &entry.refusal {
        Some(refusal) => say("Refused", decision(refusal)),
        None => say("Decision", "It is in order.".to_owned()),
    }
    if let Some(method) = &entry.auth_method {
        say("The client authenticated by", format!("<code>{}</code>", html(method)));
    }
    if let Some(user) = &entry.user {
        say("Who logged in", format!("<code>{}</code>", html(user)));
    }
    let codes = |names: &[String]| {
        names.iter().map(|name| format!("<code>{}</code>", html(shortened(name)))).collect::<Vec<_>>().join(" ")
    };
    if !entry.relaxations.is_empty() {
        say("It passed only by", codes(&entry.relaxations));
    }
    if !entry.ignored.is_empty() {
        say("Not looked at", codes(&entry.ignored));
    }
    if entry.faults > 0 {
        say("Faults that changed the answer", format!("{} {}", entry.faults, codes(&entry.altered)));
    }
    if let Some(failure) = &entry.failure {
        say("The server failed", html(failure));
    }
    for notice in &entry.notices {
        let came = match (&notice.status, &notice.failure) {
            (Some(status), _) => status.to_string(),
            (None, failure) => html(failure.as_deref().unwrap_or("no answer")),
        };
        say("Sent to others", format!("<code>{}</code> {came}", html(shortened(&notice.url))));
    }
    body + "</dl>\n"
}

/// Why something was refused: the sentence, where it stands, and the likely mistake.
fn decision(refusal: &Refused) -> String {
    let place = html(&place(&refusal.document, &refusal.section));
    let hint = refusal.hint.as_ref().map(|hint| format!(" <strong>{}</strong>.", html(hint.trim_end_matches('.'))));
    format!("{} ({place}, <code>{}</code>).{}", html(&refusal.says), html(&refusal.rule), hint.unwrap_or_default())
}

/// A part that is unfolded by whoever wants to see it.
fn part(title: &str, tables: &[(&str, &Vec<Pair>)], text: &str) -> String {
    let mut body = String::new();
    for (name, pairs) in tables.iter().filter(|(_, pairs)| !pairs.is_empty()) {
        // Writing into a string cannot fail.
        let _ = writeln!(body, "<h4>{name}</h4>\n<dl class=\"pairs\">");
        for pair in *pairs {
            let (name, value) = (html(shortened(&pair.name)), html(shortened(&pair.value)));
            let _ = writeln!(body, "<dt><code>{name}</code></dt><dd><code>{value}</code></dd>");
        }
        body += "</dl>\n";
    }
    if !text.is_empty() {
        let _ = write!(body, "<h4>Body</h4>\n{}", block(shortened(text)));
    }
    if body.is_empty() {
        return String::new();
    }
    format!("<details><summary>{title}</summary>\n{body}</details>\n")
}

/// A signed token, taken apart.
fn decoded(token: &Decoded) -> String {
    let shown = |members| serde_json::to_string_pretty(members).unwrap_or_default();
    let (header, claims) = (shown(&token.header), shown(&token.claims));
    format!(
        "<details><summary>Token <code>{}</code></summary>\n<h4>Header</h4>\n{}<h4>Claims</h4>\n{}</details>\n",
        html(shortened(&token.name)),
        block(shortened(&header)),
        block(shortened(&claims))
    )
}

/// Text as it is, which whoever uses a keyboard can scroll.
pub(super) fn block(text: &str) -> String {
    // Line ends stay: within `pre` they mean themselves.
    let lines: Vec<String> = text.lines().map(html).collect();
    format!("<pre tabindex=\"0\">{}</pre>\n", lines.join("\n"))
}

/// As much of a value as is shown.
pub(super) fn shortened(text: &str) -> &str {
    text.char_indices().nth(MOST).map_or(text, |(at, _)| &text[..at])
}
