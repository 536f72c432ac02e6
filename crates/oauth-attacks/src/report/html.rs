//! The report as one page: no scripts, nothing to fetch, readable in light and dark, and on paper.

use std::fmt::{self, Write as _};

use super::escape::Xml;
use super::table::duration;
use super::{Entry, Mark, Report, Row, Section, diagram};
use crate::exchange::Exchange;
use crate::trace::Step;

const STYLE: &str = include_str!("page.css");

/// The whole page.
pub(super) fn page(report: &Report) -> String {
    let mut to = String::new();
    // Writing into a string cannot fail.
    let _ = write_page(&mut to, report);
    to
}

fn write_page(to: &mut String, report: &Report) -> fmt::Result {
    let summary = report.summary();
    writeln!(to, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>")?;
    // The page shows what strangers' servers said: even if something got through the escaping, it could do nothing.
    writeln!(
        to,
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\"/>"
    )?;
    writeln!(to, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>")?;
    writeln!(to, "<title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>", Xml(&report.title))?;
    writeln!(to, "<header>\n<h1>{}</h1>\n<p>{}</p>", Xml(&report.title), Xml(&report.target))?;
    let (tone, word) = if report.passes() { ("good", "passes") } else { ("bad", "does not pass") };
    writeln!(to, "<p class=\"verdict {tone}\">{word}</p>\n<dl class=\"numbers\">")?;
    number(to, "flows succeeded", summary.succeeded, summary.flows)?;
    number(to, "attacks stopped", summary.stopped, summary.attacks)?;
    number(to, "tolerated", summary.tolerated, summary.attacks)?;
    number(to, "vulnerable", summary.vulnerable, summary.attacks)?;
    number(to, "inconclusive", summary.inconclusive, summary.attacks)?;
    writeln!(to, "</dl>\n</header>")?;
    filter(to)?;
    writeln!(to, "<main>")?;
    for (at, part) in report.sections.iter().enumerate() {
        section(to, at, part)?;
    }
    writeln!(to, "</main>\n</body>\n</html>")
}

/// Buttons that leave rows of one kind on the page. The style sheet does the rest.
fn filter(to: &mut String) -> fmt::Result {
    let kinds = [
        ("all", "everything"),
        ("bad", "does not pass"),
        ("unknown", "inconclusive"),
        ("warning", "with a remark"),
        ("good", "passes"),
    ];
    writeln!(to, "<form class=\"filter\"><fieldset>\n<legend>Show</legend>")?;
    for (kind, says) in kinds {
        let checked = if kind == "all" { " checked=\"checked\"" } else { "" };
        writeln!(
            to,
            "<label><input type=\"radio\" name=\"show\" id=\"show-{kind}\" value=\"{kind}\"{checked}/> {says}</label>"
        )?;
    }
    writeln!(to, "</fieldset></form>")
}

fn number(to: &mut String, name: &str, count: usize, of: usize) -> fmt::Result {
    writeln!(to, "<div><dt>{name}</dt><dd>{count}<small> of {of}</small></dd></div>")
}

fn section(to: &mut String, at: usize, section: &Section) -> fmt::Result {
    let passed = section.rows.iter().filter(|row| row.passes()).count();
    let (title, all) = (Xml(&section.title), section.rows.len());
    writeln!(to, "<section>\n<h2>{title} <small>{passed} of {all} pass</small></h2>")?;
    for (number, row) in section.rows.iter().enumerate() {
        write_row(to, &format!("r{at}-{number}"), row)?;
    }
    writeln!(to, "</section>")
}

/// A row as a line that opens. What does not pass is open from the start.
fn write_row(to: &mut String, anchor: &str, row: &Row) -> fmt::Result {
    let open = if row.passes() { "" } else { " open=\"open\"" };
    writeln!(to, "<details id=\"{anchor}\" class=\"{}\"{open}>\n<summary>", tone(row.mark()))?;
    writeln!(to, "<b>{}</b> <span class=\"name\">{}</span>", Xml(&row.word()), Xml(row.name()))?;
    writeln!(
        to,
        "<code>{}</code> <span class=\"took\">{}</span>\n</summary>",
        Xml(row.id()),
        row.took.map(duration).unwrap_or_default()
    )?;
    writeln!(to, "<p class=\"because\">{}</p>", Xml(row.because()))?;
    if let Entry::Attack(outcome) = &row.entry {
        writeln!(to, "<p>{}</p>\n<dl class=\"facts\">", Xml(outcome.story))?;
        fact(to, "Stopped by", outcome.defence)?;
        fact(to, "Asked for by", &format!("{} ({})", outcome.citation, outcome.level))?;
        fact(to, "Withstood when", outcome.secure)?;
        fact(to, "Vulnerable when", outcome.insecure)?;
        fact(to, "Family", outcome.family)?;
        writeln!(to, "</dl>")?;
        list(to, "What is done", outcome.steps)?;
    }
    let label = format!("{}: who sent what to whom", row.name());
    writeln!(to, "<div class=\"diagram\">{}</div>", diagram::svg(row.trace(), &label))?;
    if !row.trace().steps.is_empty() {
        writeln!(to, "<ol>")?;
        for message in &row.trace().steps {
            step(to, message)?;
        }
        writeln!(to, "</ol>")?;
    }
    writeln!(to, "</details>")
}

fn step(to: &mut String, step: &Step) -> fmt::Result {
    let class = if step.stopped { " class=\"stopped\"" } else { "" };
    let (from, at) = (step.from.to_string(), step.to.to_string());
    writeln!(to, "<li{class}>{} → {}: <code>{}</code>", Xml(&from), Xml(&at), Xml(&step.message))?;
    if !step.parameters.is_empty() {
        writeln!(to, "<dl class=\"parameters\">")?;
        for (name, value) in &step.parameters {
            fact(to, name, value)?;
        }
        writeln!(to, "</dl>")?;
    }
    if let Some(answer) = &step.answer {
        writeln!(to, "<p class=\"answer\">{}</p>", Xml(answer))?;
    }
    if let Some(remark) = &step.remark {
        writeln!(to, "<p class=\"remark\">{}</p>", Xml(remark))?;
    }
    if let Some(seen) = &step.exchange {
        exchange(to, seen)?;
    }
    writeln!(to, "</li>")
}

fn list(to: &mut String, title: &str, items: &[&str]) -> fmt::Result {
    if items.is_empty() {
        return Ok(());
    }
    writeln!(to, "<p>{title}:</p>\n<ol class=\"steps\">")?;
    for item in items {
        writeln!(to, "<li>{}</li>", Xml(item))?;
    }
    writeln!(to, "</ol>")
}

/// The request and the answer as they went over the wire, and a command that sends the request again.
fn exchange(to: &mut String, exchange: &Exchange) -> fmt::Result {
    writeln!(to, "<details class=\"exchange\"><summary>the exchange</summary>\n<pre>")?;
    let pairs = |pairs: &[(String, String)], between: &str| {
        pairs.iter().map(|(name, value)| format!("{name}{between}{value}")).collect::<Vec<_>>()
    };
    let query = pairs(&exchange.query, "=").join("\n  &");
    let query = if query.is_empty() { query } else { format!("\n  ?{query}") };
    let body = exchange.form.as_ref().map(|form| pairs(form, "=").join("\n&")).or_else(|| exchange.body.clone());
    let asked = [
        vec![format!("{} {}{query}", exchange.method, exchange.url)],
        pairs(&exchange.headers, ": "),
        body.map(|body| format!("\n{body}")).into_iter().collect(),
    ];
    let answered = [vec![exchange.status.to_string()], pairs(&exchange.answer_headers, ": ")];
    writeln!(to, "{}", Xml(&asked.concat().join("\n")))?;
    writeln!(to, "\n{}\n\n{}</pre>", Xml(&answered.concat().join("\n")), Xml(&exchange.answer_body))?;
    writeln!(to, "<p>Send it again:</p>\n<pre>{}</pre>\n</details>", Xml(&exchange.curl()))
}

fn fact(to: &mut String, name: &str, value: &str) -> fmt::Result {
    writeln!(to, "<dt>{}</dt><dd>{}</dd>", Xml(name), Xml(value))
}

fn tone(mark: Mark) -> &'static str {
    match mark {
        Mark::Good => "good",
        Mark::Warning => "warning",
        Mark::Bad => "bad",
        Mark::Unknown => "unknown",
    }
}

#[cfg(test)]
mod tests {

    use super::super::tests::{hostile, outcome};
    use super::super::well_formed::well_formed;
    use super::*;
    use crate::verdict::{Level, Verdict};

    #[test]
    fn hostile_text_stays_text() {
        let text = page(&hostile());
        assert_eq!(well_formed(&text), Ok(()));
        assert!(!text.contains("<script"));
        assert!(text.contains("&lt;script&gt;"));
    }

    #[test]
    fn the_page_fetches_nothing() {
        let text = page(&hostile());
        for needle in [" src=", " href=", "url(", "@import", "<link"] {
            assert!(!text.contains(needle), "{needle}");
        }
    }

    #[test]
    fn what_does_not_pass_is_open() {
        let mut report = Report::new("a server", "http://127.0.0.1");
        report.push("Attacks", Row::attack(outcome(Verdict::Vulnerable, Level::Must)));
        report.push("Attacks", Row::attack(outcome(Verdict::Stopped, Level::Must)));
        let text = page(&report);
        assert_eq!(text.matches("open=\"open\"").count(), 1);
        assert!(text.contains("<details id=\"r0-0\" class=\"bad\" open=\"open\">"));
        assert!(text.contains("does not pass"));
        assert_eq!(text.matches("<li class=\"stopped\">").count(), 1);
    }
}
