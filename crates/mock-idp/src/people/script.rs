//! What the person in front of the browser was told to do next.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use oauth_types::scenario::NextLogin;

/// What was said of the next logins at a tenant, in order.
#[derive(Debug, Default)]
pub(crate) struct Script(Mutex<VecDeque<NextLogin>>);

impl Script {
    /// Says what happens after everything that was said before.
    pub(crate) fn add(&self, next: NextLogin) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push_back(next);
    }

    /// Forgets everything that was said.
    pub(crate) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// What was said and has not happened.
    #[cfg(feature = "control")]
    pub(crate) fn queue(&self) -> Vec<NextLogin> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// Takes what is to happen at a request of this client, if anything was said.
    pub(crate) fn take(&self, client_id: &str) -> Option<NextLogin> {
        let mut queue = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let meant = |next: &NextLogin| next.client_id.as_deref().is_none_or(|own| own == client_id);
        let at = queue.iter().position(meant)?;
        queue.remove(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_first_happens_first_and_once() {
        let script = Script::default();
        script.add(NextLogin::user("bob").for_client("web"));
        script.add(NextLogin::deny());
        script.add(NextLogin::cancel());
        assert_eq!(script.take("app"), Some(NextLogin::deny()));
        assert_eq!(script.take("web"), Some(NextLogin::user("bob").for_client("web")));
        assert_eq!(script.take("web"), Some(NextLogin::cancel()));
        assert_eq!(script.take("web"), None);
    }
}
