//! People: who logs in, and what is known of them.

use std::sync::Arc;

use oauth_types::ErrorCode;
use serde::{Deserialize, Serialize};

use crate::documents;
use crate::refusal::{Refusal, Rule};
use crate::world::Switch;

mod registered;
mod script;
mod told;
mod user;

pub(crate) use registered::NameTaken;
use registered::Registered;
pub(crate) use script::Script;
pub(crate) use told::Told;
pub use user::User;

/// Whether people are shown pages to log in and agree on, instead of being logged in at once.
pub(crate) static LOGIN_PAGES: Switch = Switch {
    name: "login-pages",
    says: "People log in and agree on pages, instead of being logged in at once",
    relaxes: false,
};

/// The authentication context class reference of a login with a password on the page for it.
pub(crate) const PASSWORD: &str = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport";

/// What an authorization request asks of the login (OpenID Connect Core §3.1.2.1).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Wanted {
    /// `login_hint`: whom the client expects.
    pub hint: Option<String>,
    /// The `sub` of `id_token_hint`: who it has to be.
    pub subject: Option<String>,
    /// The values of `prompt`.
    pub prompt: Vec<String>,
    /// `max_age`: how many seconds ago the login may have been at most.
    pub max_age: Option<u64>,
    /// `acr_values`, or what the claims parameter asks for, best first.
    pub acr: Vec<String>,
    /// Whether the login has to reach one of `acr` (OpenID Connect Core §5.5.1.1).
    pub acr_essential: bool,
    /// `ui_locales`, best first.
    pub locales: Vec<String>,
}

impl Wanted {
    /// Whether `prompt` has this value.
    pub(crate) fn asks_for(&self, prompt: &str) -> bool {
        self.prompt.iter().any(|own| own == prompt)
    }

    /// Whether only a login that has not been yet will do (OpenID Connect Core §3.1.2.1, `prompt` and `max_age`).
    pub(crate) fn is_for_a_new_login(&self) -> bool {
        self.asks_for("login") || self.max_age == Some(0)
    }

    /// Whether a login at `auth_time` is too old, at `now`.
    pub(crate) fn is_too_old(&self, auth_time: u64, now: u64) -> bool {
        self.max_age.is_some_and(|age| age > 0 && now.saturating_sub(auth_time) > age)
    }

    /// Whether a login of this authentication context class reference will do.
    pub(crate) fn is_met_by(&self, acr: Option<&str>) -> bool {
        !self.acr_essential || self.has(acr)
    }

    /// Whether a login of this authentication context class reference is one of those that are asked for.
    pub(crate) fn has(&self, acr: Option<&str>) -> bool {
        acr.is_some_and(|own| self.wants(own))
    }

    /// Whether this authentication context class reference is asked for.
    pub(crate) fn wants(&self, acr: &str) -> bool {
        self.acr.iter().any(|wanted| wanted == acr)
    }
}

/// Every user a server knows. The first one is logged in unless another is asked for.
#[derive(Debug, Default)]
pub(crate) struct People {
    configured: Vec<Arc<User>>,
    registered: Arc<Registered>,
}

impl People {
    pub(crate) fn new(users: impl IntoIterator<Item = impl Into<Arc<User>>>) -> Self {
        Self { configured: users.into_iter().map(Into::into).collect(), registered: Arc::default() }
    }

    /// Takes those over who registered with others.
    pub(crate) fn join(&mut self, others: &Self) {
        self.registered = others.registered.clone();
    }

    /// Logs somebody in: whom `login_hint` names by `sub`, `preferred_username` or `email`, or the first.
    pub(crate) fn log_in(&self, login_hint: Option<&str>) -> Result<&User, Refusal> {
        match login_hint {
            None => {
                self.configured.first().map(Arc::as_ref).ok_or_else(|| HINT_UNKNOWN.because("There are no users"))
            }
            Some(hint) => self.all().find(|user| user.is_called(hint)).ok_or_else(|| self.unknown("The hint")),
        }
    }

    /// The refusal of a name that is nobody's; `what` named nobody.
    pub(crate) fn unknown(&self, what: &str) -> Refusal {
        let known = self.all().map(User::subject).collect::<Vec<_>>().join(", ");
        HINT_UNKNOWN.because(format!("{what} names nobody. Known users: {known}"))
    }

    /// Every user who is configured.
    pub(crate) fn all(&self) -> impl Iterator<Item = &User> {
        self.configured.iter().map(Arc::as_ref)
    }

    /// The user who is known by this identifier of the server's own.
    pub(crate) fn find(&self, subject: &str) -> Option<&User> {
        self.all().chain(self.registered.all().map(|(_, user)| user)).find(|user| user.subject == subject)
    }

    /// The users of a tenant: those that are configured, and those who registered there.
    pub(crate) fn at(&self, tenant: &str) -> impl Iterator<Item = &User> {
        let registered = self.registered.all().filter(move |(own, _)| *own == tenant).map(|(_, user)| user);
        self.all().chain(registered)
    }

    /// The user of a tenant who is called `name`.
    pub(crate) fn named(&self, tenant: &str, name: &str) -> Option<&User> {
        self.at(tenant).find(|user| user.is_called(name))
    }

    /// Knows somebody whom a test made for a login at a tenant, from now on.
    pub(crate) fn make(&self, tenant: &str, user: User) -> Result<&User, Refusal> {
        if self.configured.iter().any(|own| own.subject == user.subject) {
            return Err(SUBJECT_TAKEN.because("To log a configured user in, say user, and claims if they are others"));
        }
        self.registered.replace(tenant, user).ok_or_else(|| SUBJECT_TAKEN.because("Too many have been made already"))
    }

    /// Registers a user at a tenant, unless somebody there is called the same already.
    pub(crate) fn register(&self, tenant: &str, user: User) -> Result<&User, NameTaken> {
        let names = ["preferred_username", "email"].map(|claim| user.text(claim).map(str::to_owned));
        let taken = || names.iter().flatten().any(|name| self.named(tenant, name).is_some());
        self.registered.add(tenant, user, taken)
    }
}

pub(crate) static RULES: &[&Rule] = &[&HINT_UNKNOWN, &SUBJECT_TAKEN];

static SUBJECT_TAKEN: Rule = Rule {
    id: "oidc-subject-taken",
    document: &documents::OIDC_CORE,
    section: "2",
    error: ErrorCode::AccessDenied,
    says: "A sub is never given to another: somebody who is made for a login cannot have that of a configured user",
};

static HINT_UNKNOWN: Rule = Rule {
    id: "oidc-login-hint-unknown",
    document: &documents::OIDC_CORE,
    section: "3.1.2.1",
    error: ErrorCode::AccessDenied,
    says: "A login_hint says who is to log in",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_user_logs_in_unless_another_is_named() {
        let people = People::new(User::built_in());
        let who = |hint| people.log_in(hint).map(User::subject).map_err(|refusal| refusal.rule.id);
        assert_eq!(who(None), Ok("alice"));
        assert_eq!(who(Some("bob")), Ok("bob"));
        assert_eq!(who(Some("bob@example.com")), Ok("bob"));
        assert_eq!(who(Some("carol")), Err("oidc-login-hint-unknown"));
        assert_eq!(People::default().log_in(None).map_err(|r| r.rule.id), Err("oidc-login-hint-unknown"));
    }

    #[test]
    fn a_name_is_registered_once_at_a_tenant() {
        let people = People::new(User::built_in());
        let carol = || User::new("1").claim("preferred_username", "carol");
        assert!(people.register("acme", carol()).is_ok());
        assert_eq!(people.register("acme", User::new("2").claim("email", "carol")).err(), Some(NameTaken));
        assert_eq!(people.register("acme", User::new("3").claim("email", "bob")).err(), Some(NameTaken));
        assert!(people.register("other", User::new("4").claim("preferred_username", "carol")).is_ok());
        assert_eq!(people.named("acme", "carol").map(User::subject), Some("1"));
        assert_eq!(people.named("other", "carol").map(User::subject), Some("4"));
        assert_eq!(people.named("", "carol"), None);
        assert_eq!(people.find("4").map(User::subject), Some("4"));
        assert_eq!(people.at("acme").count(), 3);
    }
}
