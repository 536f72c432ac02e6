//! Users who registered themselves, on the page for it (OpenID Connect Prompt Create 1.0).

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
    next: OnceLock<Box<Entry>>,
}

impl Registered {
    /// Every user, with the tenant they registered at.
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &User)> {
        let entries = std::iter::successors(self.first.get(), |entry| entry.next.get());
        entries.map(|entry| (entry.tenant.as_str(), &entry.user))
    }

    /// Adds a user at the end, unless the name is `taken`.
    pub(super) fn add(&self, tenant: &str, user: User, taken: impl Fn() -> bool) -> Result<&User, NameTaken> {
        let mut count = self.adding.lock().unwrap_or_else(PoisonError::into_inner);
        if *count >= FULL || taken() {
            return Err(NameTaken);
        }
        *count += 1;
        let mut end = &self.first;
        while let Some(entry) = end.get() {
            end = &entry.next;
        }
        let entry = end.get_or_init(|| Box::new(Entry { tenant: tenant.to_owned(), user, next: OnceLock::new() }));
        Ok(&entry.user)
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
    }
}
