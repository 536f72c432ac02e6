//! What a report holds: flows that are meant to succeed, attacks that are meant to be stopped.

use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::trace::Trace;
use crate::verdict::{Outcome, Verdict};

/// One flow or attack, and how long it took.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// What was run.
    #[serde(flatten)]
    pub entry: Entry,
    /// How long it took, if it was measured; written in milliseconds.
    #[serde(rename = "took_ms", serialize_with = "milliseconds")]
    pub took: Option<Duration>,
    /// Whether the caller takes it as passed, where that differs from what the row says by itself.
    pub ruling: Option<bool>,
}

/// What a row is about.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Entry {
    /// A flow that is meant to succeed.
    Flow(Flow),
    /// An attack that is meant to be stopped.
    Attack(Outcome),
}

/// A flow that is meant to succeed, and whether it did.
#[derive(Debug, Clone, Serialize)]
pub struct Flow {
    /// The stable id.
    pub id: String,
    /// The flow in a few words.
    pub name: String,
    /// Whether it came to its end and everything it checked held.
    pub succeeded: bool,
    /// What was checked, or what went wrong.
    pub because: String,
    /// Who sent what to whom.
    pub trace: Trace,
}

/// What a row means to a reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mark {
    /// As it should be.
    Good,
    /// Passes, with a remark.
    Warning,
    /// Does not pass.
    Bad,
    /// Nothing can be said, so it does not pass.
    Unknown,
}

impl Flow {
    /// A flow that has not come to its end.
    pub fn new(id: impl Into<String>, name: impl Into<String>) -> Self {
        let because = "it has not come to its end".to_owned();
        Self { id: id.into(), name: name.into(), succeeded: false, because, trace: Trace::default() }
    }

    /// The flow came to its end; `checked` says what was verified there.
    #[must_use]
    pub fn went_through(self, checked: impl Into<String>, trace: Trace) -> Self {
        Self { succeeded: true, because: checked.into(), trace, ..self }
    }

    /// The flow broke off; `why` says at what.
    #[must_use]
    pub fn broke_off(self, why: impl Into<String>, trace: Trace) -> Self {
        Self { succeeded: false, because: why.into(), trace, ..self }
    }
}

impl Row {
    /// A row about a flow.
    pub fn flow(flow: Flow) -> Self {
        Self { entry: Entry::Flow(flow), took: None, ruling: None }
    }

    /// A row about an attack.
    pub fn attack(outcome: Outcome) -> Self {
        Self { entry: Entry::Attack(outcome), took: None, ruling: None }
    }

    /// The same row, with how long it took.
    #[must_use]
    pub fn took(self, took: Duration) -> Self {
        Self { took: Some(took), ..self }
    }

    /// The same row, taken as passed or not for a reason that only the caller knows: a weakness that is known and
    /// accepted passes, and a weakness that was expected and is gone does not.
    #[must_use]
    pub fn ruled(mut self, passes: bool, reason: &str) -> Self {
        let because = match &mut self.entry {
            Entry::Flow(flow) => &mut flow.because,
            Entry::Attack(outcome) => &mut outcome.because,
        };
        *because = format!("{because} ({reason})");
        self.ruling = Some(passes);
        self
    }

    /// The stable id.
    pub fn id(&self) -> &str {
        match &self.entry {
            Entry::Flow(flow) => &flow.id,
            Entry::Attack(outcome) => outcome.id,
        }
    }

    /// The row in a few words.
    pub fn name(&self) -> &str {
        match &self.entry {
            Entry::Flow(flow) => &flow.name,
            Entry::Attack(outcome) => outcome.name,
        }
    }

    /// What it came to, in a word.
    pub fn word(&self) -> String {
        match &self.entry {
            Entry::Flow(flow) if flow.succeeded => "succeeded".to_owned(),
            Entry::Flow(_) => "FAILED".to_owned(),
            Entry::Attack(outcome) => outcome.verdict.to_string(),
        }
    }

    /// Why it came to that.
    pub fn because(&self) -> &str {
        match &self.entry {
            Entry::Flow(flow) => &flow.because,
            Entry::Attack(outcome) => &outcome.because,
        }
    }

    /// Who sent what to whom.
    pub fn trace(&self) -> &Trace {
        match &self.entry {
            Entry::Flow(flow) => &flow.trace,
            Entry::Attack(outcome) => &outcome.trace,
        }
    }

    /// Whether the row is as it should be.
    pub fn passes(&self) -> bool {
        self.ruling.unwrap_or_else(|| match &self.entry {
            Entry::Flow(flow) => flow.succeeded,
            Entry::Attack(outcome) => outcome.passes(),
        })
    }

    /// What the row means to a reader.
    pub fn mark(&self) -> Mark {
        match (&self.entry, self.ruling) {
            (_, Some(true)) => Mark::Warning,
            (_, Some(false)) => Mark::Bad,
            (Entry::Flow(flow), _) if flow.succeeded => Mark::Good,
            (Entry::Flow(_), _) => Mark::Bad,
            (Entry::Attack(outcome), _) => match outcome.verdict {
                Verdict::Stopped => Mark::Good,
                Verdict::Tolerated => Mark::Warning,
                Verdict::Vulnerable if outcome.passes() => Mark::Warning,
                Verdict::Vulnerable => Mark::Bad,
                Verdict::Inconclusive => Mark::Unknown,
            },
        }
    }
}

fn milliseconds<S: Serializer>(took: &Option<Duration>, to: S) -> Result<S::Ok, S::Error> {
    match took {
        Some(took) => to.serialize_f64((took.as_secs_f64() * 1e6).round() / 1e3),
        None => to.serialize_none(),
    }
}
