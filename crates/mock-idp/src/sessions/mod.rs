//! Sessions: who is logged in in which browser, since when, and which clients came to know of it.
//!
//! A session has a public identifier, the `sid` of tokens, and a secret that only the browser's cookie holds. The secret
//! changes with every login, so that whoever planted or copied a cookie before it holds nothing after it. Several people
//! may be logged in in one browser; its cookie names their sessions, the current one first.

use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use oauth_types::Secret;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::memory::{Authorization, Life, Login, Note, Notes};
use crate::ports::Ports;
use crate::ports::store::{GrantId, Kept, Key, Kind, Record, StoreError, Taken};
use crate::request::Place;
use crate::world::{Amount, Policy, Switch};

pub(crate) mod browser;
pub(crate) mod cookie;
mod hint;
mod several;
pub(crate) mod state;

pub(crate) use hint::Hint;
pub(crate) use several::Sessions;

/// How long a session lives.
pub(crate) static LIFETIME: Amount = Amount {
    name: "session-seconds",
    says: "How long a person stays logged in in a browser, in seconds, whatever they do",
    default: 12 * 3600,
};

/// How long a session lives in which nobody logs in anywhere.
pub(crate) static IDLE: Amount = Amount {
    name: "session-idle-seconds",
    says: "How long a person stays logged in in a browser without going to any client, in seconds",
    default: 3600,
};

/// How long a person may take on the pages.
pub(crate) static INTERACTION: Amount = Amount {
    name: "interaction-seconds",
    says: "How long a person may take to log in and agree, in seconds",
    default: 600,
};

/// How long an agreement is remembered.
pub(crate) static CONSENT: Amount = Amount {
    name: "consent-seconds",
    says: "How long it is remembered that a person agreed to what a client asks for, in seconds",
    default: 30 * 24 * 3600,
};

/// Whether an agreement is remembered for clients that anybody can pretend to be.
pub(crate) static NATIVE_CONSENT: Switch = Switch {
    name: "remember-native-consent",
    says: "An agreement is remembered for public clients that do not redirect to https as well (RFC 8252 section 8.6)",
    relaxes: true,
};

const KIND: Kind = Kind::new("login/session");

/// The most logins that a session keeps account of. The grants of older ones end.
const MOST_VISITS: usize = 100;

/// How often a change is tried that others get in the way of.
const ATTEMPTS: usize = 32;

/// Somebody who is logged in in a browser.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    /// The login. Its session is this one.
    pub login: Login,
    sid: String,
    /// What the cookie holds.
    secret: Secret,
    state: State,
    grant: GrantId,
    issued: u64,
    expires: u64,
    stored: Stored,
}

/// What the record of a session holds beside the login.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct State {
    /// The hash of the cookie's secret.
    secret: String,
    /// When somebody last logged in anywhere with it, in seconds since 1970-01-01T00:00:00Z.
    seen: u64,
    visits: Vec<Visit>,
}

impl Note for State {
    const NAME: &'static str = "login/session";
    const LIFE: Life = Life::Code;
}

/// A login at a client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Visit {
    /// The client.
    pub client_id: String,
    /// Who it was told has logged in.
    pub subject: String,
    /// What it was granted, if that ends with the session.
    pub grant: Option<GrantId>,
}

/// What the store knows of a session.
#[derive(Debug, Clone, Copy)]
enum Stored {
    /// Nothing yet.
    Nothing,
    /// This version.
    Version(u64),
    /// Another version than this one was made of.
    Another,
}

impl Session {
    /// A new session. It is not in the store yet.
    pub(crate) fn begin(ports: &Ports, policy: &Policy, login: Login, now: u64) -> Self {
        let mut octets = [0; 16];
        ports.dice.fill(&mut octets);
        let (sid, secret) = (BASE64_URL_SAFE_NO_PAD.encode(octets), ports.dice.handle());
        Self {
            login: Login { session: Some(sid.clone()), ..login },
            sid,
            state: State { secret: hashed(&secret), seen: now, visits: Vec::new() },
            secret: secret.into(),
            grant: GrantId::draw(ports.dice.as_ref()),
            issued: now,
            expires: now.saturating_add(policy.value_of(&LIFETIME)),
            stored: Stored::Nothing,
        }
    }

    /// The session of this identifier, if it is alive. Whoever asks holds a proof that it is theirs.
    pub(crate) async fn find(
        ports: &Ports,
        policy: &Policy,
        place: &Place,
        sid: &str,
        now: u64,
    ) -> Result<Option<Self>, StoreError> {
        let kept = ports.store.get(Key::of(KIND, &place.tenant, sid)).await?;
        let session = kept.filter(|kept| kept.spent.is_none()).and_then(|kept| Self::read(sid, kept));
        Ok(session.filter(|session| session.is_alive(policy, now)))
    }

    /// Its identifier, the `sid` of tokens.
    pub(crate) fn sid(&self) -> &str {
        &self.sid
    }

    /// The same person has logged in again: from now on the cookie needs another secret.
    ///
    /// `false` says that the session has ended meanwhile.
    pub(crate) async fn renew(
        &mut self,
        ports: &Ports,
        policy: &Policy,
        place: &Place,
        login: Login,
    ) -> Result<bool, StoreError> {
        let secret = ports.dice.handle();
        let login = Login { session: Some(self.sid.clone()), ..login };
        let expires = login.auth_time.saturating_add(policy.value_of(&LIFETIME));
        self.secret = secret.as_str().into();
        self.change(ports, place, |session| {
            session.state.secret = hashed(&secret);
            session.state.seen = login.auth_time;
            session.expires = expires;
            session.login = login.clone();
        })
        .await
    }

    /// Keeps account of a login at a client. The answer is a grant that has to end, since there are too many.
    ///
    /// `None` says that the session has ended meanwhile.
    pub(crate) async fn visit(
        &mut self,
        ports: &Ports,
        place: &Place,
        visit: &Visit,
        now: u64,
    ) -> Result<Option<Vec<GrantId>>, StoreError> {
        let mut excess = Vec::new();
        let alive = self
            .change(ports, place, |session| {
                session.state.seen = now;
                excess = session.state.add(visit);
            })
            .await?;
        Ok(alive.then_some(excess))
    }

    /// Puts it into the store.
    pub(crate) async fn save(&mut self, ports: &Ports, place: &Place) -> Result<bool, StoreError> {
        self.change(ports, place, |_| {}).await
    }

    /// Ends the session of this identifier, and its grants with it: of any number of requests at once, one does. The
    /// answer is which logins at clients it had.
    pub(crate) async fn end(
        ports: &Ports,
        place: &Place,
        sid: &str,
        (now, forget): (u64, u64),
    ) -> Result<Option<Vec<Visit>>, StoreError> {
        let Taken::Fresh(record) = ports.store.take(Key::of(KIND, &place.tenant, sid), now).await? else {
            return Ok(None);
        };
        let kept = Kept { record, spent: None, version: 0 };
        let Some(session) = Self::read(sid, kept) else { return Ok(None) };
        let State { visits, .. } = session.state;
        for grant in visits.iter().filter_map(|visit| visit.grant) {
            ports.store.drop_grant(grant, now, forget).await?;
        }
        Ok(Some(visits))
    }

    /// Changes it here and in the store. `false` says that it has ended.
    async fn change(
        &mut self,
        ports: &Ports,
        place: &Place,
        mut change: impl FnMut(&mut Self),
    ) -> Result<bool, StoreError> {
        let key = Key::of(KIND, &place.tenant, &self.sid);
        for _ in 0..ATTEMPTS {
            if let Stored::Another = self.stored {
                let kept = ports.store.get(key).await?.filter(|kept| kept.spent.is_none());
                let Some(latest) = kept.and_then(|kept| Self::read(&self.sid, kept)) else { return Ok(false) };
                *self = Self { secret: self.secret.clone(), ..latest };
            }
            change(self);
            let before = std::mem::replace(&mut self.stored, Stored::Another);
            match before {
                Stored::Version(version) => {
                    if ports.store.replace(key, version, self.record()).await? {
                        return Ok(true);
                    }
                }
                _ => {
                    ports.store.put(key, self.record()).await?;
                    return Ok(true);
                }
            }
        }
        Err(StoreError("a session changes all the time".to_owned()))
    }

    fn is_alive(&self, policy: &Policy, now: u64) -> bool {
        now < self.expires && now < self.state.seen.saturating_add(policy.value_of(&IDLE))
    }

    /// Whether `secret` is the one that the browser was given at the last login.
    fn is_held_by(&self, secret: &str) -> bool {
        Secret::from(self.state.secret.as_str()).matches(&hashed(secret))
    }

    fn read(sid: &str, kept: Kept) -> Option<Self> {
        let Kept { record, version, .. } = kept;
        Some(Self {
            login: record.authorization.login.clone()?,
            sid: sid.to_owned(),
            secret: Secret::default(),
            state: record.notes.find()?,
            grant: record.grant,
            issued: record.issued,
            expires: record.expires,
            stored: Stored::Version(version),
        })
    }

    fn record(&self) -> Record {
        let mut notes = Notes::default();
        notes.set(&self.state);
        let authorization = Authorization {
            subject: self.login.user.clone(),
            login: Some(self.login.clone()),
            ..Authorization::default()
        };
        Record {
            grant: self.grant,
            issued: self.issued,
            expires: self.expires,
            forget: self.expires,
            authorization: Arc::new(authorization),
            notes: Arc::new(notes),
        }
    }
}

impl State {
    /// Adds a login at a client. The answer is what has to end, since there are too many.
    fn add(&mut self, visit: &Visit) -> Vec<GrantId> {
        self.visits.retain(|own| own.grant.is_some() || own.client_id != visit.client_id || visit.grant.is_some());
        self.visits.push(visit.clone());
        let excess = self.visits.len().saturating_sub(MOST_VISITS);
        self.visits.drain(..excess).filter_map(|visit| visit.grant).collect()
    }
}

/// What of a secret is stored.
fn hashed(secret: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(secret))
}
