//! One aligned line per row, for a terminal.

use std::fmt::Write as _;
use std::time::Duration;

use super::escape::{Plain, cut};
use super::{Mark, Report, Row, Summary};

/// Whether lines carry colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// Text alone, for files and pipes.
    Never,
    /// ANSI colours, for a terminal.
    Always,
}

/// Widths of the columns that need one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Columns {
    /// Characters of the widest id.
    pub id: usize,
    /// Characters of a whole line; what is longer is cut. 0 means: as long as it gets.
    pub line: usize,
}

/// The row in one line: verdict, time, id, and why.
pub fn line(row: &Row, columns: Columns, colour: Colour) -> String {
    let word = paint(&format!("{:<12}", row.word()), row.mark(), colour);
    let why = format!("{} — {}", row.name(), row.because());
    let used = 12 + 1 + 8 + 2 + columns.id + 2;
    let why = match columns.line {
        0 => why,
        width => cut(&why, width.saturating_sub(used).max(1)),
    };
    format!(
        "{word} {:>8}  {:<width$}  {}",
        row.took.map(duration).unwrap_or_default(),
        Plain(row.id()),
        Plain(&why),
        width = columns.id
    )
}

/// The lines that close a run: every row that does not pass, in full, and the counts.
pub fn closing(report: &Report, colour: Colour) -> String {
    let mut text = String::new();
    for row in report.rows().filter(|row| !row.passes()) {
        let word = paint(&row.word(), row.mark(), colour);
        // Writing into a string cannot fail.
        let _ = writeln!(text, "{word}  {}: {}", Plain(row.id()), Plain(row.because()));
    }
    let Summary { flows, succeeded, attacks, stopped, tolerated, vulnerable, inconclusive, .. } = report.summary();
    if flows > 0 {
        let _ = writeln!(text, "{succeeded} of {flows} flows succeeded");
    }
    if attacks > 0 {
        let _ = writeln!(
            text,
            "{stopped} of {attacks} attacks stopped, {tolerated} tolerated, {vulnerable} vulnerable, {inconclusive} inconclusive"
        );
    }
    text
}

/// A duration in the unit that suits it.
pub fn duration(took: Duration) -> String {
    match took.as_millis() {
        0 => format!("{} µs", took.as_micros()),
        less if less < 1000 => format!("{less} ms"),
        _ => format!("{:.1} s", took.as_secs_f64()),
    }
}

fn paint(text: &str, mark: Mark, colour: Colour) -> String {
    let code = match (colour, mark) {
        (Colour::Never, _) => return text.to_owned(),
        (Colour::Always, Mark::Good) => 32,
        (Colour::Always, Mark::Warning) => 33,
        (Colour::Always, Mark::Bad) => 31,
        (Colour::Always, Mark::Unknown) => 35,
    };
    format!("\u{1b}[{code}m{text}\u{1b}[0m")
}

#[cfg(test)]
mod tests {
    use super::super::tests::{hostile, outcome};
    use super::*;
    use crate::verdict::{Level, Verdict};

    #[test]
    fn lines_are_aligned() {
        let columns = Columns { id: 20, line: 0 };
        let stopped = Row::attack(outcome(Verdict::Stopped, Level::Must)).took(Duration::from_millis(3));
        let vulnerable = Row::attack(outcome(Verdict::Vulnerable, Level::Must)).took(Duration::from_secs(2));
        assert_eq!(
            line(&stopped, columns, Colour::Never),
            "stopped          3 ms  as-code-replay        A code is redeemed twice — 400 invalid_grant"
        );
        let place = |row| line(row, columns, Colour::Never).find("as-code");
        assert_eq!(place(&stopped), place(&vulnerable));
    }

    #[test]
    fn a_line_is_cut_to_its_width() {
        let row = Row::attack(outcome(Verdict::Stopped, Level::Must));
        let cut = line(&row, Columns { id: 14, line: 70 }, Colour::Never);
        assert_eq!(cut.chars().count(), 70);
        assert!(cut.ends_with('…'));
        let narrow = line(&row, Columns { id: 38, line: 80 }, Colour::Never);
        assert_eq!(narrow.chars().count(), 80, "the width of a terminal");
    }

    #[test]
    fn colour_is_the_only_thing_a_terminal_interprets() {
        for row in hostile().rows() {
            let text = line(row, Columns { id: 10, line: 0 }, Colour::Never);
            assert!(!text.chars().any(char::is_control), "{text:?}");
            let coloured = line(row, Columns { id: 10, line: 0 }, Colour::Always);
            assert_eq!(coloured.matches('\u{1b}').count(), 2);
        }
        assert!(!closing(&hostile(), Colour::Never).contains('\u{1b}'));
    }

    #[test]
    fn what_does_not_pass_is_named_at_the_end() {
        let mut report = Report::new("a server", "http://127.0.0.1");
        report.push("Attacks", Row::attack(outcome(Verdict::Vulnerable, Level::Must)));
        report.push("Attacks", Row::attack(outcome(Verdict::Stopped, Level::Must)));
        let text = closing(&report, Colour::Never);
        assert!(text.starts_with("VULNERABLE  as-code-replay: 400 invalid_grant\n"), "{text}");
        assert!(!text.contains("flows"), "{text}");
        assert!(text.ends_with("1 of 2 attacks stopped, 0 tolerated, 1 vulnerable, 0 inconclusive\n"), "{text}");
    }
}
