//! How a login is held that happens in a real browser: the servers do not let the browser go on, and their journals
//! say what it asked for.

use std::time::Duration;

use http::Method;
use mock_idp::Entry;

use crate::client::Visitor;
use crate::idp::{Idp, Lie};

/// How often the journals are looked at.
const BETWEEN_LOOKS: Duration = Duration::from_millis(25);

/// For as long as this is kept, authorization requests lead nowhere: they are answered with 204, and the browser stays
/// on the page it is on.
pub(crate) struct Hold<'a> {
    visitor: Visitor,
    servers: Vec<Held<'a>>,
}

/// A server, and the number of the last request of its journal that was looked at.
struct Held<'a> {
    idp: &'a Idp,
    seen: u64,
    _lies: [Lie; 2],
}

impl<'a> Hold<'a> {
    /// Holds what a visitor asks these servers from now on.
    pub(crate) fn new(visitor: &Visitor, idps: &[&'a Idp]) -> Self {
        let held = |idp: &'a Idp| {
            let seen = idp.journal().last().map_or(0, |entry| entry.number);
            Held { idp, seen, _lies: idp.hold() }
        };
        Self { visitor: visitor.clone(), servers: idps.iter().copied().map(held).collect() }
    }

    /// Writes down what the servers are asked, without end.
    pub(crate) async fn watch(mut self) {
        let mut looks = tokio::time::interval(BETWEEN_LOOKS);
        loop {
            looks.tick().await;
            self.servers.iter_mut().for_each(|held| held.look(&self.visitor));
        }
    }
}

impl Held<'_> {
    fn look(&mut self, visitor: &Visitor) {
        let fresh: Vec<Entry> = self.idp.journal().into_iter().filter(|entry| entry.number > self.seen).collect();
        let Some(last) = fresh.last() else { return };
        self.seen = last.number;
        for entry in fresh.iter().filter(|entry| opens(entry)) {
            let base = format!("{}{}", self.idp.issuer(), entry.path);
            visitor.note_opened(entry.params.append_to_query(&base));
        }
        visitor.note_requests(fresh.len());
    }
}

/// Whether it is an authorization request that somebody would see, rather than one of a hidden frame (Fetch Metadata,
/// `Sec-Fetch-Dest`).
fn opens(entry: &Entry) -> bool {
    let within = entry.headers.get("sec-fetch-dest").is_some_and(|place| place != "document");
    entry.path == "/authorize" && [Method::GET, Method::POST].contains(&entry.method) && !within
}
