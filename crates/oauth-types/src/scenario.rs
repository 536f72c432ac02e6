//! Who there is, and what the person in front of the browser does, as data: the same value works in a Rust test, over
//! HTTP and from any other language.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

mod setup;
mod whole;

pub use setup::{ClientSetup, Destination, NotAPersons, UserSetup, is_reserved};
pub use whole::Scenario;

/// The authentication context class reference of a login with more than one factor (OpenID Provider Authentication
/// Policy Extension 1.0 §4).
pub const MULTI_FACTOR: &str = "http://schemas.openid.net/pape/policies/2007/06/multi-factor";

/// What happens at the next authorization request that gets as far as the login.
/// ```
/// use oauth_types::scenario::NextLogin;
/// let next = NextLogin::user("bob").amr(["pwd", "otp"]).seconds_ago(3600).for_client("web");
/// let text = serde_json::to_string(&next)?;
/// assert_eq!(text, r#"{"user":"bob","amr":["pwd","otp"],"seconds_ago":3600,"client_id":"web"}"#);
/// assert_eq!(serde_json::from_str::<NextLogin>(&text)?, next);
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// What is known of the person at this login alone has four members, as in a [`UserSetup`]: it is remembered with what
/// comes of the request, so that tokens, refreshed tokens and UserInfo agree. The next login knows nothing of it.
/// ```
/// use oauth_types::scenario::{Destination, NextLogin};
/// let text = r#"{"user":"bob","claims":{"locale":"de"},"access_token":{"roles":["admin"]}}"#;
/// let next = NextLogin::user("bob").claim("locale", "de").claim_in(Destination::AccessToken, "roles", ["admin"]);
/// assert_eq!(serde_json::from_str::<NextLogin>(text)?, next);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct NextLogin {
    /// What the person does.
    #[serde(skip_serializing_if = "Does::is_log_in")]
    pub does: Does,
    /// Who logs in, by `sub`, `preferred_username` or `email`; absent means whoever would have without this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Who logs in, if it is somebody whom the server does not know: made for this login, and known from then on. If
    /// somebody of the same `sub` was made before, this takes their place. Not together with `user`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<Box<UserSetup>>,
    /// The authentication context class reference of the login (OpenID Connect Core §2, `acr`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// The methods of the login (RFC 8176).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<String>,
    /// How long ago the login was, in seconds: the person has been logged in since. A request that asks for a fresher
    /// login gets one.
    #[serde(skip_serializing_if = "is_zero")]
    pub seconds_ago: u64,
    /// What the person agrees to of the scope that is asked for; absent means all of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<Vec<String>>,
    /// What is known of the person at this login, beside what always is, or instead of it.
    #[serde(deserialize_with = "setup::claims", skip_serializing_if = "Map::is_empty")]
    pub claims: Map<String, Value>,
    /// What the ID tokens that come of this login say, whatever the scope; `null` takes a claim out.
    #[serde(deserialize_with = "setup::claims", skip_serializing_if = "Map::is_empty")]
    pub id_token: Map<String, Value>,
    /// What the access tokens that come of this login say, whatever the scope; `null` takes a claim out.
    #[serde(deserialize_with = "setup::claims", skip_serializing_if = "Map::is_empty")]
    pub access_token: Map<String, Value>,
    /// What UserInfo says to the access tokens that come of this login, whatever the scope; `null` takes a claim out.
    #[serde(deserialize_with = "setup::claims", skip_serializing_if = "Map::is_empty")]
    pub userinfo: Map<String, Value>,
    /// Only at a request of this client; absent means any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
}

/// What a person does who is asked to log in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Does {
    /// Logs in and agrees.
    #[default]
    LogIn,
    /// Logs in and does not agree.
    Deny,
    /// Goes away instead of logging in.
    Cancel,
    /// Is shown the pages, and decides there.
    SeePages,
}

/// Why a login cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnsoundLogin {
    /// It names two people.
    #[error("user and person are two ways to say who logs in; say one of them")]
    UserAndPerson,
    /// It says of the person what only the server says.
    #[error(transparent)]
    Claim(#[from] NotAPersons),
}

impl NextLogin {
    /// Somebody logs in and agrees: `user` is a `sub`, a `preferred_username` or an `email`.
    pub fn user(user: impl Into<String>) -> Self {
        Self { user: Some(user.into()), ..Self::default() }
    }

    /// Somebody whom the server does not know yet logs in and agrees.
    pub fn person(person: impl Into<UserSetup>) -> Self {
        Self { person: Some(Box::new(person.into())), ..Self::default() }
    }

    /// The person does not agree.
    pub fn deny() -> Self {
        Self { does: Does::Deny, ..Self::default() }
    }

    /// The person goes away instead of logging in.
    pub fn cancel() -> Self {
        Self { does: Does::Cancel, ..Self::default() }
    }

    /// The person is shown the pages, also where login is automatic.
    pub fn pages() -> Self {
        Self { does: Does::SeePages, ..Self::default() }
    }

    /// The same with an authentication context class reference.
    #[must_use]
    pub fn acr(mut self, acr: impl Into<String>) -> Self {
        self.acr = Some(acr.into());
        self
    }

    /// The same with methods of authentication (RFC 8176).
    #[must_use]
    pub fn amr<S: Into<String>>(mut self, amr: impl IntoIterator<Item = S>) -> Self {
        self.amr = amr.into_iter().map(Into::into).collect();
        self
    }

    /// The same with a password and a one-time code: the `acr` is [`MULTI_FACTOR`], the `amr` `pwd`, `otp` and `mfa`.
    #[must_use]
    pub fn mfa(self) -> Self {
        self.acr(MULTI_FACTOR).amr(["pwd", "otp", "mfa"])
    }

    /// The same with a claim that is known of the person at this login alone.
    #[must_use]
    pub fn claim(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.claims.insert(name.into(), value.into());
        self
    }

    /// The same with a claim in one place alone, at this login alone.
    #[must_use]
    pub fn claim_in(mut self, at: Destination, name: impl Into<String>, value: impl Into<Value>) -> Self {
        let claims = match at {
            Destination::IdToken => &mut self.id_token,
            Destination::AccessToken => &mut self.access_token,
            Destination::Userinfo => &mut self.userinfo,
        };
        claims.insert(name.into(), value.into());
        self
    }

    /// The same, with the login so many seconds in the past.
    #[must_use]
    pub fn seconds_ago(mut self, seconds: u64) -> Self {
        self.seconds_ago = seconds;
        self
    }

    /// The same, agreeing to a part of the scope.
    #[must_use]
    pub fn agreeing_to<S: Into<String>>(mut self, scope: impl IntoIterator<Item = S>) -> Self {
        self.scope = Some(scope.into_iter().map(Into::into).collect());
        self
    }

    /// The same, at a request of one client only.
    #[must_use]
    pub fn for_client(mut self, client_id: impl Into<String>) -> Self {
        self.client_id = Some(client_id.into());
        self
    }

    /// Says whether this can be.
    ///
    /// # Errors
    /// [`UnsoundLogin`] if it names two people, or says of the person what only the server says.
    pub fn check(&self) -> Result<(), UnsoundLogin> {
        if self.user.is_some() && self.person.is_some() {
            return Err(UnsoundLogin::UserAndPerson);
        }
        let own = [&self.claims, &self.id_token, &self.access_token, &self.userinfo];
        let person = self.person.iter().flat_map(|it| [&it.claims, &it.id_token, &it.access_token, &it.userinfo]);
        own.into_iter().chain(person).try_for_each(|claims| Ok(setup::check(claims)?))
    }
}

/// [`NextLogin::user`].
impl From<&str> for NextLogin {
    fn from(user: &str) -> Self {
        Self::user(user)
    }
}

/// [`NextLogin::user`].
impl From<String> for NextLogin {
    fn from(user: String) -> Self {
        Self::user(user)
    }
}

/// [`NextLogin::person`].
impl From<UserSetup> for NextLogin {
    fn from(person: UserSetup) -> Self {
        Self::person(person)
    }
}

impl Does {
    fn is_log_in(&self) -> bool {
        *self == Self::LogIn
    }
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_written_by_hand_easily() {
        let read = |text| serde_json::from_str::<NextLogin>(text).expect("a login");
        assert_eq!(read("{}"), NextLogin::default());
        assert_eq!(read(r#"{"does":"deny"}"#), NextLogin::deny());
        assert_eq!(read(r#"{"does":"see_pages","client_id":"web"}"#), NextLogin::pages().for_client("web"));
    }

    #[test]
    fn a_misspelt_member_is_an_error() {
        assert!(serde_json::from_str::<NextLogin>(r#"{"usr":"bob"}"#).is_err());
        assert!(serde_json::from_str::<NextLogin>(r#"{"person":{"sub":"eve","claim":{}}}"#).is_err());
    }

    #[test]
    fn a_login_cannot_say_what_only_the_server_says() {
        let error = serde_json::from_str::<NextLogin>(r#"{"user":"bob","claims":{"sub":"eve"}}"#);
        assert!(error.expect_err("a sub").to_string().contains("sub is no claim of a person"));
        let claims = NextLogin::user("bob").claim("sub", "eve").check();
        assert!(matches!(claims, Err(UnsoundLogin::Claim(_))));
        let person = NextLogin::person(UserSetup::new("eve").claim_in(Destination::IdToken, "nonce", "x")).check();
        assert!(matches!(person, Err(UnsoundLogin::Claim(_))));
        let both = NextLogin { user: Some("bob".to_owned()), ..NextLogin::person(UserSetup::new("eve")) };
        assert_eq!(both.check(), Err(UnsoundLogin::UserAndPerson));
        assert_eq!(NextLogin::user("bob").mfa().claim("locale", "de").check(), Ok(()));
    }
}
