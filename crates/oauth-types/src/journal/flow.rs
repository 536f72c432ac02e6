//! What a flow says of the client that drove it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Ticket;

/// A login or another grant, from its first request to the last use of a token that came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Flow {
    /// Its name: that of the grant, if it came to one.
    pub id: String,
    /// The client, as far as that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// When its first request came, in seconds since 1970-01-01T00:00:00Z by the tenant's clock.
    pub started: u64,
    /// The numbers of its entries, in order.
    pub entries: Vec<u64>,
    /// Which code or token was given out for which: the lineage.
    pub lineage: Vec<Step>,
    /// What it says of the client.
    pub findings: Vec<Finding>,
}

/// Something that a request gave out, and what it was given out for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Step {
    /// The number of the entry.
    pub entry: u64,
    /// What the request came with.
    pub used: Vec<Ticket>,
    /// What the response gave out.
    pub issued: Vec<Ticket>,
}

/// One thing that a client has to do, and whether it did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Finding {
    /// Which: `state-present`, `code-redeemed-once`.
    pub check: String,
    /// Whether the client did it.
    pub verdict: Verdict,
    /// Where it is asked for: `RFC 6749 section 10.12`.
    pub section: String,
    /// What was seen, in one sentence without secrets.
    pub says: String,
    /// The numbers of the entries that show it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entries: Vec<u64>,
}

/// Whether a client did what it has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It did.
    Kept,
    /// It did not.
    Broken,
    /// There was nothing to see it by.
    NotObserved,
}

impl Flow {
    /// The finding of this name.
    pub fn finding(&self, check: &str) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.check == check)
    }

    /// Whether the client did this: `None` if there is no such check.
    pub fn verdict(&self, check: &str) -> Option<Verdict> {
        self.finding(check).map(|finding| finding.verdict)
    }

    /// What the client did not do.
    pub fn broken(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.verdict == Verdict::Broken)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = match self.verdict {
            Verdict::Kept => "kept",
            Verdict::Broken => "BROKEN",
            Verdict::NotObserved => "not observed",
        };
        write!(f, "{}: {verdict} ({}): {}", self.check, self.section, self.says)?;
        match self.entries.is_empty() {
            true => Ok(()),
            false => write!(f, " [entries {}]", numbers(&self.entries)),
        }
    }
}

impl fmt::Display for Flow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let client = self.client_id.as_deref().unwrap_or("an unknown client");
        write!(f, "flow {} of {}: entries {}", self.id, client.escape_debug(), numbers(&self.entries))?;
        self.findings.iter().try_for_each(|finding| write!(f, "\n  {finding}"))
    }
}

fn numbers(entries: &[u64]) -> String {
    entries.iter().map(u64::to_string).collect::<Vec<_>>().join(", ")
}
