//! The report as a badge: how many attacks were stopped, in a small picture for a README.

use super::escape::Xml;
use super::{Report, Summary};

/// Width of a character of the badge's font, in tenths of a pixel.
const CHARACTER: usize = 66;
/// Beside each text, in pixels.
const MARGIN: usize = 6;

/// The picture, as SVG.
pub(super) fn svg(report: &Report) -> String {
    let Summary { attacks, stopped, tolerated, vulnerable, failed, .. } = report.summary();
    let (label, said) = ("oauth-attacks", format!("{} of {attacks} withstood", stopped + tolerated));
    let colour = match (report.passes(), vulnerable, failed) {
        (true, 0, _) => "#16703c",
        (true, ..) => "#8a5a00",
        _ => "#b3261e",
    };
    let [left, right] = [label, said.as_str()].map(|text| text.chars().count() * CHARACTER / 10 + 2 * MARGIN);
    let (whole, title) = (left + right, Xml(&report.title));
    let (label_at, said_at) = (left / 2, left + right / 2);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{whole}\" height=\"20\" role=\"img\" aria-label=\"{label}: {said}\">\n\
         <title>{title}: {said}</title>\n\
         <rect width=\"{left}\" height=\"20\" fill=\"#444\"/>\n\
         <rect x=\"{left}\" width=\"{right}\" height=\"20\" fill=\"{colour}\"/>\n\
         <g fill=\"#fff\" font-family=\"Verdana,DejaVu Sans,sans-serif\" font-size=\"11\" text-anchor=\"middle\">\n\
         <text x=\"{label_at}\" y=\"14\">{label}</text>\n<text x=\"{said_at}\" y=\"14\">{said}</text>\n</g>\n</svg>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::super::Row;
    use super::super::tests::{hostile, outcome};
    use super::super::well_formed::well_formed;
    use super::*;
    use crate::verdict::{Level, Verdict};

    #[test]
    fn the_badge_counts_what_was_withstood_and_is_red_if_the_report_does_not_pass() {
        let mut report = Report::new("a server", "as.example");
        report.push("Attacks", Row::attack(outcome(Verdict::Stopped, Level::Must)));
        assert!(svg(&report).contains("1 of 1 withstood") && svg(&report).contains("#16703c"));
        report.push("Attacks", Row::attack(outcome(Verdict::Vulnerable, Level::Must)));
        assert!(svg(&report).contains("1 of 2 withstood") && svg(&report).contains("#b3261e"));
        assert_eq!(well_formed(&svg(&hostile())), Ok(()));
    }
}
