//! A user, and what is known of them.

use oauth_types::Secret;
use serde_json::{Map, Value, json};

/// A user, with the standard claims of OpenID Connect Core §5.1.
#[derive(Debug, Clone, PartialEq)]
pub struct User {
    pub(crate) subject: String,
    pub(crate) claims: Map<String, Value>,
    pub(crate) password: Option<Secret>,
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
        Self { subject: subject.into(), claims: Map::new(), password: None, sources: Vec::new() }
    }

    /// Adds or replaces a claim.
    #[must_use]
    pub fn claim(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.claims.insert(name.into(), value.into());
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

    /// The identifier that tokens carry as `sub`, unless a client is told a pairwise one.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Everything known of the user.
    pub fn claims(&self) -> &Map<String, Value> {
        &self.claims
    }

    /// A claim that is text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.claims.get(name).and_then(Value::as_str)
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
        Self { claims, ..Self::new(subject) }
    }
}
