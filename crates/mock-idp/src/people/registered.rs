//! Users who are not configured: who registered themselves, on the page for it (OpenID Connect Prompt Create 1.0), or
//! whom a test made for a login.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use super::User;

/// The most users who register at one server.
const FULL: usize = 1_000;

/// Somebody is called the same already, or too many have registered.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NameTaken;

/// A list that only grows, so that whoever is on it can be referred to for as long as the server lives.
#[derive(Debug, Default)]
pub(super) struct Registered {
    first: OnceLock<Box<Entry>>,
    /// How many there are. Whoever holds it may add one.
    adding: Mutex<usize>,
}

#[derive(Debug)]
struct Entry {
    tenant: String,
    user: User,
    /// Whether somebody of the same identifier has taken the place.
    replaced: AtomicBool,
    next: OnceLock<Box<Entry>>,
}

impl Entry {
    fn is(&self, tenant: &str, subject: &str) -> bool {
        !self.replaced.load(Ordering::Relaxed) && self.tenant == tenant && self.user.subject == subject
    }
}

impl Registered {
    /// Every user, with the tenant they registered at.
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &User)> {
        let living = self.entries().filter(|entry| !entry.replaced.load(Ordering::Relaxed));
        living.map(|entry| (entry.tenant.as_str(), &entry.user))
    }

    fn entries(&self) -> impl Iterator<Item = &Entry> {
        std::iter::successors(self.first.get().map(Box::as_ref), |entry| entry.next.get().map(Box::as_ref))
    }

    /// Adds a user at the end, unless the name is `taken`.
    pub(super) fn add(&self, tenant: &str, user: User, taken: impl Fn() -> bool) -> Result<&User, NameTaken> {
        let mut count = self.adding.lock().unwrap_or_else(PoisonError::into_inner);
        if *count >= FULL || taken() {
            return Err(NameTaken);
        }
        *count += 1;
        Ok(self.append(tenant, user))
    }

    /// Adds a user at the end, in the place of whoever had the same identifier at this tenant. Whoever referred to them
    /// still does. It is `None` if there are too many.
    pub(super) fn replace(&self, tenant: &str, user: User) -> Option<&User> {
        let mut count = self.adding.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.entries().find(|entry| entry.is(tenant, &user.subject));
        if let Some(same) = before.filter(|entry| entry.user == user) {
            return Some(&same.user);
        }
        if *count >= FULL {
            return None;
        }
        *count += 1;
        let user = self.append(tenant, user);
        if let Some(before) = before {
            before.replaced.store(true, Ordering::Relaxed);
        }
        Some(user)
    }

    /// Adds an entry; the caller holds the lock.
    fn append(&self, tenant: &str, user: User) -> &User {
        let mut end = &self.first;
        while let Some(entry) = end.get() {
            end = &entry.next;
        }
        let (tenant, replaced, next) = (tenant.to_owned(), AtomicBool::new(false), OnceLock::new());
        &end.get_or_init(|| Box::new(Entry { tenant, user, replaced, next })).user
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_so_many_register() {
        let registered = Registered::default();
        for number in 0..FULL {
            assert!(registered.add("", User::new(number.to_string()), || false).is_ok());
        }
        assert_eq!(registered.add("", User::new("more"), || false).err(), Some(NameTaken));
        assert_eq!(registered.all().count(), FULL);
        assert_eq!(registered.replace("", User::new("more")), None);
        assert_eq!(registered.replace("", User::new("7")).map(User::subject), Some("7"), "nothing changes");
    }

    #[test]
    fn somebody_takes_the_place_of_who_is_called_the_same() {
        let registered = Registered::default();
        let first = registered.replace("", User::new("eve")).expect("there is room");
        assert!(registered.replace("acme", User::new("eve").claim("name", "Eva")).is_some());
        let second = registered.replace("", User::new("eve").claim("name", "Eve")).expect("there is room");
        assert_eq!((first.text("name"), second.text("name")), (None, Some("Eve")));
        let names: Vec<_> = registered.all().map(|(tenant, user)| (tenant, user.text("name"))).collect();
        assert_eq!(names, [("acme", Some("Eva")), ("", Some("Eve"))]);
    }
}
