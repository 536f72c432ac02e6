//! Reports of flows and attacks: a page, JSON, JUnit XML, and lines for a terminal.
//!
//! Flows and attacks are rows of the same report, told with the same [`Trace`]. A row from somebody else's target can
//! hold any text, so every writer here escapes what it is given.

mod badge;
mod diagram;
mod escape;
mod html;
mod junit;
mod markdown;
mod row;
mod sarif;
pub mod table;
#[cfg(test)]
mod well_formed;

use std::path::Path;
use std::{fs, io};

use serde::Serialize;

pub use self::row::{Entry, Flow, Mark, Row};
use crate::outcomes;
use crate::trace::Trace;
use crate::verdict::Verdict;

/// The rows of one run, in sections.
/// ```
/// use oauth_attacks::report::{Flow, Report, Row};
/// use oauth_attacks::trace::Trace;
/// let mut report = Report::new("My server", "https://as.example");
/// let flow = Flow::new("login", "A login").went_through("the ID token is alice's", Trace::default());
/// report.push("Flows", Row::flow(flow).took(std::time::Duration::from_millis(12)));
/// assert!(report.passes());
/// assert!(report.to_html().contains("alice"));
/// ```
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// What the report is about.
    pub title: String,
    /// What was run against, such as an issuer.
    pub target: String,
    /// The rows.
    pub sections: Vec<Section>,
}

/// Rows that belong together.
#[derive(Debug, Clone, Serialize)]
pub struct Section {
    /// What they have in common.
    pub title: String,
    /// The rows, in the order they ran.
    pub rows: Vec<Row>,
}

/// How many rows there are of each kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Flows run.
    pub flows: usize,
    /// Flows that succeeded.
    pub succeeded: usize,
    /// Attacks run.
    pub attacks: usize,
    /// Attacks stopped as the specification asks.
    pub stopped: usize,
    /// Attacks stopped otherwise.
    pub tolerated: usize,
    /// Attacks that succeeded.
    pub vulnerable: usize,
    /// Attacks nothing can be said about.
    pub inconclusive: usize,
    /// Rows that do not pass.
    pub failed: usize,
}

impl Report {
    /// A report without rows.
    pub fn new(title: impl Into<String>, target: impl Into<String>) -> Self {
        Self { title: title.into(), target: target.into(), sections: Vec::new() }
    }

    /// Adds a row to the section called `section`, which is made if it is not there.
    pub fn push(&mut self, section: &str, row: Row) {
        match self.sections.iter_mut().find(|known| known.title == section) {
            Some(known) => known.rows.push(row),
            None => self.sections.push(Section { title: section.to_owned(), rows: vec![row] }),
        }
    }

    /// Adds what a run of attacks came to. Excused outcomes pass; what was excused and came out otherwise does not.
    pub fn push_run(&mut self, section: &str, run: &outcomes::Report) {
        let mut failures = run.failures();
        for outcome in &run.outcomes {
            let failure = failures.iter().position(|failure| failure.id == outcome.id).map(|at| failures.remove(at));
            let excuse = run.excuses.iter().find(|excuse| excuse.id == outcome.id);
            let row = Row::attack(outcome.clone());
            let row = match (failure, excuse) {
                (Some(failure), Some(_)) => row.ruled(false, &failure.because),
                (None, Some(excuse)) => row.ruled(true, &excuse.reason),
                _ => row,
            };
            self.push(section, row);
        }
        // What is left is about attacks that did not run.
        for failure in failures {
            let missing = Flow::new(failure.id, "An attack that did not run");
            self.push(section, Row::flow(missing.broke_off(failure.because, Trace::default())));
        }
    }

    /// Every row, in order.
    pub fn rows(&self) -> impl Iterator<Item = &Row> {
        self.sections.iter().flat_map(|section| &section.rows)
    }

    /// Whether there are rows and every one of them passes.
    pub fn passes(&self) -> bool {
        self.rows().next().is_some() && self.rows().all(Row::passes)
    }

    /// How many rows there are of each kind.
    pub fn summary(&self) -> Summary {
        let mut summary = Summary::default();
        for row in self.rows() {
            summary.failed += usize::from(!row.passes());
            let Entry::Attack(outcome) = &row.entry else {
                summary.flows += 1;
                summary.succeeded += usize::from(row.passes());
                continue;
            };
            summary.attacks += 1;
            match outcome.verdict {
                Verdict::Stopped => summary.stopped += 1,
                Verdict::Tolerated => summary.tolerated += 1,
                Verdict::Vulnerable => summary.vulnerable += 1,
                Verdict::Inconclusive => summary.inconclusive += 1,
            }
        }
        summary
    }

    /// A page that needs nothing besides itself: no scripts, no fonts, no other files.
    pub fn to_html(&self) -> String {
        html::page(self)
    }

    /// The report as JSON, with its summary.
    ///
    /// # Errors
    /// Only if serialization fails.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        #[derive(Serialize)]
        struct Summarized<'a> {
            summary: Summary,
            passes: bool,
            #[serde(flatten)]
            report: &'a Report,
        }
        serde_json::to_string_pretty(&Summarized { summary: self.summary(), passes: self.passes(), report: self })
    }

    /// The report as JUnit XML, which most CI systems display.
    pub fn to_junit(&self) -> String {
        junit::document(self)
    }

    /// The report as SARIF 2.1.0, which code hosts show as findings.
    pub fn to_sarif(&self) -> serde_json::Value {
        sarif::log(self)
    }

    /// The report as Markdown, for the summary of a pull request.
    pub fn to_markdown(&self) -> String {
        markdown::text(self)
    }

    /// A badge as SVG.
    pub fn to_badge(&self) -> String {
        badge::svg(self)
    }

    /// Writes `report.html`, `report.json`, `report.md`, `report.sarif`, `junit.xml` and `badge.svg` into `folder`,
    /// which is made if it is not there.
    ///
    /// # Errors
    /// When the folder or a file cannot be written.
    pub fn write_into(&self, folder: &Path) -> io::Result<()> {
        fs::create_dir_all(folder)?;
        fs::write(folder.join("report.html"), self.to_html())?;
        fs::write(folder.join("report.json"), self.to_json()? + "\n")?;
        fs::write(folder.join("report.md"), self.to_markdown())?;
        fs::write(folder.join("report.sarif"), serde_json::to_string_pretty(&self.to_sarif())? + "\n")?;
        fs::write(folder.join("badge.svg"), self.to_badge())?;
        fs::write(folder.join("junit.xml"), self.to_junit())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::time::Duration;

    use super::*;
    use crate::outcomes::Excuse;
    use crate::trace::{Party, Step};
    use crate::verdict::{Level, Outcome};

    /// Text that breaks out of whatever does not escape it.
    pub(crate) const HOSTILE: &str = "</title></svg>\"'><script>alert(1)</script>&amp;]]>\u{1b}[31m\0\u{202e}\r\nend";

    pub(crate) fn outcome(verdict: Verdict, level: Level) -> Outcome {
        let step = |from, to, stopped| Step {
            from,
            to,
            message: "POST /token".to_owned(),
            parameters: vec![("code".to_owned(), "<43 characters>".to_owned())],
            answer: Some("400 invalid_grant".to_owned()),
            remark: Some("code_verifier does not match".to_owned()),
            stopped,
            exchange: None,
        };
        Outcome {
            id: "as-code-replay",
            family: "The authorization code",
            steps: &["A code is redeemed.", "It is redeemed again."],
            secure: "The second redemption is refused.",
            insecure: "The second redemption brings tokens.",
            name: "A code is redeemed twice",
            story: "Whoever sees the code redeems it again.",
            citation: "RFC 6749 section 4.1.2",
            defence: "codes are used once",
            level,
            verdict,
            because: "400 invalid_grant".to_owned(),
            refusals: Vec::new(),
            trace: Trace {
                steps: vec![
                    step(Party::Client, Party::Server, false),
                    step(Party::Attacker, Party::Server, verdict == Verdict::Stopped),
                ],
            },
        }
    }

    pub(crate) fn hostile() -> Report {
        let mut report = Report::new(HOSTILE, HOSTILE);
        for verdict in [Verdict::Stopped, Verdict::Tolerated, Verdict::Vulnerable, Verdict::Inconclusive] {
            let mut outcome = outcome(verdict, Level::Must);
            (outcome.id, outcome.name, outcome.story) = (HOSTILE, HOSTILE, HOSTILE);
            (outcome.citation, outcome.defence, outcome.because) = (HOSTILE, HOSTILE, HOSTILE.to_owned());
            for step in &mut outcome.trace.steps {
                step.message = HOSTILE.to_owned();
                step.parameters = vec![(HOSTILE.to_owned(), HOSTILE.to_owned())];
                (step.answer, step.remark) = (Some(HOSTILE.to_owned()), Some(HOSTILE.repeat(9)));
            }
            report.push(HOSTILE, Row::attack(outcome).took(Duration::from_millis(7)));
        }
        let flow = Flow::new(HOSTILE, HOSTILE).broke_off(HOSTILE, Trace::default());
        report.push("Flows", Row::flow(flow));
        report
    }

    #[test]
    fn a_report_without_rows_does_not_pass() {
        assert!(!Report::new("nothing", "nobody").passes());
    }

    #[test]
    fn a_report_passes_when_every_row_does() {
        let mut report = Report::new("a server", "http://127.0.0.1");
        let flow = Flow::new("login", "A login");
        report.push("Flows", Row::flow(flow.clone().went_through("sub", Trace::default())));
        report.push("Attacks", Row::attack(outcome(Verdict::Stopped, Level::Must)));
        report.push("Attacks", Row::attack(outcome(Verdict::Vulnerable, Level::Info)));
        assert!(report.passes());
        report.push("Flows", Row::flow(flow.broke_off("500", Trace::default())));
        assert!(!report.passes());
        let expected = Summary {
            flows: 2,
            succeeded: 1,
            attacks: 2,
            stopped: 1,
            vulnerable: 1,
            failed: 1,
            ..Summary::default()
        };
        assert_eq!(report.summary(), expected);
    }

    #[test]
    fn an_inconclusive_attack_does_not_pass() {
        let row = Row::attack(outcome(Verdict::Inconclusive, Level::Info));
        assert!(!row.passes());
        assert_eq!(row.mark(), Mark::Unknown);
    }

    #[test]
    fn a_caller_may_rule_otherwise() {
        let accepted = Row::attack(outcome(Verdict::Vulnerable, Level::Must)).ruled(true, "known");
        assert!(accepted.passes());
        assert_eq!((accepted.mark(), accepted.because()), (Mark::Warning, "400 invalid_grant (known)"));
        let outlived = Row::attack(outcome(Verdict::Stopped, Level::Must)).ruled(false, "not expected any more");
        assert!(!outlived.passes());
        assert_eq!(outlived.mark(), Mark::Bad);
    }

    #[test]
    fn a_run_is_judged_by_its_excuses() {
        let excuse =
            |id: &str, verdict| Excuse { id: id.to_owned(), verdict, reason: "known".to_owned(), expired: None };
        let run = |verdict, excuses| outcomes::Report {
            outcomes: vec![outcome(verdict, Level::Must)],
            excuses,
            unknown: Vec::new(),
        };
        let judged = |run: outcomes::Report| {
            let mut report = Report::new("a server", "http://127.0.0.1");
            report.push_run("Attacks", &run);
            report.rows().map(|row| (row.id().to_owned(), row.passes())).collect::<Vec<_>>()
        };
        let id = "as-code-replay";
        assert_eq!(judged(run(Verdict::Stopped, vec![])), [(id.to_owned(), true)]);
        assert_eq!(judged(run(Verdict::Vulnerable, vec![])), [(id.to_owned(), false)]);
        assert_eq!(judged(run(Verdict::Vulnerable, vec![excuse(id, Verdict::Vulnerable)])), [(id.to_owned(), true)]);
        assert_eq!(judged(run(Verdict::Stopped, vec![excuse(id, Verdict::Vulnerable)])), [(id.to_owned(), false)]);
        let idle = judged(run(Verdict::Stopped, vec![excuse("as-other", Verdict::Vulnerable)]));
        assert_eq!(idle, [(id.to_owned(), true), ("as-other".to_owned(), false)]);
    }

    #[test]
    fn json_keeps_what_the_runner_said() {
        let mut report = Report::new("a server", "http://127.0.0.1");
        report.push("Attacks", Row::attack(outcome(Verdict::Stopped, Level::Must)).took(Duration::from_micros(1500)));
        let json: serde_json::Value = serde_json::from_str(&report.to_json().expect("JSON")).expect("JSON");
        assert_eq!(json["summary"]["stopped"], 1);
        assert_eq!(json["passes"], true);
        let row = &json["sections"][0]["rows"][0];
        assert_eq!(row["kind"], "attack");
        assert_eq!(row["verdict"], "stopped");
        assert_eq!(row["level"], "MUST");
        assert_eq!(row["took_ms"], 1.5);
        assert_eq!(row["trace"]["steps"][1]["stopped"], true);
    }

    #[test]
    fn every_form_is_written() {
        let folder = std::env::temp_dir().join(format!("oauth-attacks-report-{}", std::process::id()));
        hostile().write_into(&folder.join("deeper")).expect("written");
        for name in ["report.html", "report.json", "report.md", "report.sarif", "junit.xml", "badge.svg"] {
            assert!(fs::metadata(folder.join("deeper").join(name)).expect(name).len() > 100);
        }
        fs::remove_dir_all(folder).expect("removed");
    }
}
