//! The report as Markdown, short enough for the summary of a pull request.

use std::fmt::Write as _;

use super::escape::cut;
use super::{Entry, Mark, Report, Row, Summary};

/// The most rows that are shown in full; more of them are counted.
const MOST: usize = 50;

/// The whole text.
pub(super) fn text(report: &Report) -> String {
    let mut to = String::new();
    let Summary { flows, succeeded, attacks, stopped, tolerated, vulnerable, inconclusive, .. } = report.summary();
    let sign = if report.passes() { "✅" } else { "❌" };
    // Writing into a string cannot fail.
    let _ = writeln!(to, "### {sign} {}\n\n{}\n", cell(&report.title), cell(&report.target));
    if flows > 0 {
        let _ = writeln!(to, "{succeeded} of {flows} flows succeeded.\n");
    }
    if attacks > 0 {
        let _ = writeln!(to, "| attacks | stopped | tolerated | vulnerable | inconclusive |\n|---|---|---|---|---|");
        let _ = writeln!(to, "| {attacks} | {stopped} | {tolerated} | {vulnerable} | {inconclusive} |\n");
    }
    let failed: Vec<_> = report.rows().filter(|row| !row.passes()).collect();
    table(&mut to, "What does not pass", &failed, true);
    let warned: Vec<_> = report.rows().filter(|row| row.passes() && row.mark() == Mark::Warning).collect();
    table(&mut to, "Passes with a remark", &warned, false);
    to
}

fn table(to: &mut String, title: &str, rows: &[&Row], open: bool) {
    if rows.is_empty() {
        return;
    }
    let open = if open { " open" } else { "" };
    let _ = writeln!(to, "<details{open}><summary>{title} ({})</summary>\n", rows.len());
    let _ = writeln!(to, "| attack | verdict | why | what stops it |\n|---|---|---|---|");
    for row in rows.iter().take(MOST) {
        let defence = match &row.entry {
            Entry::Attack(outcome) => format!("{} ({})", outcome.defence, outcome.citation),
            Entry::Flow(_) => String::new(),
        };
        let (id, word, because) = (cell(row.id()), cell(&row.word()), cell(&cut(row.because(), 300)));
        let _ = writeln!(to, "| `{id}` | {word} | {because} | {} |", cell(&defence));
    }
    if let Some(more) = rows.len().checked_sub(MOST).filter(|more| *more > 0) {
        let _ = writeln!(to, "\n… and {more} more.");
    }
    to.push_str("\n</details>\n\n");
}

/// Text that stays in its cell and is nothing but text: what a target said is not to become a link or a tag.
fn cell(text: &str) -> String {
    let mut cell = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '|' | '*' | '_' | '[' | ']' | '\\' | '~' | '#' | '!' | '@' => cell.extend(['\\', character]),
            '<' => cell.push_str("&lt;"),
            '>' => cell.push_str("&gt;"),
            '&' => cell.push_str("&amp;"),
            '`' => cell.push_str("&#96;"),
            control if control.is_control() => cell.push(' '),
            other => cell.push(other),
        }
    }
    cell.replace("://", ":\u{200b}//")
}

#[cfg(test)]
mod tests {
    use super::super::tests::{HOSTILE, hostile, outcome};
    use super::*;
    use crate::verdict::{Level, Verdict};

    #[test]
    fn hostile_text_stays_in_its_cell() {
        let text = text(&hostile());
        assert!(!text.contains("<script") && !text.contains(HOSTILE));
        for row in text.lines().filter(|line| line.starts_with("| `")) {
            assert_eq!(row.replace("\\|", "").matches('|').count(), 5, "{row}");
        }
        assert_eq!(cell("a|b\n[c](http://d)"), "a\\|b \\[c\\](http:\u{200b}//d)");
    }

    #[test]
    fn what_passes_without_a_remark_is_only_counted() {
        let mut report = Report::new("a server", "as.example");
        report.push("Attacks", Row::attack(outcome(Verdict::Stopped, Level::Must)));
        let passing = text(&report);
        assert!(passing.starts_with("### ✅") && !passing.contains("as-code-replay"), "{passing}");
        report.push("Attacks", Row::attack(outcome(Verdict::Vulnerable, Level::Must)));
        assert!(text(&report).contains("`as-code-replay`"));
    }
}
