//! People: who logs in, and what is known of them.

use oauth_types::ErrorCode;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::documents;
use crate::refusal::{Refusal, Rule};

/// A user, with the standard claims of OpenID Connect Core §5.1.
#[derive(Debug, Clone, PartialEq)]
pub struct User {
    pub(crate) subject: String,
    pub(crate) claims: Map<String, Value>,
}

impl User {
    /// A user whose `sub` is `subject` and of whom nothing else is known.
    pub fn new(subject: impl Into<String>) -> Self {
        Self { subject: subject.into(), claims: Map::new() }
    }

    /// Adds or replaces a claim.
    #[must_use]
    pub fn claim(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.claims.insert(name.into(), value.into());
        self
    }

    /// The identifier that tokens carry as `sub`.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Everything known of the user.
    pub fn claims(&self) -> &Map<String, Value> {
        &self.claims
    }

    /// The two users of a server without configuration.
    pub(crate) fn built_in() -> [Self; 2] {
        [Self::complete("alice", "Alice", "Adams", "female"), Self::complete("bob", "Bob", "Brown", "male")]
    }

    fn complete(subject: &str, given: &str, family: &str, gender: &str) -> Self {
        let claims = json!({
            "name": format!("{given} {family}"),
            "given_name": given,
            "family_name": family,
            "middle_name": "Mock",
            "nickname": given,
            "preferred_username": subject,
            "profile": format!("https://people.example/{subject}"),
            "picture": format!("https://people.example/{subject}.png"),
            "website": format!("https://{subject}.example/"),
            "email": format!("{subject}@example.com"),
            "email_verified": true,
            "gender": gender,
            "birthdate": "1990-01-31",
            "zoneinfo": "Europe/Berlin",
            "locale": "en-GB",
            "phone_number": "+1 555 0100",
            "phone_number_verified": true,
            "address": {
                "formatted": "1 Example Street\n12345 Exampletown\nExampleland",
                "street_address": "1 Example Street",
                "locality": "Exampletown",
                "region": "Example",
                "postal_code": "12345",
                "country": "Exampleland",
            },
            "updated_at": 1_767_225_600,
        });
        let Value::Object(claims) = claims else { return Self::new(subject) };
        Self { subject: subject.to_owned(), claims }
    }
}

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

/// Every user a server knows. The first one is logged in unless another is asked for.
#[derive(Debug, Default)]
pub(crate) struct People(Vec<User>);

impl People {
    pub(crate) fn new(users: impl IntoIterator<Item = User>) -> Self {
        Self(users.into_iter().collect())
    }

    /// Logs somebody in: whom `login_hint` names by `sub`, `preferred_username` or `email`, or the first.
    pub(crate) fn log_in(&self, login_hint: Option<&str>) -> Result<&User, Refusal> {
        let Some(hint) = login_hint else {
            return self.0.first().ok_or_else(|| HINT_UNKNOWN.because("There are no users"));
        };
        let named = |user: &&User| {
            user.subject == hint
                || ["preferred_username", "email"].iter().any(|name| user.claims.get(*name) == Some(&json!(hint)))
        };
        self.0.iter().find(named).ok_or_else(|| {
            let known = self.0.iter().map(User::subject).collect::<Vec<_>>().join(", ");
            HINT_UNKNOWN.because(format!("The hint names nobody. Known users: {known}"))
        })
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &User> {
        self.0.iter()
    }

    pub(crate) fn find(&self, subject: &str) -> Option<&User> {
        self.0.iter().find(|user| user.subject == subject)
    }
}

pub(crate) static RULES: &[&Rule] = &[&HINT_UNKNOWN];

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
}
