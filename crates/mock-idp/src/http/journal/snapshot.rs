//! The journal as somebody looks at it: the entries so far, and what can be asked of them.

use std::fmt;
use std::ops::{Deref, DerefMut};

use oauth_types::journal::{self, Expect, Flow, Query, Unmet};
use serde_json::Value;

use super::reading::{self, Reading};
use super::secrets::Screen;
use super::{Entry, har, wire};
use crate::http::ledger;
use crate::request::Place;

/// The entries of one tenant up to now, in order: a list, and what can be asked of it.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// # let idp = mock_idp::MockIdp::builder().in_process().expect("nothing can fail");
/// use oauth_types::journal::{Expect, Query};
///
/// idp.call(http::Request::get("/jwks").body("".into()).expect("a request")).await;
///
/// let journal = idp.journal();
/// assert_eq!(journal.len(), 1); // it is a `Vec<Entry>`
/// journal.expect(Expect::jwks().times(1)); // panics with the journal if it is otherwise
/// journal.expect(Expect::token().never());
/// assert_eq!(journal.matching(&Query { status: Some(200), ..Query::any() }).len(), 1);
/// assert_eq!(journal.har()["log"]["version"], "1.2");
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Journal {
    entries: Vec<Entry>,
    place: Place,
}

impl Journal {
    pub(crate) fn of(entries: Vec<Entry>, place: &Place) -> Self {
        Self { entries, place: place.clone() }
    }

    /// The entries as they are told to others. In the place of secrets stand their fingerprints.
    pub fn redacted(&self) -> Vec<journal::Entry> {
        self.told(false)
    }

    /// The entries as they are told to others, with every secret. Not for logs.
    pub fn revealed(&self) -> Vec<journal::Entry> {
        self.told(true)
    }

    /// The entries that a question asks for, redacted.
    pub fn matching(&self, query: &Query) -> Vec<journal::Entry> {
        self.redacted().into_iter().filter(|entry| query.matches(entry)).collect()
    }

    /// Fails the test unless the journal is as expected.
    ///
    /// # Panics
    /// If it is not: with what was expected, and the journal.
    #[track_caller]
    pub fn expect(&self, expected: Expect) -> &Self {
        if let Err(unmet) = self.check(&expected) {
            panic!("{unmet}\n{self}");
        }
        self
    }

    /// Fails the test unless these came one after the other; others may have come in between.
    ///
    /// # Panics
    /// If they did not: with what was expected, and the journal.
    #[track_caller]
    pub fn in_order(&self, steps: impl IntoIterator<Item = Expect>) -> &Self {
        self.expect(Expect::in_order(steps))
    }

    /// Whether the journal is as expected.
    ///
    /// # Errors
    /// [`Unmet`] says how it is instead.
    pub fn check(&self, expected: &Expect) -> Result<(), Unmet> {
        expected.check(&self.redacted())
    }

    /// What each flow says of the client that drove it. There is no secret in it.
    pub fn flows(&self) -> Vec<Flow> {
        ledger::flows(&self.readings(), &self.place.issuer)
    }

    /// Fails the test unless the clients did everything that they have to do, as far as it can be seen from here.
    ///
    /// # Panics
    /// If one of them did not: with the findings, and the journal.
    #[track_caller]
    pub fn assert_sound(&self) -> &Self {
        let broken: Vec<String> = self
            .flows()
            .iter()
            .flat_map(|flow| flow.broken().map(|finding| format!("flow {}: {finding}", flow.id)).collect::<Vec<_>>())
            .collect();
        if !broken.is_empty() {
            panic!("a client is not sound\n{}\n{self}", broken.join("\n"));
        }
        self
    }

    /// An HTTP archive (HAR 1.2) of the redacted entries.
    pub fn har(&self) -> Value {
        har::archive(&self.place.issuer, &self.redacted())
    }

    /// The redacted entries as JSON, one in each line.
    pub fn jsonl(&self) -> String {
        // Values with names that are strings can always be written down.
        self.redacted().iter().filter_map(|entry| serde_json::to_string(entry).ok()).map(|line| line + "\n").collect()
    }

    fn readings(&self) -> Vec<Reading<'_>> {
        reading::read(&self.entries, &self.place.tenant)
    }

    fn told(&self, revealed: bool) -> Vec<journal::Entry> {
        let screen = Screen { tenant: &self.place.tenant, revealed };
        self.readings().iter().map(|reading| wire::entry(reading, screen)).collect()
    }
}

/// A line for each entry, without secrets.
impl fmt::Display for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the journal of {}, {} entries", self.place.issuer, self.entries.len())?;
        self.entries.iter().try_for_each(|entry| write!(f, "\n  {} {entry}", entry.number))
    }
}

impl Deref for Journal {
    type Target = Vec<Entry>;

    fn deref(&self) -> &Self::Target {
        &self.entries
    }
}

impl DerefMut for Journal {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.entries
    }
}

impl IntoIterator for Journal {
    type Item = Entry;
    type IntoIter = std::vec::IntoIter<Entry>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

impl<'a> IntoIterator for &'a Journal {
    type Item = &'a Entry;
    type IntoIter = std::slice::Iter<'a, Entry>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.iter()
    }
}
