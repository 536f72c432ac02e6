//! RFC 9470, Step Up Authentication Challenge Protocol: a resource asks for a better or fresher login, and the client asks
//! the server for that.

use std::time::Duration;

use crate::login::LoginRequest;
use crate::specs::rfc6750_bearer::Challenge;

/// The most classes that a challenge may name.
const MOST: usize = 16;

impl LoginRequest<'_> {
    /// Says which classes of login are wished for, best first (`acr_values`). Whether it was one of them is not checked;
    /// see [`LoginRequest::require_acr`].
    pub fn acr_values<S: Into<String>>(mut self, values: impl IntoIterator<Item = S>) -> Self {
        self.wishes.acr_values.extend(values.into_iter().map(Into::into));
        self
    }

    /// Asks for a login of one of these classes, best first, and takes no other: the ID token's `acr` has to be one of them
    /// ([`JwtError::Acr`](crate::JwtError::Acr)). They are sent as `acr_values`.
    ///
    /// It needs the scope `openid`. [`LoginRequest::begin`] fails if the server lists its classes, in
    /// `acr_values_supported`, and none of these is among them.
    pub fn require_acr<S: Into<String>>(mut self, values: impl IntoIterator<Item = S>) -> Self {
        self.wishes.required_acr.push(values.into_iter().map(Into::into).collect());
        self
    }

    /// Asks for the login that a resource has asked for (§4), and checks that it is such a one:
    /// [`LoginRequest::require_acr`] and [`LoginRequest::max_age`].
    pub fn step_up(mut self, needed: &StepUp) -> Self {
        if !needed.acr_values.is_empty() {
            self = self.require_acr(needed.acr_values.clone());
        }
        match needed.max_age {
            Some(age) => self.max_age(age),
            None => self,
        }
    }
}

/// What login a resource needs (§3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepUp {
    acr_values: Vec<String>,
    max_age: Option<Duration>,
}

impl StepUp {
    /// The classes of login that will do, best first; none if any will do.
    pub fn acr_values(&self) -> &[String] {
        &self.acr_values
    }

    /// How long ago the user may have entered credentials.
    pub fn max_age(&self) -> Option<Duration> {
        self.max_age
    }
}

impl Challenge {
    /// What login the resource asks for, if it has refused the token because of the login it came of
    /// (`insufficient_user_authentication`, §3). What cannot be read is left out.
    pub fn step_up(&self) -> Option<StepUp> {
        if self.parameter("error") != Some("insufficient_user_authentication") {
            return None;
        }
        let values = self.parameter("acr_values").unwrap_or_default().split(' ').filter(|value| is_acr(value));
        let digits = |text: &&str| text.bytes().all(|octet| octet.is_ascii_digit());
        let age = self.parameter("max_age").filter(digits).and_then(|text| text.parse::<u32>().ok());
        Some(StepUp {
            acr_values: values.take(MOST).map(str::to_owned).collect(),
            max_age: age.map(|seconds| Duration::from_secs(seconds.into())),
        })
    }
}

/// A class of login: a list of them is separated by spaces.
pub(crate) fn is_acr(value: &str) -> bool {
    !value.is_empty() && value.len() <= 256 && value.bytes().all(|octet| octet.is_ascii_graphic())
}
