//! What is remembered between requests: one kind of record, seven verbs.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::dice::Dice;
use crate::memory::{Authorization, Note, Notes};

/// A boxed future, so that stores can be trait objects.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What a record stands for. The kind is part of the key, so a code is never found as a refresh token.
///
/// A document that keeps records of its own names a kind of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Kind(&'static str);

impl Kind {
    /// An authorization code (RFC 6749 §1.3.1).
    pub const CODE: Self = Self("code");
    /// A refresh token (RFC 6749 §1.5).
    pub const REFRESH: Self = Self("refresh");
    /// An access token (RFC 6749 §1.4), by its identifier.
    pub const ACCESS: Self = Self("access");

    /// The kind of this name: the document, and a word, as in `rfc9126/request_uri`.
    pub const fn new(name: &'static str) -> Self {
        Self(name)
    }

    /// Its name.
    pub const fn name(self) -> &'static str {
        self.0
    }
}

/// The SHA-256 of a record's kind, tenant and handle. The handle itself is not stored.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Key([u8; 32]);

impl Key {
    /// The key of `handle` at `tenant`.
    pub fn of(kind: Kind, tenant: &str, handle: &str) -> Self {
        let mut hash = Sha256::new();
        let length = |text: &str| u8::try_from(text.len()).unwrap_or(u8::MAX);
        hash.update([length(kind.0), length(tenant)]);
        hash.update(kind.0.as_bytes());
        hash.update(tenant.as_bytes());
        hash.update(handle.as_bytes());
        Self(hash.finalize().into())
    }

    /// The octets of the key.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({:02x}{:02x}..)", self.0[0], self.0[1])
    }
}

/// The family that a code and every token that follows from it belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GrantId(pub [u8; 16]);

impl GrantId {
    /// A new family.
    pub(crate) fn draw(dice: &dyn Dice) -> Self {
        let mut octets = [0; 16];
        dice.fill(&mut octets);
        Self(octets)
    }
}

/// A code, a token, or whatever else a document keeps between two requests.
#[derive(Debug, Clone)]
pub struct Record {
    /// Its family.
    pub grant: GrantId,
    /// When it was made, in seconds since 1970-01-01T00:00:00Z.
    pub issued: u64,
    /// The first second in which it is no longer valid.
    pub expires: u64,
    /// The first second in which it may be forgotten. Until then a replay is recognised.
    pub forget: u64,
    /// What was authorized.
    pub authorization: Arc<Authorization>,
    /// What dies with this record ([`Life::Code`](crate::memory::Life::Code)).
    pub notes: Arc<Notes>,
}

impl Record {
    /// A record of a document's own: it belongs to no family, and to `client_id`.
    pub(crate) fn of<N: Note>(client_id: &str, note: &N, issued: u64, expires: u64) -> Self {
        let mut notes = Notes::default();
        notes.set(note);
        let authorization = Authorization { client_id: client_id.to_owned(), ..Authorization::default() };
        let (authorization, notes) = (Arc::new(authorization), Arc::new(notes));
        Self { grant: GrantId([0; 16]), issued, expires, forget: expires, authorization, notes }
    }

    /// A note of the record itself.
    pub(crate) fn own<N: Note>(&self) -> Option<N> {
        self.notes.find()
    }
}

/// A record as it was found.
#[derive(Debug, Clone)]
pub struct Kept {
    /// The record.
    pub record: Record,
    /// When it was taken, in seconds since 1970-01-01T00:00:00Z, if it was.
    pub spent: Option<u64>,
    /// Changes whenever the record does.
    pub version: u64,
}

/// What came of taking a record.
#[derive(Debug, Clone)]
pub enum Taken {
    /// It was there, and nobody had taken it.
    Fresh(Record),
    /// Somebody took it before.
    Replayed {
        /// The family it belongs to.
        grant: GrantId,
        /// When it was taken, in seconds since 1970-01-01T00:00:00Z.
        spent: u64,
    },
    /// There is no such record.
    Absent,
}

/// The store could not do what it was asked. The text is fit to be logged.
#[derive(Debug, thiserror::Error)]
#[error("the store failed: {0}")]
pub struct StoreError(pub String);

/// Remembers records.
///
/// An implementation is right if it passes [`conformance`](crate::conformance).
pub trait Store: fmt::Debug + Send + Sync {
    /// Keeps a record. A record of a family that was dropped is kept dead.
    fn put(&self, key: Key, record: Record) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Looks at a record. Records of a dropped family are found only if they had been taken.
    fn get(&self, key: Key) -> BoxFuture<'_, Result<Option<Kept>, StoreError>>;

    /// Takes a record at `now`, in seconds since 1970-01-01T00:00:00Z: of any number of callers at once, exactly one
    /// gets it fresh.
    fn take(&self, key: Key, now: u64) -> BoxFuture<'_, Result<Taken, StoreError>>;

    /// Puts `record` in the place of the one that was found in `version` and has not changed or been taken since. Says
    /// whether it did.
    fn replace(&self, key: Key, version: u64, record: Record) -> BoxFuture<'_, Result<bool, StoreError>>;

    /// Remembers a key that may be used once: of any number of callers at once, exactly one is told that it is the
    /// first. Both times are in seconds since 1970-01-01T00:00:00Z; at `until`, the key is forgotten.
    fn once(&self, key: Key, now: u64, until: u64) -> BoxFuture<'_, Result<bool, StoreError>>;

    /// Kills every record of a family, those to come included. What had been taken stays recognisable.
    ///
    /// The death is remembered until `forget`, by when no record of the family is valid. Both times are in seconds since
    /// 1970-01-01T00:00:00Z.
    fn drop_grant(&self, grant: GrantId, now: u64, forget: u64) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Forgets what may be forgotten at `now`, in seconds since 1970-01-01T00:00:00Z.
    fn sweep(&self, now: u64) -> BoxFuture<'_, Result<(), StoreError>>;
}
