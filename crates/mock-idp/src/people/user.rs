//! A user, and what is known of them.

use std::borrow::Cow;

use oauth_types::Secret;
use oauth_types::scenario::{Destination, UserSetup};
use serde_json::{Map, Value, json};

use super::Told;
use crate::memory::Notes;

/// A user, with the standard claims of OpenID Connect Core §5.1.
#[derive(Debug, Clone, PartialEq)]
pub struct User {
    pub(crate) subject: String,
    pub(super) told: Told,
    pub(crate) password: Option<Secret>,
    pub(crate) one_time_code: Option<Secret>,
    pub(super) sources: Vec<Source>,
}

/// Who else knows claims of a user (OpenID Connect Core §5.6).
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Source {
    /// What it is called in `_claim_names`.
    pub name: String,
    /// The claims.
    pub claims: Vec<String>,
    at: At,
}

/// Where the claims of a source are.
#[derive(Debug, Clone, PartialEq)]
enum At {
    /// In a token of the source.
    Token(Secret),
    /// At an endpoint of the source, for whoever has the access token.
    Endpoint(String, Option<Secret>),
}

impl Source {
    /// What `_claim_sources` says of it.
    pub(crate) fn describe(&self) -> Value {
        match &self.at {
            At::Token(token) => json!({ "JWT": token.expose() }),
            At::Endpoint(endpoint, None) => json!({ "endpoint": endpoint }),
            At::Endpoint(endpoint, Some(token)) => {
                json!({ "endpoint": endpoint, "access_token": token.expose() })
            }
        }
    }
}

impl User {
    /// A user whose `sub` is `subject` and of whom nothing else is known.
    pub fn new(subject: impl Into<String>) -> Self {
        Self {
            subject: subject.into(),
            told: Told::default(),
            password: None,
            one_time_code: None,
            sources: Vec::new(),
        }
    }

    /// Adds or replaces a claim. It goes where a request asks for it: UserInfo tells what the scope stands for (OpenID
    /// Connect Core §5.4) and what no scope stands for, an ID token what the claims parameter asks for (§5.5).
    #[must_use]
    pub fn claim(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.told.claims.insert(name.into(), value.into());
        self
    }

    /// Adds or replaces a claim in one place, whatever the scope: there it counts instead of a [`User::claim`] of the
    /// same name, and `null` takes that out. This is how an access token comes to say `roles` or `groups` (RFC 9068
    /// §2.2.3.1).
    ///
    /// What the server itself says, such as `sub` and `exp`, is no claim of a user: a fault makes it lie.
    #[must_use]
    pub fn claim_in(mut self, at: Destination, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.told.only_mut(at).insert(name.into(), value.into());
        self
    }

    /// Says that a source of this name has stated `claims` in a token of its own (OpenID Connect Core §5.6.2.1,
    /// aggregated claims).
    #[must_use]
    pub fn aggregated<S: Into<String>>(
        self,
        source: impl Into<String>,
        claims: impl IntoIterator<Item = S>,
        token: impl Into<Secret>,
    ) -> Self {
        self.source(source, claims, At::Token(token.into()))
    }

    /// Says that a source of this name states `claims` at its endpoint, for whoever shows the access token
    /// (OpenID Connect Core §5.6.2.2, distributed claims).
    #[must_use]
    pub fn distributed<S: Into<String>>(
        self,
        source: impl Into<String>,
        claims: impl IntoIterator<Item = S>,
        endpoint: impl Into<String>,
        access_token: Option<Secret>,
    ) -> Self {
        self.source(source, claims, At::Endpoint(endpoint.into(), access_token))
    }

    fn source<S: Into<String>>(
        mut self,
        name: impl Into<String>,
        claims: impl IntoIterator<Item = S>,
        at: At,
    ) -> Self {
        let claims = claims.into_iter().map(Into::into).collect();
        self.sources.push(Source { name: name.into(), claims, at });
        self
    }

    /// Who else knows claims of the user.
    pub(crate) fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// Asks for a password on the login page. Without this, naming the user is enough.
    #[must_use]
    pub fn password(mut self, password: impl Into<Secret>) -> Self {
        self.password = Some(password.into());
        self
    }

    /// Asks for a one-time code on a page of its own, after the password: the login has more than one factor then.
    #[must_use]
    pub fn one_time_code(mut self, code: impl Into<Secret>) -> Self {
        self.one_time_code = Some(code.into());
        self
    }

    /// The identifier that tokens carry as `sub`, unless a client is told a pairwise one.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Everything known of the user, but for what is told in one place alone.
    pub fn claims(&self) -> &Map<String, Value> {
        &self.told.claims
    }

    /// What is told of the user by a grant of these notes.
    pub(crate) fn told(&self, notes: &Notes) -> Cow<'_, Told> {
        self.told.at_login(notes)
    }

    /// A claim that is text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.claims().get(name).and_then(Value::as_str)
    }

    /// What to call the user on a page.
    pub(crate) fn display_name(&self) -> &str {
        self.text("name").unwrap_or(&self.subject)
    }

    /// Whether `name` is the user's `sub`, `preferred_username` or `email`.
    pub(crate) fn is_called(&self, name: &str) -> bool {
        self.subject == name || ["preferred_username", "email"].iter().any(|claim| self.text(claim) == Some(name))
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
        Self { told: Told::everywhere(claims), ..Self::new(subject) }
    }
}

#[cfg(feature = "control")]
impl User {
    /// The setup of this user, with password and code.
    pub(crate) fn setup(&self) -> UserSetup {
        let only = |at| self.told.only(at).clone();
        UserSetup {
            sub: self.subject.clone(),
            password: self.password.clone(),
            one_time_code: self.one_time_code.clone(),
            claims: self.claims().clone(),
            id_token: only(Destination::IdToken),
            access_token: only(Destination::AccessToken),
            userinfo: only(Destination::Userinfo),
        }
    }
}

impl From<UserSetup> for User {
    fn from(setup: UserSetup) -> Self {
        let told = Told::of(&setup);
        let UserSetup { sub, password, one_time_code, .. } = setup;
        Self { told, password, one_time_code, ..Self::new(sub) }
    }
}
