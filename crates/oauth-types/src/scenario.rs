//! What the person in front of the browser does, as data: the same value works in a Rust test, over HTTP and from any
//! other language.

use serde::{Deserialize, Serialize};

/// What happens at the next authorization request that gets as far as the login.
/// ```
/// use oauth_types::scenario::NextLogin;
/// let next = NextLogin::user("bob").amr(["pwd", "otp"]).seconds_ago(3600).for_client("web");
/// let text = serde_json::to_string(&next)?;
/// assert_eq!(text, r#"{"user":"bob","amr":["pwd","otp"],"seconds_ago":3600,"client_id":"web"}"#);
/// assert_eq!(serde_json::from_str::<NextLogin>(&text)?, next);
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

impl NextLogin {
    /// Somebody logs in and agrees: `user` is a `sub`, a `preferred_username` or an `email`.
    pub fn user(user: impl Into<String>) -> Self {
        Self { user: Some(user.into()), ..Self::default() }
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
    }
}
