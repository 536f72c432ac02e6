//! The report as SARIF 2.1.0, which code hosts show as findings. There is no source to point at: a finding is about
//! the target, so the location is logical.

use serde_json::{Value, json};

use super::{Entry, Mark, Report, Row};
use crate::verdict::{Level, Outcome, Verdict};

/// The whole log.
pub(super) fn log(report: &Report) -> Value {
    let attacks: Vec<_> = report.rows().filter_map(|row| Some((row, attack(row)?))).collect();
    let rules: Vec<_> = attacks.iter().map(|(_, outcome)| rule(outcome)).collect();
    let results: Vec<_> =
        attacks.iter().enumerate().map(|(at, (row, outcome))| result(report, at, row, outcome)).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "oauth-attacks",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            } },
            "results": results,
        }],
    })
}

fn attack(row: &Row) -> Option<&Outcome> {
    match &row.entry {
        Entry::Attack(outcome) => Some(outcome),
        Entry::Flow(_) => None,
    }
}

fn rule(outcome: &Outcome) -> Value {
    json!({
        "id": outcome.id,
        "name": outcome.name,
        "shortDescription": { "text": outcome.name },
        "fullDescription": { "text": outcome.story },
        "help": { "text": format!("{} {}", outcome.defence, outcome.citation) },
        "properties": { "tags": ["security", outcome.family] },
    })
}

fn result(report: &Report, at: usize, row: &Row, outcome: &Outcome) -> Value {
    let (kind, level) = match (row.passes(), outcome.verdict) {
        (_, Verdict::Stopped | Verdict::Tolerated) if row.passes() => ("pass", "none"),
        (_, Verdict::Inconclusive) => ("open", "none"),
        (_, Verdict::Vulnerable) => ("fail", level_of(outcome.level)),
        _ => ("fail", "warning"),
    };
    let mut result = json!({
        "ruleId": outcome.id,
        "ruleIndex": at,
        "kind": kind,
        "level": level,
        "message": { "text": format!("{}. {}", row.because(), outcome.defence) },
        "locations": [{ "logicalLocations": [{ "fullyQualifiedName": report.target, "kind": "resource" }] }],
        "partialFingerprints": { "attack/v1": format!("{} {}", outcome.id, report.target) },
    });
    if row.passes() && row.mark() == Mark::Warning && row.ruling == Some(true) {
        result["suppressions"] = json!([{ "kind": "external", "justification": row.because() }]);
    }
    result
}

fn level_of(level: Level) -> &'static str {
    match level {
        Level::Must => "error",
        Level::Should => "warning",
        Level::Info => "note",
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::outcome;
    use super::*;

    #[test]
    fn a_finding_is_a_result_with_its_rule() {
        let mut report = Report::new("a server", "https://as.example");
        report.push("Attacks", Row::attack(outcome(Verdict::Stopped, Level::Must)));
        report.push("Attacks", Row::attack(outcome(Verdict::Vulnerable, Level::Should)));
        report.push("Attacks", Row::attack(outcome(Verdict::Vulnerable, Level::Must)).ruled(true, "known"));
        let log = log(&report);
        assert_eq!(log["runs"][0]["tool"]["driver"]["rules"][1]["id"], "as-code-replay");
        let results = &log["runs"][0]["results"];
        assert_eq!((&results[0]["kind"], &results[0]["level"]), (&json!("pass"), &json!("none")));
        assert_eq!((&results[1]["kind"], &results[1]["level"]), (&json!("fail"), &json!("warning")));
        assert_eq!(results[2]["suppressions"][0]["kind"], "external");
        assert!(results[1].get("suppressions").is_none());
    }
}
