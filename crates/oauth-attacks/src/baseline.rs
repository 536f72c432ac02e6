//! Outcomes that are known and accepted, as a file: each with its reason, and a day on which it must be looked at again.
//!
//! ```json
//! [
//!   { "id": "as-code-replay", "verdict": "vulnerable", "reason": "mended in release 2", "until": "2027-03-31" }
//! ]
//! ```

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::catalogue;
use crate::outcomes::{Excuse, Report};
use crate::verdict::Verdict;

/// What the reason of an entry begins with that nobody has looked at yet.
const UNJUDGED: &str = "to be judged";
/// The members of an entry.
const MEMBERS: [&str; 4] = ["id", "verdict", "reason", "until"];
/// Seconds of a day.
const DAY: u64 = 86_400;

/// The outcomes that are known and accepted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Baseline {
    entries: Vec<Entry>,
}

/// One of them, as it stands in the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Entry {
    id: String,
    verdict: Known,
    reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
}

/// The verdicts that are worth an entry; that an attack is stopped is expected anyway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Known {
    Tolerated,
    Vulnerable,
    Inconclusive,
}

/// What is wrong with a file of known outcomes.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BaselineError {
    /// It is no JSON.
    #[error("it is no JSON: {0}")]
    Unreadable(#[from] serde_json::Error),
    /// It is JSON, and no list.
    #[error(r#"it has to be a list, such as [{{"id": …, "verdict": "vulnerable", "reason": …}}]"#)]
    NoList,
    /// What is in the list is not a table.
    #[error(r#"entry {0}: it has to be written like {{"id": …, "verdict": "vulnerable", "reason": …}}"#)]
    NoEntry(usize),
    /// An entry has a member that there is not.
    #[error("entry {0}: an entry has no {1:?}; it has id, verdict, reason and until")]
    UnknownMember(usize, String),
    /// A member is missing, or is not a text.
    #[error("entry {0}: {1} has to be there, and has to be a text in quotes")]
    NoText(usize, &'static str),
    /// A verdict that is none, or that needs no entry.
    #[error("entry {0}: {1:?} is no verdict to accept; write tolerated, vulnerable or inconclusive")]
    NoVerdict(usize, String),
    /// No attack has this id.
    #[error("entry {0}: no attack has the id {1:?}{2}")]
    UnknownId(usize, String, String),
    /// Two entries are about the same attack.
    #[error("entry {0}: there is an entry for {1} already")]
    Twice(usize, String),
    /// An entry does not say why.
    #[error("entry {0}: {1} needs a reason")]
    NoReason(usize, String),
    /// An entry has the reason that it was written with.
    #[error("entry {0}: {1} is still to be judged; write why its verdict is accepted as its reason")]
    Unjudged(usize, String),
    /// A day that is none.
    #[error("entry {0}: {1:?} is no day; write it like 2027-03-31")]
    NoDay(usize, String),
}

impl Baseline {
    /// Reads a file.
    ///
    /// # Errors
    /// [`BaselineError`] says which entry is wrong, and how.
    pub fn read(text: &str) -> Result<Self, BaselineError> {
        let Value::Array(listed) = serde_json::from_str(text)? else { return Err(BaselineError::NoList) };
        let entries = listed.iter().enumerate().map(|(at, entry)| Entry::read(at + 1, entry));
        let entries = entries.collect::<Result<Vec<_>, _>>()?;
        let mut known = BTreeSet::new();
        for (number, entry) in entries.iter().enumerate().map(|(at, entry)| (at + 1, entry)) {
            if !catalogue::ideas().any(|idea| idea.id == entry.id) {
                return Err(BaselineError::UnknownId(number, entry.id.clone(), suggestion(&entry.id)));
            }
            if !known.insert(entry.id.as_str()) {
                return Err(BaselineError::Twice(number, entry.id.clone()));
            }
            if entry.reason.trim().is_empty() {
                return Err(BaselineError::NoReason(number, entry.id.clone()));
            }
            if entry.reason.trim_start().starts_with(UNJUDGED) {
                return Err(BaselineError::Unjudged(number, entry.id.clone()));
            }
            if let Some(day) = entry.until.as_ref().filter(|day| days(day).is_none()) {
                return Err(BaselineError::NoDay(number, day.clone()));
            }
        }
        Ok(Self { entries })
    }

    /// What a run came to that is not as it should be, as a file whose reasons are still to be written.
    pub fn of(report: &Report) -> Self {
        let failed: BTreeSet<_> = report.failures().into_iter().map(|failure| failure.id).collect();
        let outcomes = report.outcomes.iter().filter(|outcome| failed.contains(outcome.id));
        let entries = outcomes.filter_map(|outcome| {
            let verdict = match outcome.verdict {
                Verdict::Stopped => return None,
                Verdict::Tolerated => Known::Tolerated,
                Verdict::Vulnerable => Known::Vulnerable,
                Verdict::Inconclusive => Known::Inconclusive,
            };
            let reason = format!("{UNJUDGED}: {}", outcome.because);
            Some(Entry { id: outcome.id.to_owned(), verdict, reason, until: None })
        });
        Self { entries: entries.collect() }
    }

    /// The file.
    ///
    /// # Errors
    /// Only if serialization fails.
    pub fn write(&self) -> Result<String, serde_json::Error> {
        Ok(serde_json::to_string_pretty(&self.entries)? + "\n")
    }

    /// How many outcomes it accepts.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it accepts nothing.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The excuses at this moment, in seconds since 1970-01-01T00:00:00Z.
    pub(crate) fn excuses(self, now: u64) -> impl Iterator<Item = Excuse> {
        self.entries.into_iter().map(move |entry| {
            let verdict = match entry.verdict {
                Known::Tolerated => Verdict::Tolerated,
                Known::Vulnerable => Verdict::Vulnerable,
                Known::Inconclusive => Verdict::Inconclusive,
            };
            // It is good for the whole of its last day.
            let expired = entry.until.as_deref().and_then(days).is_some_and(|last| now / DAY > last);
            Excuse { id: entry.id, verdict, reason: entry.reason, expired: entry.until.filter(|_| expired) }
        })
    }
}

impl Entry {
    fn read(number: usize, entry: &Value) -> Result<Self, BaselineError> {
        let entry = entry.as_object().ok_or(BaselineError::NoEntry(number))?;
        if let Some(unknown) = entry.keys().find(|name| !MEMBERS.contains(&name.as_str())) {
            return Err(BaselineError::UnknownMember(number, unknown.clone()));
        }
        let verdict = match text(number, entry, "verdict")?.as_str() {
            "tolerated" => Known::Tolerated,
            "vulnerable" => Known::Vulnerable,
            "inconclusive" => Known::Inconclusive,
            other => return Err(BaselineError::NoVerdict(number, other.to_owned())),
        };
        let until = match entry.get("until") {
            None | Some(Value::Null) => None,
            Some(_) => Some(text(number, entry, "until")?),
        };
        Ok(Self { id: text(number, entry, "id")?, verdict, reason: text(number, entry, "reason")?, until })
    }
}

/// A member of an entry that is a text.
fn text(number: usize, entry: &Map<String, Value>, name: &'static str) -> Result<String, BaselineError> {
    let text = entry.get(name).and_then(Value::as_str);
    text.map(str::to_owned).ok_or(BaselineError::NoText(number, name))
}

/// `; did you mean …?`
fn suggestion(id: &str) -> String {
    let shared = |known: &str| known.chars().zip(id.chars()).take_while(|(a, b)| a == b).count();
    let nearest = catalogue::ideas().map(|idea| idea.id).max_by_key(|known| shared(known));
    nearest.filter(|known| shared(known) > 5).map_or_else(String::new, |known| format!("; did you mean {known:?}?"))
}

/// Days from 1970-01-01 to a day written as in RFC 3339 section 5.6, `full-date`.
fn days(text: &str) -> Option<u64> {
    let mut parts =
        text.split('-').map(|part| part.parse::<u64>().ok().filter(|_| part.len() == 4 || part.len() == 2));
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    if parts.next().is_some() || text.len() != 10 || !(1970..=9999).contains(&year) || !(1..=12).contains(&month) {
        return None;
    }
    let leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let lengths = [31, if leap(year) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let before: u64 = (1970..year).map(|year| if leap(year) { 366 } else { 365 }).sum();
    let index = usize::try_from(month).ok()? - 1;
    let within: u64 = lengths.iter().take(index).sum();
    (1..=*lengths.get(index)?).contains(&day).then(|| before + within + day - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(more: &str) -> String {
        format!(r#"[{{"id": "as-code-replay", "verdict": "vulnerable", "reason": "mended in 2.0"{more}}}]"#)
    }

    #[test]
    fn an_entry_is_good_until_the_end_of_its_day() {
        let baseline = Baseline::read(&entry(r#", "until": "2027-03-31""#)).expect("a baseline");
        let expired = |now| baseline.clone().excuses(now).next().expect("an excuse").expired.is_some();
        // 2027-03-31T23:59:59Z and the second after it.
        assert!(!expired(1_806_537_599));
        assert!(expired(1_806_537_600));
    }

    #[test]
    fn what_is_wrong_is_said_precisely() {
        let error = |text: &str| Baseline::read(text).expect_err("an error").to_string();
        assert!(error(&entry(r#", "until": "2027-02-30""#)).contains(r#"entry 1: "2027-02-30" is no day"#));
        assert!(
            error(&entry(r#", "untl": "2027-02-20""#)).contains(r#"entry 1: an entry has no "untl"; it has id,"#)
        );
        let misspelt = entry("").replace("as-code-replay\"", "as-code-replai\"");
        assert!(error(&misspelt).contains("did you mean"), "{}", error(&misspelt));
        assert!(error(&entry("").replace("mended in 2.0", " ")).contains("needs a reason"));
        let twice = format!("[{0},{0}]", entry("").trim_matches(['[', ']']));
        assert!(error(&twice).contains("there is an entry for as-code-replay already"));
        assert!(error(&entry("").replace("vulnerable", "stopped")).contains(r#"entry 1: "stopped" is no verdict"#));
        assert!(error("{}").contains("it has to be a list, such as [{"));
        assert!(error("{").starts_with("it is no JSON: "));
        assert!(error("[1]").contains(r#"entry 1: it has to be written like {"id": "#));
        assert!(error(&entry(r#", "until": 2027"#)).contains("entry 1: until has to be there, and has to be a text"));
        assert!(error(r#"[{"id": "as-code-replay", "verdict": "vulnerable"}]"#).contains("entry 1: reason has to"));
    }

    #[test]
    fn what_nobody_has_judged_yet_is_not_accepted() {
        let unedited = entry("").replace("mended in 2.0", "to be judged: 200 with a token");
        let error = Baseline::read(&unedited).expect_err("an error").to_string();
        assert_eq!(
            error,
            "entry 1: as-code-replay is still to be judged; write why its verdict is accepted as its reason"
        );
    }

    #[test]
    fn what_is_written_is_read_again() {
        let baseline = Baseline::read(&entry(r#", "until": "2028-02-29""#)).expect("a baseline");
        assert_eq!(Baseline::read(&baseline.write().expect("JSON")).expect("a baseline"), baseline);
    }
}
