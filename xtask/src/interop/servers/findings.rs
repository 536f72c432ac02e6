//! What is recorded of a server: every attack that was not stopped as the documents ask, with the reason.

use std::path::Path;

use oauth_attacks::{Baseline, Report, Verdict};
use serde::Deserialize;

use crate::flows::told;

/// The file of one server.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<Finding>);

/// One of them.
#[derive(Debug, Deserialize)]
pub(super) struct Finding {
    /// The attack.
    pub(super) id: String,
    /// What it came to.
    pub(super) verdict: String,
    /// What was seen.
    pub(super) reason: String,
}

impl Findings {
    /// Reads the file of a server below fixtures/servers.
    pub(super) fn read(servers: &Path, id: &str) -> Result<Self, String> {
        let path = servers.join(id).join("findings.json");
        let at = |error: String| format!("fixtures/servers/{id}/findings.json: {error}");
        let text = std::fs::read_to_string(path).map_err(|error| at(error.to_string()))?;
        // The same file is one of `mock-idp attack server --expect`.
        Baseline::read(&text).map_err(|error| at(told(&error)))?;
        serde_json::from_str(&text).map(Self).map_err(|error| at(told(&error)))
    }

    /// What is recorded of an attack; nothing if it is stopped.
    pub(super) fn of(&self, id: &str) -> Option<&Finding> {
        self.0.iter().find(|finding| finding.id == id)
    }

    /// All of them, in the order of the file.
    pub(super) fn all(&self) -> &[Finding] {
        &self.0
    }
}

/// Where a run differs from what is recorded, for better or worse. Of attacks among `races`, luck may make it better.
pub(super) fn differences(expected: &Findings, report: &Report, races: &[&str]) -> Vec<String> {
    let outcomes = report.outcomes.iter().filter_map(|outcome| {
        let recorded = expected.of(outcome.id).map_or(name(Verdict::Stopped), |finding| &finding.verdict);
        let came_to = name(outcome.verdict);
        let lucky = races.contains(&outcome.id) && came_to == name(Verdict::Stopped);
        (recorded != came_to && !lucky)
            .then(|| format!("{} is recorded as {recorded}, and came to {came_to}: {}", outcome.id, outcome.because))
    });
    let ran = |id: &str| report.outcomes.iter().any(|outcome| outcome.id == id);
    let idle = expected.all().iter().filter(|finding| !ran(&finding.id));
    outcomes.chain(idle.map(|finding| format!("{} is recorded, and did not run", finding.id))).collect()
}

/// A verdict as it stands in the file.
pub(super) fn name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Stopped => "stopped",
        Verdict::Tolerated => "tolerated",
        Verdict::Vulnerable => "vulnerable",
        Verdict::Inconclusive => "inconclusive",
    }
}

#[cfg(test)]
mod tests {
    use oauth_attacks::catalogue;

    use super::super::SERVERS;
    use super::*;

    fn recorded(id: &str, verdict: &str) -> Findings {
        let reason = "seen".to_owned();
        Findings(vec![Finding { id: id.to_owned(), verdict: verdict.to_owned(), reason }])
    }

    fn nothing() -> Report {
        Report { outcomes: Vec::new(), excuses: Vec::new(), unknown: Vec::new() }
    }

    #[test]
    fn a_finding_that_does_not_run_any_more_is_told() {
        let told = differences(&recorded("as-code-replay", "vulnerable"), &nothing(), &[]);
        assert_eq!(told, ["as-code-replay is recorded, and did not run"]);
    }

    #[test]
    fn what_is_recorded_is_about_attacks_on_servers_and_judged() {
        let servers = crate::root().join("fixtures/servers");
        for server in SERVERS {
            let findings = Findings::read(&servers, server.id).expect("a file of findings");
            for finding in findings.all() {
                assert!(catalogue::server_attack(&finding.id).is_some(), "{} {}", server.id, finding.id);
                assert!(!finding.reason.contains("to be judged"), "{} {}", server.id, finding.id);
            }
        }
    }

    #[test]
    fn every_violation_has_its_evidence() {
        let servers = crate::root().join("fixtures/servers");
        for server in SERVERS {
            let findings = Findings::read(&servers, server.id).expect("a file of findings");
            let evidence = std::fs::read_to_string(servers.join(server.id).join("EVIDENCE.md")).expect("evidence");
            for finding in findings.all().iter().filter(|finding| finding.verdict == "vulnerable") {
                assert!(evidence.contains(&format!("`{}`", finding.id)), "{} {}", server.id, finding.id);
            }
        }
    }
}
