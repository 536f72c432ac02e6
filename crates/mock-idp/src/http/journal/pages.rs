//! Keeps the entries of a tenant, as many as there is room for.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use oauth_types::journal::Expect;

use super::Entry;

/// How many entries a tenant's journal keeps. Older ones are forgotten.
pub(crate) const KEPT: usize = 4096;

/// About how many octets a tenant's journal keeps.
const MOST_OCTETS: usize = 8 * 1024 * 1024;

/// About how many octets all journals of a server keep.
const SHARED: usize = 256 * 1024 * 1024;

/// The room that the journals of a server share.
///
/// As long as there is room, each takes what it needs. After that, whoever writes makes room from its own oldest
/// entries, down to its fair share; and if that is not enough, so do the others. Each keeps its last entry.
#[derive(Debug)]
pub(crate) struct Shelf {
    most: usize,
    taken: AtomicUsize,
    /// When everybody has to make room, unless that was of no use a moment ago.
    crowded_at: AtomicUsize,
    count: AtomicUsize,
    all: Mutex<Vec<Weak<Pages>>>,
}

impl Default for Shelf {
    fn default() -> Self {
        Self::of(SHARED)
    }
}

impl Shelf {
    fn of(most: usize) -> Self {
        Self {
            most,
            taken: AtomicUsize::new(0),
            crowded_at: AtomicUsize::new(most),
            count: AtomicUsize::new(0),
            all: Mutex::default(),
        }
    }

    /// An empty journal that takes its room here.
    pub(crate) fn journal(self: &Arc<Self>) -> Arc<Pages> {
        let pages = Arc::new(Pages {
            next: AtomicU64::new(1),
            written: Mutex::default(),
            expected: Mutex::default(),
            shelf: self.clone(),
        });
        let mut all = lock(&self.all);
        if all.len() == all.capacity() {
            all.retain(|pages| pages.strong_count() > 0);
        }
        all.push(Arc::downgrade(&pages));
        self.count.fetch_add(1, Ordering::Relaxed);
        pages
    }

    /// How many octets one journal may keep.
    fn share(&self) -> usize {
        match self.taken.load(Ordering::Relaxed) > self.most {
            true => MOST_OCTETS.min(self.most / self.count.load(Ordering::Relaxed).max(1)),
            false => MOST_OCTETS,
        }
    }

    /// Has everybody make room, if there is none.
    fn clear_up(&self) {
        if self.taken.load(Ordering::Relaxed) <= self.crowded_at.load(Ordering::Relaxed) {
            return;
        }
        let all: Vec<Arc<Pages>> = lock(&self.all).iter().filter_map(Weak::upgrade).collect();
        all.iter().for_each(|pages| pages.trim());
        let taken = self.taken.load(Ordering::Relaxed);
        self.crowded_at.store(self.most.max(taken.saturating_add(self.most / 8)), Ordering::Relaxed);
    }
}

/// The entries of one tenant, in order.
#[derive(Debug)]
pub(crate) struct Pages {
    next: AtomicU64,
    written: Mutex<Written>,
    /// What it has to have in the end.
    expected: Mutex<Vec<Expect>>,
    shelf: Arc<Shelf>,
}

#[derive(Debug, Default)]
struct Written {
    entries: VecDeque<Entry>,
    /// About how many octets they take.
    octets: usize,
}

impl Written {
    /// Adds an entry. Of two that are written at once, the one that came first is first.
    fn add(&mut self, entry: Entry, octets: usize) {
        self.octets += octets;
        let after = self.entries.iter().rev().take_while(|other| other.number > entry.number).count();
        self.entries.insert(self.entries.len() - after, entry);
    }

    /// Takes the oldest entry out if there are too many, or too large ones.
    fn excess(&mut self, share: usize) -> Option<Entry> {
        let large = self.octets > share && self.entries.len() > 1;
        let oldest = (large || self.entries.len() > KEPT).then(|| self.entries.pop_front()).flatten()?;
        self.octets -= oldest.octets();
        Some(oldest)
    }
}

impl Pages {
    /// The number of the next entry.
    pub(crate) fn number(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) fn write(&self, entry: Entry) {
        let octets = entry.octets();
        self.shelf.taken.fetch_add(octets, Ordering::Relaxed);
        lock(&self.written).add(entry, octets);
        self.trim();
        self.shelf.clear_up();
    }

    pub(crate) fn entries(&self) -> Vec<Entry> {
        lock(&self.written).entries.iter().cloned().collect()
    }

    pub(crate) fn clear(&self) {
        let forgotten = std::mem::take(&mut *lock(&self.written));
        self.shelf.taken.fetch_sub(forgotten.octets, Ordering::Relaxed);
    }

    /// Forgets everything, and what was expected of it.
    pub(crate) fn reset(&self) {
        self.clear();
        lock(&self.expected).clear();
    }

    /// Says what it has to have in the end.
    pub(crate) fn expect(&self, expected: Expect) {
        lock(&self.expected).push(expected);
    }

    pub(crate) fn expected(&self) -> Vec<Expect> {
        lock(&self.expected).clone()
    }

    /// A line for each entry, without secrets.
    pub(crate) fn lines(&self) -> String {
        lock(&self.written).entries.iter().map(|entry| format!("\n  {} {entry}", entry.number)).collect()
    }

    /// Forgets the oldest entries, as far as there is no room for them.
    fn trim(&self) {
        let share = self.shelf.share();
        loop {
            let forgotten = lock(&self.written).excess(share);
            let Some(oldest) = forgotten else { return };
            self.shelf.taken.fetch_sub(oldest.octets(), Ordering::Relaxed);
            // Freeing an entry takes longer than anything else here, so nobody waits for it.
            drop(oldest);
        }
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        self.clear();
        self.shelf.count.fetch_sub(1, Ordering::Relaxed);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use bytes::Bytes;
    use http::{HeaderMap, HeaderValue, Method};
    use oauth_types::Params;

    use super::super::{Answer, kept};
    use super::*;

    fn entry(number: u64, value: &str) -> Entry {
        Entry {
            number,
            at: 0,
            point: None,
            method: Method::GET,
            path: Cow::Borrowed("/authorize"),
            params: Params::new().with("state", value),
            in_query: 1,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            is_whole: true,
            with_certificate: false,
            status: 200,
            answer: Answer::default(),
            refusal: None,
            relaxations: Vec::new(),
            ignored: Vec::new(),
            client_id: None,
            auth_method: None,
            user: None,
            grant: None,
            faults: 0,
            altered: Vec::new(),
            notices: Vec::new(),
            failure: None,
            ending: oauth_types::journal::Ending::Answered,
        }
    }

    fn write(journal: &Pages, value: &str) {
        journal.write(entry(journal.number(), value));
    }

    #[test]
    fn the_last_entries_are_kept() {
        let journal = Arc::new(Shelf::default()).journal();
        for number in 0..KEPT + 10 {
            write(&journal, &number.to_string());
        }
        let entries = journal.entries();
        assert_eq!((entries.len(), entries[0].params.get("state")), (KEPT, Some("10")));
        journal.clear();
        assert!(journal.entries().is_empty());
        write(&journal, "later");
        assert_eq!(journal.entries()[0].number, KEPT as u64 + 11);
    }

    #[test]
    fn entries_are_in_the_order_of_their_numbers() {
        let journal = Arc::new(Shelf::default()).journal();
        for number in [2, 1, 4, 3] {
            journal.write(entry(number, "x"));
        }
        assert_eq!(journal.entries().iter().map(|entry| entry.number).collect::<Vec<_>>(), [1, 2, 3, 4]);
    }

    #[test]
    fn headers_are_kept_without_what_they_were_read_with() {
        let read = Bytes::from_static(b"host: mock\r\naccept: */*, text/html");
        let mut headers = HeaderMap::new();
        for (name, part) in [("host", 6..10), ("accept", 20..23), ("accept", 25..34)] {
            headers.append(name, HeaderValue::from_maybe_shared(read.slice(part)).expect("a value"));
        }
        let kept = kept(headers.clone());
        assert_eq!(kept, headers);
        let outside = |value: &HeaderValue| !read.as_ptr_range().contains(&value.as_bytes().as_ptr());
        assert!(headers.values().all(|value| !outside(value)));
        assert!(kept.values().all(outside));
    }

    #[test]
    fn large_requests_do_not_pile_up() {
        let journal = Arc::new(Shelf::default()).journal();
        let large = "x".repeat(60_000);
        for _ in 0..1_000 {
            write(&journal, &large);
        }
        let kept: usize = journal.entries().iter().map(Entry::octets).sum();
        assert!(kept <= MOST_OCTETS && kept > MOST_OCTETS / 2, "{kept}");
    }

    #[test]
    fn many_tenants_share_the_room_and_each_keeps_its_last_request() {
        let shelf = Arc::new(Shelf::of(1_000_000));
        let first = shelf.journal();
        let large = "x".repeat(10_000);
        (0..90).for_each(|_| write(&first, &large));
        assert_eq!(first.entries().len(), 90);
        let others: Vec<_> = (0..9).map(|_| shelf.journal()).collect();
        for journal in &others {
            (0..50).for_each(|_| write(journal, &large));
        }
        // The first has not written since: it made room for the others nevertheless.
        let kept: Vec<usize> = [&first].into_iter().chain(&others).map(|one| one.entries().len()).collect();
        assert!(kept.iter().all(|kept| (8..=60).contains(kept)), "{kept:?}");
        assert!(shelf.taken.load(Ordering::Relaxed) <= 1_130_000, "{shelf:?}");
        drop(others);
        first.clear();
        assert_eq!((shelf.taken.load(Ordering::Relaxed), shelf.count.load(Ordering::Relaxed)), (0, 1));
    }

    #[test]
    fn a_last_request_is_kept_however_crowded_it_is() {
        let shelf = Arc::new(Shelf::of(50_000));
        let journals: Vec<_> = (0..20).map(|_| shelf.journal()).collect();
        for journal in journals.iter().chain(&journals) {
            write(journal, &"x".repeat(10_000));
        }
        assert!(journals.iter().all(|journal| journal.entries().len() == 1));
    }
}
