//! A place where requests wait until a test lets them go on.

use serde::{Deserialize, Serialize};

use super::{Point, When};

/// Holds requests until they are released: the honest way to see what a client does meanwhile.
/// ```
/// use oauth_types::fault::{Barrier, Hold, Point};
/// let barrier = Barrier::at(Point::TokenResponse).for_grant("refresh_token");
/// assert_eq!(barrier.hold, Hold::After);
/// let text = serde_json::to_string(&barrier)?;
/// assert_eq!(serde_json::from_str::<Barrier>(&text)?, barrier);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Barrier {
    /// Where it stands. What is held is a request and its answer, so this is never a token.
    pub at: Point,
    /// Which of the matching requests it holds.
    #[serde(default)]
    pub when: When,
    /// Whether it holds requests or answers.
    #[serde(default)]
    pub hold: Hold,
}

/// At which moment a barrier holds a request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Hold {
    /// Before it is judged: nothing has happened yet. What counts is the endpoint that was asked, and the client that
    /// the request names.
    Before,
    /// After it was judged: codes are spent and tokens are made, and the answer waits.
    #[default]
    After,
}

impl Barrier {
    /// A barrier that holds every answer that leaves at `at`.
    pub fn at(at: Point) -> Self {
        Self { at, when: When::default(), hold: Hold::After }
    }

    /// The same barrier, that holds requests before they are judged.
    #[must_use]
    pub fn before(mut self) -> Self {
        self.hold = Hold::Before;
        self
    }

    /// The same barrier, for the next matching request only.
    #[must_use]
    pub fn once(mut self) -> Self {
        self.when.times = Some(1);
        self
    }

    /// The same barrier, for the `n`th matching request only; the first is 1.
    #[must_use]
    pub fn nth(mut self, n: u32) -> Self {
        self.when.skip = n.saturating_sub(1);
        self.when.times = Some(1);
        self
    }

    /// The same barrier, for the next `times` matching requests.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.when.times = Some(times);
        self
    }

    /// The same barrier, at token requests of one grant type only.
    #[must_use]
    pub fn for_grant(mut self, grant_type: impl Into<String>) -> Self {
        self.when.grant_type = Some(grant_type.into());
        self
    }

    /// The same barrier, for one client only.
    #[must_use]
    pub fn for_client(mut self, client_id: impl Into<String>) -> Self {
        self.when.client_id = Some(client_id.into());
        self
    }
}
