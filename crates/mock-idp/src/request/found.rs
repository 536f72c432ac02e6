//! What a token request is about, before it is spent and after.

use std::sync::Arc;

use super::TokenRequest;
use crate::memory::{Authorization, Life, Note};
use crate::ports::store::{GrantId, Kept, Key, Record};
use crate::refusal::Rule;
use crate::world::Amount;

/// What a token request is about. It is not spent yet.
#[derive(Debug)]
pub(crate) struct Found {
    /// The record.
    pub record: Record,
    /// Whether it can be used again.
    pub held: Held,
}

/// Where what was found is held.
#[derive(Debug)]
pub(crate) enum Held {
    /// In the store, to be spent by one request.
    Once {
        /// Its key.
        key: Key,
        /// When it was spent, if it was. Such a request is judged like any other, and refused at last.
        spent: Option<u64>,
        /// For how long after that it is taken again, if it is: a relaxation.
        grace: Option<&'static Amount>,
        /// The rule that a replay of it breaks.
        replay: &'static Rule,
    },
    /// In the store, to be used again and again.
    Stays,
    /// Nowhere: it was made for this request.
    Made,
    /// Nowhere: it was made for this request, of something that may be used once, such as an assertion.
    MadeOnce {
        /// What that is remembered by.
        key: Key,
        /// Until when.
        until: u64,
        /// The rule that its replay breaks.
        replay: &'static Rule,
    },
}

impl Found {
    /// What is in the store, and may be spent once.
    pub(crate) fn once(key: Key, kept: Kept, replay: &'static Rule) -> Self {
        Self { record: kept.record, held: Held::Once { key, spent: kept.spent, grace: None, replay } }
    }

    /// What is in the store, and is not spent by this request.
    pub(crate) fn staying(record: Record) -> Self {
        Self { record, held: Held::Stays }
    }

    /// What is made for this request: a family of its own, about which nothing is in the store.
    pub(crate) fn made(request: &TokenRequest<'_>, authorization: Authorization) -> Self {
        let mut grant = GrantId([0; 16]);
        request.ports.dice.fill(&mut grant.0);
        let now = request.arrival.now;
        let (authorization, notes) = (authorization.into(), Arc::default());
        let record = Record { grant, issued: now, expires: now, forget: now, authorization, notes };
        Self { record, held: Held::Made }
    }

    /// The same, taken again for as long after it was spent as `grace` says.
    pub(crate) fn with_grace(mut self, amount: &'static Amount) -> Self {
        if let Held::Once { grace, .. } = &mut self.held {
            *grace = Some(amount);
        }
        self
    }

    /// The same, if it is made of something that may be used once, and is remembered by `key` until `until`.
    pub(crate) fn made_once(self, key: Key, until: u64, replay: &'static Rule) -> Self {
        Self { held: Held::MadeOnce { key, until, replay }, ..self }
    }

    /// Whether it was made for this request: nothing was authorized before.
    pub(crate) fn is_made(&self) -> bool {
        matches!(self.held, Held::Made | Held::MadeOnce { .. })
    }

    /// Whether it has been spent before.
    pub(crate) fn is_spent(&self) -> bool {
        matches!(self.held, Held::Once { spent: Some(_), .. })
    }

    /// A note of the code or of the grant.
    pub(crate) fn note<N: Note>(&self) -> Option<N> {
        note(&self.record)
    }
}

/// Proof that a code or refresh token was spent by this request and no other. Only the pipeline makes one.
#[derive(Debug)]
pub(crate) struct Spent(Record);

impl Spent {
    pub(crate) fn new(record: Record) -> Self {
        Self(record)
    }

    /// The record.
    pub(crate) fn record(&self) -> &Record {
        &self.0
    }

    /// A note of the code or of the grant.
    pub(crate) fn note<N: Note>(&self) -> Option<N> {
        note(&self.0)
    }
}

/// A note of a record, or of the grant it belongs to.
fn note<N: Note>(record: &Record) -> Option<N> {
    match N::LIFE {
        Life::Code => record.notes.find(),
        Life::Grant => record.authorization.notes.find(),
    }
}
