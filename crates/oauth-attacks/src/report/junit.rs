//! The report as JUnit XML: a suite per section, a case per row.

use std::fmt::Write as _;

use super::escape::Xml;
use super::{Entry, Mark, Report, Row, Section};

/// The whole document. Writing into a string cannot fail, so results are dropped.
pub(super) fn document(report: &Report) -> String {
    let mut to = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let (tests, failures) = (report.rows().count(), report.summary().failed);
    let _ = writeln!(
        to,
        "<testsuites name=\"{}\" tests=\"{tests}\" failures=\"{failures}\" time=\"{}\">",
        Xml(&report.title),
        seconds(report.rows())
    );
    for section in &report.sections {
        suite(&mut to, section);
    }
    to.push_str("</testsuites>\n");
    to
}

fn suite(to: &mut String, section: &Section) {
    let failures = section.rows.iter().filter(|row| !row.passes()).count();
    let _ = writeln!(
        to,
        "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{failures}\" time=\"{}\">",
        Xml(&section.title),
        section.rows.len(),
        seconds(section.rows.iter())
    );
    for row in &section.rows {
        case(to, &section.title, row);
    }
    to.push_str("  </testsuite>\n");
}

fn case(to: &mut String, section: &str, row: &Row) {
    let _ = writeln!(
        to,
        "    <testcase classname=\"{}\" name=\"{}\" time=\"{:.6}\">",
        Xml(section),
        Xml(row.id()),
        row.took.unwrap_or_default().as_secs_f64()
    );
    if !row.passes() {
        let _ = writeln!(
            to,
            "      <failure type=\"{}\" message=\"{}\">{}</failure>",
            Xml(&row.word()),
            Xml(row.because()),
            Xml(&explanation(row))
        );
    } else if row.mark() == Mark::Warning {
        let _ = writeln!(to, "      <system-out>{}: {}</system-out>", Xml(&row.word()), Xml(row.because()));
    }
    to.push_str("    </testcase>\n");
}

/// What a reader of a failure needs: the defence, its citation, and the messages.
fn explanation(row: &Row) -> String {
    let mut text = format!("{}\n", row.name());
    if let Entry::Attack(outcome) = &row.entry {
        let _ = writeln!(text, "{} ({}): {}", outcome.citation, outcome.level, outcome.defence);
    }
    for step in &row.trace().steps {
        let answer = step.answer.as_deref().unwrap_or("no answer");
        let _ = writeln!(text, "{} to {}: {} — {answer}", step.from, step.to, step.message);
        if let Some(remark) = &step.remark {
            let _ = writeln!(text, "  {remark}");
        }
    }
    text
}

fn seconds<'a>(rows: impl Iterator<Item = &'a Row>) -> String {
    format!("{:.6}", rows.map(|row| row.took.unwrap_or_default().as_secs_f64()).sum::<f64>())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::tests::{hostile, outcome};
    use super::super::well_formed::well_formed;
    use super::*;
    use crate::verdict::{Level, Verdict};

    #[test]
    fn hostile_text_stays_text() {
        let text = document(&hostile());
        assert_eq!(well_formed(&text), Ok(()));
        assert!(!text.contains("<script"));
    }

    #[test]
    fn a_failure_says_which_sentence_was_broken() {
        let mut report = Report::new("a server", "http://127.0.0.1");
        report.push("Attacks", Row::attack(outcome(Verdict::Vulnerable, Level::Must)).took(Duration::from_millis(3)));
        report.push("Attacks", Row::attack(outcome(Verdict::Tolerated, Level::Must)).took(Duration::from_millis(4)));
        let text = document(&report);
        assert_eq!(well_formed(&text), Ok(()));
        assert!(
            text.contains("<testsuites name=\"a server\" tests=\"2\" failures=\"1\" time=\"0.007000\">"),
            "{text}"
        );
        assert!(text.contains("RFC 6749 section 4.1.2 (MUST): codes are used once"), "{text}");
        assert!(text.contains("<system-out>tolerated: 400 invalid_grant</system-out>"), "{text}");
    }
}
