//! The outcomes of a run, what was expected of them, and the table that tells.

use std::fmt::Write as _;

use serde::Serialize;

use crate::attack::Idea;
use crate::catalogue;
use crate::judge::Finding;
use crate::profile::Profile;
use crate::run::Options;
use crate::trace::Trace;
use crate::verdict::{Outcome, Verdict};

/// What a run came to.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// One outcome for each attack, in the order of the catalogue.
    pub outcomes: Vec<Outcome>,
    /// The outcomes that were expected to be other than withstood.
    pub excuses: Vec<Excuse>,
    /// Ids that were asked for and that no attack has.
    pub unknown: Vec<String>,
}

/// An outcome that is known and accepted, for a reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Excuse {
    /// The id of the attack.
    pub id: String,
    /// What it is expected to come to.
    pub verdict: Verdict,
    /// Why that is accepted.
    pub reason: String,
    /// The last day on which it was accepted, if that has passed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expired: Option<String>,
}

/// One thing that is not as expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The id of the attack, or the id that no attack has.
    pub id: String,
    /// Why it counts, in one sentence without a full stop.
    pub because: String,
}

impl Report {
    /// A report on attacks of one side, `all`. Words about the other side are left alone.
    pub(crate) fn new(outcomes: Vec<Outcome>, options: &Options, all: &[&'static str]) -> Self {
        let known = |id: &str| catalogue::ideas().any(|idea| idea.id == id);
        let unknown = options.only.iter().flatten().filter(|id| !known(id)).cloned().collect();
        let ours = |excuse: &&Excuse| all.contains(&excuse.id.as_str()) || !known(&excuse.id);
        let run = options.known.iter().filter(|excuse| options.includes(&excuse.id));
        let excuses = options.excuses.iter().chain(run).filter(ours).cloned().collect();
        Self { outcomes, excuses, unknown }
    }

    /// Everything that is not as expected: attacks that were not withstood, and excuses that do not fit.
    pub fn failures(&self) -> Vec<Failure> {
        let fail = |id: &str, because: String| Failure { id: id.to_owned(), because };
        let mut failures = Vec::new();
        for outcome in &self.outcomes {
            match self.excuses.iter().find(|excuse| excuse.id == outcome.id) {
                Some(Excuse { expired: Some(day), reason, .. }) => failures.push(fail(
                    outcome.id,
                    format!(
                        "it was excused until {day} ({reason}) and came to {}: {}",
                        outcome.verdict, outcome.because
                    ),
                )),
                Some(excuse) if excuse.verdict == outcome.verdict => {}
                Some(excuse) => failures.push(fail(
                    outcome.id,
                    format!(
                        "it was excused as {}, but came to {}: {}",
                        excuse.verdict, outcome.verdict, outcome.because
                    ),
                )),
                None if outcome.passes() => {}
                None => failures.push(fail(outcome.id, outcome.because.clone())),
            }
        }
        let ran = |id: &str| self.outcomes.iter().any(|outcome| outcome.id == id);
        let idle = self.excuses.iter().filter(|excuse| !ran(&excuse.id));
        failures.extend(idle.map(|excuse| fail(&excuse.id, "it was excused, but did not run".to_owned())));
        failures.extend(self.unknown.iter().map(|id| fail(id, "no attack has this id".to_owned())));
        failures
    }

    /// Panics with a table unless every attack was withstood, or came to what it was excused as.
    ///
    /// # Panics
    /// When [`Report::failures`] is not empty.
    #[track_caller]
    pub fn assert_all_stopped(&self) {
        let failures = self.failures();
        assert!(failures.is_empty(), "{} not as expected\n\n{self}", failures.len());
    }
}

impl std::fmt::Display for Report {
    /// A table with a line for each attack, and the reasons of those that failed.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let width = self.outcomes.iter().map(|outcome| outcome.id.len()).max().unwrap_or_default();
        let failures = self.failures();
        for outcome in &self.outcomes {
            let failed = failures.iter().any(|failure| failure.id == outcome.id);
            let mark = if failed { "✗" } else { "✓" };
            writeln!(
                f,
                "{mark} {:width$}  {:12}  {:6}  {}",
                outcome.id, outcome.verdict, outcome.level, outcome.because
            )?;
        }
        let mut reasons = String::new();
        for failure in &failures {
            let known = self.outcomes.iter().find(|outcome| outcome.id == failure.id);
            let defence = known.map(|outcome| format!("\n    {} {}", outcome.defence, outcome.citation));
            writeln!(reasons, "{}: {}{}", failure.id, failure.because, defence.unwrap_or_default())?;
        }
        if reasons.is_empty() { Ok(()) } else { write!(f, "\n{reasons}") }
    }
}

impl Outcome {
    /// What these findings come to: the worst of them.
    pub(crate) fn of(idea: &Idea, profile: Profile, findings: &[Finding], trace: Trace) -> Self {
        let level = idea.level_under(profile);
        let nothing = Finding::new(Verdict::Inconclusive, "the attack found nothing out");
        let weight = |finding: &Finding| finding.weight(level);
        let worst = findings.iter().rev().max_by_key(|finding| weight(finding)).unwrap_or(&nothing);
        let others = findings.iter().filter(|finding| weight(finding) == weight(worst)).count().saturating_sub(1);
        let because = match others {
            0 => worst.because.clone(),
            _ => format!("{} (and {others} more)", worst.because),
        };
        let level = worst.level.filter(|_| worst.verdict == Verdict::Vulnerable).unwrap_or(level);
        Self {
            id: idea.id,
            family: catalogue::family_of(idea.id),
            name: idea.name,
            steps: idea.steps,
            secure: idea.secure,
            insecure: idea.insecure,
            story: idea.story,
            citation: idea.citation,
            defence: idea.defence,
            level,
            verdict: worst.verdict,
            because,
            refusals: Vec::new(),
            trace,
        }
    }
}
