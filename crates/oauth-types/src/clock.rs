//! Moving a clock, as data.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::tagged;

/// What is done to the clock of a tenant. All times are in whole seconds.
/// ```
/// use oauth_types::clock::Turn;
/// let turn: Turn = serde_json::from_str(r#"{"do":"advance","seconds":3600}"#)?;
/// assert_eq!(turn, Turn::Advance { seconds: 3600 });
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "do", deny_unknown_fields, remote = "Self")]
pub enum Turn {
    /// Stop it at a time.
    Set {
        /// Seconds since 1970-01-01T00:00:00Z.
        seconds: u64,
    },
    /// Stop it where it is.
    Freeze,
    /// Let it run on from where it stands.
    Resume,
    /// Move it forward, whether it runs or stands.
    Advance {
        /// By how many seconds.
        seconds: u64,
    },
    /// Move it back, whether it runs or stands.
    Rewind {
        /// By how many seconds.
        seconds: u64,
    },
    /// Let it run ahead of the system's clock, or behind it.
    Skew {
        /// How far.
        by: Skew,
    },
    /// Let it follow the system's clock.
    Reset,
}

/// The derived ones, in which a word that stands alone is not looked at for what else there is.
impl Serialize for Turn {
    fn serialize<S: Serializer>(&self, sink: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, sink)
    }
}

impl<'de> Deserialize<'de> for Turn {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        let members = tagged::read(source, &["freeze", "resume", "reset"])?;
        Self::deserialize(members).map_err(D::Error::custom)
    }
}

/// How far the clock of a server may be from that of its clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Skew {
    /// 30 seconds ahead: within what nearly every client tolerates.
    SlightlyAhead,
    /// 30 seconds behind.
    SlightlyBehind,
    /// Five minutes ahead: beyond what a careful client tolerates.
    Ahead,
    /// Five minutes behind.
    Behind,
    /// A day ahead, as a time zone that was forgotten twice.
    FarAhead,
    /// A day behind.
    FarBehind,
    /// So many seconds ahead; negative is behind.
    Seconds(i64),
}

impl Skew {
    /// How many seconds ahead; negative is behind.
    pub fn seconds(self) -> i64 {
        match self {
            Self::SlightlyAhead => 30,
            Self::SlightlyBehind => -30,
            Self::Ahead => 300,
            Self::Behind => -300,
            Self::FarAhead => 86_400,
            Self::FarBehind => -86_400,
            Self::Seconds(seconds) => seconds,
        }
    }
}

/// How a clock stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Reading {
    /// The time, in seconds since 1970-01-01T00:00:00Z.
    pub now: u64,
    /// Whether it stands.
    pub frozen: bool,
}

impl Reading {
    /// A reading.
    pub fn new(now: u64, frozen: bool) -> Self {
        Self { now, frozen }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_is_written_by_hand_easily() {
        let read = |text| serde_json::from_str::<Turn>(text).expect("a turn");
        assert_eq!(read(r#"{"do":"freeze"}"#), Turn::Freeze);
        assert_eq!(read(r#"{"do":"skew","by":"far_behind"}"#), Turn::Skew { by: Skew::FarBehind });
        assert_eq!(read(r#"{"do":"skew","by":{"seconds":-7}}"#), Turn::Skew { by: Skew::Seconds(-7) });
        assert_eq!(Skew::Seconds(-7).seconds(), -7);
        assert_eq!(Skew::Ahead.seconds(), -Skew::Behind.seconds());
        assert!(serde_json::from_str::<Turn>(r#"{"do":"advance","minutes":1}"#).is_err());
        assert!(serde_json::from_str::<Turn>(r#"{"do":"freeze","minutes":1}"#).is_err());
    }
}
