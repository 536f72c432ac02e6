//! The sessions of one browser, which its cookie names.

use oauth_types::Secret;

use super::Session;
use super::cookie::Cookie;
use crate::ports::Ports;
use crate::ports::store::StoreError;
use crate::request::Arrival;
use crate::world::Policy;

/// `SID.SECRET` of each session, the current one first, with a `~` in between.
pub(crate) const COOKIE: Cookie = Cookie { name: "mock-idp-session", scripts: false };

/// The most people who are logged in in one browser.
const MOST: usize = 4;

/// The sessions of one browser that are alive, the current one first.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    all: Vec<Session>,
    /// Whether the browser does not know of them as they are.
    changed: bool,
}

impl Sessions {
    /// The sessions that the browser of a request brings.
    pub(crate) async fn of(arrival: &Arrival<'_>, ports: &Ports, policy: &Policy) -> Result<Self, StoreError> {
        let mut all: Vec<Session> = Vec::new();
        let values = COOKIE.values(arrival);
        for (sid, secret) in values.iter().flat_map(|value| value.split('~')).filter_map(pair).take(2 * MOST) {
            let found = Session::find(ports, policy, arrival.place, sid, arrival.now).await?;
            let own = found.filter(|session| session.is_held_by(secret));
            all.extend(own.map(|session| Session { secret: secret.into(), ..session }));
        }
        all.truncate(MOST);
        Ok(Self { all, changed: false })
    }

    /// Each of them, the current one first.
    pub(crate) fn all(&self) -> &[Session] {
        &self.all
    }

    /// The one of this identifier.
    pub(crate) fn find(&self, sid: &str) -> Option<&Session> {
        self.all.iter().find(|session| session.sid == sid)
    }

    /// The one of this user.
    pub(crate) fn of_user(&self, user: &str) -> Option<&Session> {
        self.all.iter().find(|session| session.login.user == user)
    }

    /// Makes a session the current one.
    pub(crate) fn put_first(&mut self, session: Session) {
        let known = self.all.first().is_some_and(|own| own.sid == session.sid && own.secret == session.secret);
        self.changed |= !known;
        self.all.retain(|other| other.sid != session.sid);
        self.all.insert(0, session);
        self.all.truncate(MOST);
    }

    /// Takes a session out.
    pub(crate) fn remove(&mut self, sid: &str) {
        self.changed |= self.find(sid).is_some();
        self.all.retain(|session| session.sid != sid);
    }

    /// Tells the browser what has changed, with the answer. Says whether anything had.
    pub(crate) fn tell(&mut self, arrival: &Arrival<'_>) -> bool {
        let changed = std::mem::take(&mut self.changed);
        if changed {
            let pair = |session: &Session| format!("{}.{}", session.sid, session.secret.expose());
            let value = Secret::new(self.all.iter().map(pair).collect::<Vec<_>>().join("~"));
            COOKIE.set(arrival, Some(value.expose()).filter(|value| !value.is_empty()));
        }
        changed
    }
}

/// The identifier and the secret of a session, if they look like some.
fn pair(text: &str) -> Option<(&str, &str)> {
    let (sid, secret) = text.split_once('.')?;
    (sid.len() == 22 && secret.len() == 43).then_some((sid, secret))
}
