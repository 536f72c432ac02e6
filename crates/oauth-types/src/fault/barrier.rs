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
}

narrowed!(Barrier: "barrier", "request");
